"""Judges from the outside what a fault has done: the vendor's bill, and what analysts can read."""

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
# What depends on the run and not on what was said.
_OF_THE_RUN = ("transcript_id", "assemblyai_id", "scored_at", "recording", "call_id", "reason")


def query(dsn: str, statement: str, *params: Any) -> list[dict[str, Any]]:
    with (
        closing(psycopg2.connect(dsn)) as connection,
        connection,
        connection.cursor(cursor_factory=RealDictCursor) as cursor,
    ):
        cursor.execute(statement, params)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []


@dataclass(slots=True)
class Verdict:
    """What is wrong, call by call. Nothing may be."""

    calls: int
    lost: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)

    def must_be_good(self) -> None:
        assert not self.lost, f"lost: {self.lost}"
        assert not self.paid_twice, f"paid twice: {self.paid_twice}"


def examine(
    dsn: str,
    sandbox: SandboxServer,
    call_ids: Iterable[str],
    recording_counts: Mapping[str, int] = MappingProxyType({}),
) -> Verdict:
    """Compare the bill, the ledger and the sentences of all calls there are, which must be `call_ids`.

    :param recording_counts: how many recordings a call has had, one after the other; 1 if not named.
    """
    rows = query(dsn, "SELECT * FROM call_sentiment.transcripts ORDER BY transcript_id")
    verdict = Verdict(calls=len(set(call_ids)))
    by_call: dict[str, list[dict[str, Any]]] = {call_id: [] for call_id in call_ids}
    for row in rows:
        by_call.setdefault(row["call_id"], []).append(row)
    if strange := by_call.keys() - set(call_ids):
        verdict.lost.append(f"calls out of nowhere: {sorted(strange)}")
    for call_id, attempts in by_call.items():
        if trouble := _trouble(attempts, recording_counts.get(call_id, 1)):
            verdict.lost.append(f"{call_id}: {trouble}")
    _examine_bill(sandbox, rows, verdict)
    _examine_sentences(dsn, sandbox, verdict)
    return verdict


def _trouble(attempts: list[dict[str, Any]], recordings: int) -> str | None:
    """One end state for each recording: the newest attempt's, all earlier ones having failed."""
    by_recording: dict[int, list[str]] = {number: [] for number in range(1, recordings + 1)}
    for row in attempts:
        by_recording.setdefault(row["recording_number"], []).append(row["state"])
    if len(by_recording) > recordings:
        return f"it has recordings out of nowhere: {by_recording}"
    for number, states in by_recording.items():
        if not states or states[-1] not in END_STATES or set(states[:-1]) - {"failed"}:
            return f"the transcripts of its recording {number} are {states}"
    if any(row["state"] == "failed" and not row["error"] for row in attempts):
        return "it failed without a reason"
    return None


def _examine_bill(sandbox: SandboxServer, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    by_id = {row["assemblyai_id"]: row for row in rows if row["assemblyai_id"]}
    charges = [charge["transcript_id"] for charge in sandbox.charges()]
    strangers = [transcript_id for transcript_id in charges if transcript_id not in by_id]
    charged = [by_id[transcript_id] for transcript_id in charges if transcript_id in by_id]
    paid = Counter(_recording(row) for row in charged)
    # The same bytes are paid once, whatever call or recording of a call they go under.
    bytes_paid = Counter(
        (row["content_sha256"], row["config_sha256"]) for row in charged if row["content_sha256"]
    )
    verdict.paid_twice += [f"nobody ({transcript_id})" for transcript_id in strangers]
    verdict.paid_twice += [f"{who}: {n} charges" for who, n in paid.items() if n > 1]
    verdict.paid_twice += [f"bytes {sha256}: {n} charges" for (sha256, _), n in bytes_paid.items() if n > 1]
    for row in rows:
        if row["state"] == "scored" and not paid[_recording(row)] and row["status"] == "ok":
            verdict.lost.append(f"{row['call_id']}: scored, and never charged")
        if row["state"] == "failed" and row["assemblyai_id"] in charges:
            verdict.lost.append(f"{row['call_id']}: paid for and failed")


def _recording(row: Mapping[str, Any]) -> str:
    return f"{row['call_id']}, recording {row['recording_number']}"


def _examine_sentences(dsn: str, sandbox: SandboxServer, verdict: Verdict) -> None:
    """Every stored sentence is one of the answer's, in its place, and none is missing."""
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
                    verdict.lost.append(f"{row['call_id']}: {row['state']}, with results")
                continue
            url = f"{sandbox.url}/v2/transcript/{row['assemblyai_id']}"
            answer = session.get(url, timeout=30).json()
            said = [result["text"] for result in answer["sentiment_analysis_results"] or []]
            if said != (row["texts"] or []) or row["scores"] != 1:
                verdict.lost.append(f"{row['call_id']}: its rows are not its transcript's")


def results(dsn: str) -> dict[str, Mapping[str, Any]]:
    """Everything analysts see of the scored calls and their speakers, by the bytes of the recording."""
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
        by_content[row["content_sha256"]] = {k: v for k, v in row.items() if k not in _OF_THE_RUN}
    for row in speakers:
        told = {key: value for key, value in row.items() if key not in _OF_THE_RUN}
        by_content[row["content_sha256"]].setdefault("speakers", []).append(told)
    return by_content
