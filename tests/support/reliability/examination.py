"""Compares the sandbox's bill with the ledger and its sentences: is a call lost, or paid twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import psycopg2
import requests
from psycopg2.extras import RealDictCursor

from assemblyai_sandbox.testing import SandboxServer

END_STATES = ("scored", "failed", "duplicate")
# Columns that differ from run to run although the call is the same.
_RUN_COLUMNS = ("transcript_id", "assemblyai_id", "scored_at", "recording", "call_id", "reason")


def query(dsn: str, statement: str, *params: Any) -> list[dict[str, Any]]:
    with (
        closing(psycopg2.connect(dsn)) as connection,
        connection,
        connection.cursor(cursor_factory=RealDictCursor) as cursor,
    ):
        cursor.execute(statement, params)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []


@dataclass(slots=True)
class Examination:
    """What is wrong with `calls` calls, a line for each problem."""

    calls: int
    lost: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)

    def assert_none_lost_or_paid_twice(self) -> None:
        assert not self.lost, f"lost: {self.lost}"
        assert not self.paid_twice, f"paid twice: {self.paid_twice}"


def examine(
    dsn: str,
    sandbox: SandboxServer,
    call_ids: Iterable[str],
    recording_counts: Mapping[str, int] = MappingProxyType({}),
) -> Examination:
    """Compare the bill, the ledger and the sentences of all calls.

    :param call_ids: the calls there must be, and no others.
    :param recording_counts: how many recordings a call has had, one after the other; 1 for any other call.
    """
    rows = query(dsn, "SELECT * FROM call_sentiment.transcripts ORDER BY transcript_id")
    examination = Examination(calls=len(set(call_ids)))
    by_call: dict[str, list[dict[str, Any]]] = {call_id: [] for call_id in call_ids}
    for row in rows:
        by_call.setdefault(row["call_id"], []).append(row)
    if unknown := by_call.keys() - set(call_ids):
        examination.lost.append(f"unknown calls: {sorted(unknown)}")
    for call_id, attempts in by_call.items():
        if problem := _find_problem(attempts, recording_counts.get(call_id, 1)):
            examination.lost.append(f"{call_id}: {problem}")
    _examine_bill(sandbox, rows, examination)
    _examine_sentences(dsn, sandbox, examination)
    return examination


def _find_problem(attempts: list[dict[str, Any]], recordings: int) -> str | None:
    """Why not every recording of a call has one end state; None: each has.

    The newest attempt has the end state. All earlier ones have failed.
    """
    by_recording: dict[int, list[str]] = {number: [] for number in range(1, recordings + 1)}
    for row in attempts:
        by_recording.setdefault(row["recording_number"], []).append(row["state"])
    if len(by_recording) > recordings:
        return f"it has unknown recordings: {by_recording}"
    for number, states in by_recording.items():
        if not states or states[-1] not in END_STATES or set(states[:-1]) - {"failed"}:
            return f"the transcripts of its recording {number} are {states}"
    if any(row["state"] == "failed" and not row["error"] for row in attempts):
        return "it failed without a reason"
    return None


def _examine_bill(sandbox: SandboxServer, rows: list[dict[str, Any]], examination: Examination) -> None:
    by_id = {row["assemblyai_id"]: row for row in rows if row["assemblyai_id"]}
    charges = [charge["transcript_id"] for charge in sandbox.charges()]
    unknown = [transcript_id for transcript_id in charges if transcript_id not in by_id]
    charged = [by_id[transcript_id] for transcript_id in charges if transcript_id in by_id]
    paid = Counter(_recording_name(row) for row in charged)
    # The same bytes are paid once, even as recordings of several calls.
    bytes_paid = Counter(
        (row["content_sha256"], row["config_sha256"]) for row in charged if row["content_sha256"]
    )
    examination.paid_twice += [f"no call ({transcript_id})" for transcript_id in unknown]
    examination.paid_twice += [f"{recording}: {n} charges" for recording, n in paid.items() if n > 1]
    examination.paid_twice += [
        f"bytes {sha256}: {n} charges" for (sha256, _), n in bytes_paid.items() if n > 1
    ]
    for row in rows:
        if row["state"] == "scored" and not paid[_recording_name(row)] and row["status"] == "ok":
            examination.lost.append(f"{row['call_id']}: scored but never charged")
        if row["state"] == "failed" and row["assemblyai_id"] in charges:
            examination.lost.append(f"{row['call_id']}: paid for but failed")


def _recording_name(row: Mapping[str, Any]) -> str:
    return f"{row['call_id']}, recording {row['recording_number']}"


def _examine_sentences(dsn: str, sandbox: SandboxServer, examination: Examination) -> None:
    """The stored sentences of a scored call are those of AssemblyAI's answer, in their order."""
    stored = query(
        dsn,
        "SELECT t.assemblyai_id, t.call_id, t.state,"
        " array_agg(s.text ORDER BY s.position) FILTER (WHERE s.position IS NOT NULL) AS texts,"
        " (SELECT count(*) FROM call_sentiment.call_scores AS c"
        " WHERE c.transcript_id = t.transcript_id) AS scores"
        " FROM call_sentiment.transcripts AS t LEFT JOIN call_sentiment.sentences AS s USING (transcript_id)"
        " GROUP BY t.transcript_id",
    )
    with requests.Session() as session:
        session.headers["Authorization"] = sandbox.api_key
        for row in stored:
            if row["state"] != "scored":
                if row["texts"] or row["scores"]:
                    examination.lost.append(f"{row['call_id']}: {row['state']} but it has results")
                continue
            url = f"{sandbox.url}/v2/transcript/{row['assemblyai_id']}"
            answer = session.get(url, timeout=30).json()
            texts = [result["text"] for result in answer["sentiment_analysis_results"] or []]
            if texts != (row["texts"] or []) or row["scores"] != 1:
                examination.lost.append(f"{row['call_id']}: its rows are not those of its transcript")


def read_results(dsn: str) -> dict[str, Mapping[str, Any]]:
    """What analysts see of the scored calls and their speakers, by the SHA-256 of the recording."""
    scored = query(
        dsn,
        "SELECT t.content_sha256, o.* FROM call_sentiment.call_overview AS o"
        " JOIN call_sentiment.transcripts AS t USING (transcript_id) WHERE t.state = 'scored'",
    )
    speakers = query(
        dsn,
        "SELECT t.content_sha256, p.* FROM call_sentiment.speaker_scores AS p"
        " JOIN call_sentiment.transcripts AS t USING (transcript_id)"
        " JOIN call_sentiment.current_transcripts AS c USING (transcript_id) ORDER BY p.speaker_key",
    )
    by_content: dict[str, dict[str, Any]] = {}
    for row in scored:
        by_content[row["content_sha256"]] = {k: v for k, v in row.items() if k not in _RUN_COLUMNS}
    for row in speakers:
        figures = {key: value for key, value in row.items() if key not in _RUN_COLUMNS}
        by_content[row["content_sha256"]].setdefault("speakers", []).append(figures)
    return by_content
