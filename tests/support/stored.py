"""Puts sentences into the results database without a pipeline, and reads their scores back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from psycopg2.extras import RealDictCursor, execute_values

from call_sentiment.scoring.score import score_pending

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Row: TypeAlias = dict[str, Any]

_COLUMNS = ("start_ms", "end_ms", "sentiment", "confidence", "speaker", "channel", "role", "text")


def query(connection: Connection, statement: str, *params: Any) -> list[Row]:
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(statement, params)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []


def said(sentiment: str | None, confidence: float | None, start_ms: int | None, **more: Any) -> Row:
    """One sentence; two seconds long unless `end_ms` says otherwise."""
    end_ms = None if start_ms is None else start_ms + 2000
    return {
        "sentiment": sentiment,
        "confidence": confidence,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "speaker": "A",
        **more,
    }


def store(
    connection: Connection,
    calls: Sequence[Sequence[Mapping[str, Any]]],
    status: str = "ok",
    **facts: Any,
) -> list[int]:
    """Store calls as loaded transcripts and return their numbers, in the same order."""
    names = [uuid.uuid4().hex for _ in calls]
    columns = ", ".join(["call_id", "recording", *facts])
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            f"INSERT INTO call_sentiment.calls ({columns}) VALUES %s",
            [(name, f"{name}.mp3", *facts.values()) for name in names],
        )
        numbers = execute_values(
            cursor,
            "INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state,"
            " assemblyai_id, status, audio_duration_s) VALUES %s RETURNING transcript_id",
            [(name, "", "{}", 1, "loaded", name, status, 90) for name in names],
            page_size=len(names),
            fetch=True,
        )
        ids = [number for (number,) in numbers]
        rows = [
            (number, position, *(sentence.get(column) for column in _COLUMNS))
            for number, call in zip(ids, calls, strict=True)
            for position, sentence in enumerate(call)
        ]
        columns = ", ".join(["transcript_id", "position", *_COLUMNS])
        execute_values(
            cursor,
            f"INSERT INTO call_sentiment.sentences ({columns}) VALUES %s",
            rows,
            page_size=5000,
        )
    return ids


def scores(connection: Connection, calls: Sequence[Sequence[Mapping[str, Any]]], **given: Any) -> list[Row]:
    """Score calls and return their rows of call_scores, in the same order."""
    ids = store(connection, calls, **given)
    assert score_pending(connection) == len(ids)
    rows = query(connection, "SELECT * FROM call_sentiment.call_scores WHERE transcript_id = ANY (%s)", ids)
    by_id = {row["transcript_id"]: row for row in rows}
    return [by_id[number] for number in ids]


def score(connection: Connection, call: Sequence[Mapping[str, Any]], **given: Any) -> Row:
    """The same for one call."""
    (row,) = scores(connection, [call], **given)
    return row


def speaker_scores(connection: Connection, transcript_id: int) -> dict[str, Row]:
    """The speakers of a scored transcript by their key."""
    rows = query(
        connection, "SELECT * FROM call_sentiment.speaker_scores WHERE transcript_id = %s", transcript_id
    )
    return {row["speaker_key"]: row for row in rows}


def make_old(connection: Connection, transcript_ids: Sequence[int], version: str) -> None:
    """Have these transcripts scored by another version of the formulas, as before an update."""
    for table in ("call_scores", "speaker_scores", "transcripts"):
        query(
            connection,
            f"UPDATE call_sentiment.{table} SET formula_version = %s WHERE transcript_id = ANY (%s)",
            version,
            list(transcript_ids),
        )
