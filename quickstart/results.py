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
    """How far a run has got."""

    calls: int
    """Calls in the ledger."""
    submitted: int
    """Transcripts that have ever been submitted."""
    new: int
    """Transcripts submitted since a given time, which this run pays for."""
    in_progress: int
    """Transcripts submitted and not loaded yet."""
    open: int
    """Transcripts that are yet to be submitted, loaded or scored."""


def read_progress(dsn: str, since: datetime) -> Progress:
    """Count the ledger's rows; all counts are 0 before the first migration."""
    query = """
        SELECT (SELECT count(*) FROM call_sentiment.calls) AS calls,
               count(submitted_at) AS submitted,
               count(*) FILTER (WHERE submitted_at >= %(since)s) AS new,
               count(*) FILTER (WHERE state = 'submitted') AS in_progress,
               count(*) FILTER (WHERE state IN ('intent', 'submitted', 'loaded')) AS open
        FROM call_sentiment.transcripts
    """
    try:
        return Progress(**_rows(dsn, query, {"since": since})[0])
    except psycopg2.errors.UndefinedTable:
        return Progress(calls=0, submitted=0, new=0, in_progress=0, open=0)


def read_overview(dsn: str) -> list[dict[str, Any]]:
    """The rows of `call_sentiment.call_overview`, ordered by call id."""
    return _rows(dsn, "SELECT * FROM call_sentiment.call_overview ORDER BY call_id", {})


def _rows(dsn: str, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with (
        closing(psycopg2.connect(dsn, cursor_factory=psycopg2.extras.RealDictCursor)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query, parameters)
        return [dict(row) for row in cursor.fetchall()]
