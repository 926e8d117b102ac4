"""The database's part of each step of the Dag, for a batch beside a history."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx

from assemblyai_provider.models import Transcript
from assemblyai_sandbox.testing import SandboxServer
from benchmarks.support import CONN_ID, seconds
from call_sentiment.discovery import discover as ledger
from call_sentiment.discovery.known_calls import find_known_recordings
from call_sentiment.ledger_memory import LedgerMemory
from call_sentiment.loading.answers import summarize_answer
from call_sentiment.loading.load import load_batch
from call_sentiment.report import report_calls
from call_sentiment.scoring.score import score_pending
from tests.support.history import OPTIONS

if TYPE_CHECKING:
    from airflow.sdk import Context
    from psycopg2.extensions import connection as Connection

BATCH = 50


class Batches:
    """Batches of recordings in one folder, beside all earlier recordings.

    AssemblyAI's answer is the sandbox's, in its full shape, with `sentences` sentences.
    """

    def __init__(self, connection: Connection, folder: str, sentences: int) -> None:
        self._connection = connection
        self._folder = folder
        self._answer = full_answer(sentences)
        self.kept = summarize_answer(self._answer).kept
        """What the ledger keeps of it."""

    def run(self, rounds: int) -> dict[str, list[str]]:
        """Median milliseconds of each step over `rounds` batches."""
        taken: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for name, value in self._one().items():
                taken[name].append(value)
        return {name: [f"{1000 * median(values):.0f}"] for name, values in taken.items()}

    def _one(self) -> dict[str, float]:
        for _ in range(BATCH):
            Path(self._folder, f"{uuid.uuid4().hex}.mp3").touch()
        calls: list[str] = []
        return {
            "discover, listing the folder": seconds(partial(self._discover, calls)),
            "of which: read the known recordings": seconds(
                partial(find_known_recordings, self._connection, self._folder, [])
            ),
            "submit, the ledger's part": seconds(partial(self._submit, calls)),
            "load": seconds(partial(load_batch, CONN_ID, calls, self._fetch)),
            "score": seconds(partial(score_pending, self._connection)),
            "report": seconds(partial(report_calls, self._connection, calls)),
        }

    def _discover(self, calls: list[str]) -> None:
        for batch in ledger.discover(self._connection, self._folder, OPTIONS, BATCH):
            calls.extend(batch)

    def _submit(self, calls: list[str]) -> None:
        context: Context = {}
        memory = LedgerMemory(CONN_ID)
        with memory.open(calls, context) as submissions:
            for submission in submissions:
                url, content = f"https://cdn.test/{submission.key}", uuid.uuid4().hex * 2
                memory.remember_post(submission, audio_url=url, content_sha256=content, request=OPTIONS)
                memory.remember_transcript(submission, str(uuid.uuid4()), submitted_at=datetime.now(UTC))

    def _fetch(self, assemblyai_id: str) -> Transcript:
        return Transcript.from_api({**self._answer, "id": assemblyai_id})


def full_answer(sentences: int) -> Mapping[str, Any]:
    """A completed transcript with all fields AssemblyAI sends."""
    said = [
        {
            "text": f"This is sentence {n} of a call, and nobody could tell me where the parcel is.",
            "start": 5000 * n,
            "end": 5000 * n + 4000,
            "sentiment": ("POSITIVE", "NEUTRAL", "NEGATIVE")[n % 3],
            "confidence": 0.4 + n % 60 / 100,
            "speaker": "AB"[n % 2],
        }
        for n in range(sentences)
    ]
    with SandboxServer() as sandbox:
        sandbox.script("*", {"processing_s": 0, "status": "completed", "sentences": said})
        client = httpx.Client(base_url=sandbox.url, headers={"Authorization": sandbox.api_key})
        with client:
            order = {**OPTIONS, "audio_url": "https://recordings.test/call.mp3"}
            posted = client.post("/v2/transcript", json=order).raise_for_status().json()
            sandbox.clock.advance(1)
            answer: Mapping[str, Any] = client.get(f"/v2/transcript/{posted['id']}").raise_for_status().json()
    return answer
