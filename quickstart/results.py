"""What the demo reads from the results database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extras


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come."""

    calls: int
    """Calls the ledger knows."""
    submitted: int
    """Transcripts submitted, at any time."""
    new: int
    """Transcripts submitted since the moment asked for: what this run pays for."""
    in_flight: int
    """Submitted and not loaded yet."""
    open: int
    """At no end yet: to be submitted, in flight, or to be scored."""


def progress(dsn: str, since: datetime) -> Progress:
    """Count the ledger's rows; all zero before its first migration."""
    query = """
        SELECT (SELECT count(*) FROM call_sentiment.calls) AS calls,
               count(submitted_at) AS submitted,
               count(*) FILTER (WHERE submitted_at >= %(since)s) AS new,
               count(*) FILTER (WHERE state = 'submitted') AS in_flight,
               count(*) FILTER (WHERE state IN ('intent', 'submitted', 'loaded')) AS open
        FROM call_sentiment.transcripts
    """
    try:
        return Progress(**_rows(dsn, query, {"since": since})[0])
    except psycopg2.errors.UndefinedTable:
        return Progress(calls=0, submitted=0, new=0, in_flight=0, open=0)


def paid_recordings(dsn: str) -> set[str]:
    """The recordings that have been submitted already."""
    query = """
        SELECT recording FROM call_sentiment.calls JOIN call_sentiment.transcripts USING (call_id)
        WHERE submitted_at IS NOT NULL
    """
    try:
        return {row["recording"] for row in _rows(dsn, query, {})}
    except psycopg2.errors.UndefinedTable:
        return set()


def overview(dsn: str) -> list[dict[str, Any]]:
    """The rows of `call_sentiment.call_overview`, by call id."""
    return _rows(dsn, "SELECT * FROM call_sentiment.call_overview ORDER BY call_id", {})


def _rows(dsn: str, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with (
        closing(psycopg2.connect(dsn, cursor_factory=psycopg2.extras.RealDictCursor)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query, parameters)
        return [dict(row) for row in cursor.fetchall()]
