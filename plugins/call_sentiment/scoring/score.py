"""Has the database score what is loaded. Every figure is computed there, by `sql/score_transcripts.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

FORMULA_VERSION = "1.1"
"""The formulas of `sql/score_transcripts.sql`. Raise it with them: history is then scored again by itself."""


def score_pending(connection: Connection, call_ids: Sequence[str] | None = None) -> int:
    """Score the loaded transcripts of `call_ids` (None: of all calls); return how many that were.

    One transaction: all of them or none. Scoring the same call from two processes is safe; one waits.
    """
    with connection:
        rows = run_sql(
            connection,
            "scoring/lock_pending_scores",
            {"call_ids": None if call_ids is None else list(call_ids)},
        )
        transcript_ids = [row["transcript_id"] for row in rows]
        if transcript_ids:
            score_transcripts(connection, transcript_ids)
    return len(transcript_ids)


def score_transcripts(connection: Connection, transcript_ids: Sequence[int]) -> None:
    """Score these transcripts, again if they were scored before. The caller holds the transaction."""
    params = {"transcript_ids": list(transcript_ids), "formula_version": FORMULA_VERSION}
    for statement in ("scoring/delete_scores", "scoring/score_transcripts", "scoring/mark_scored"):
        run_sql(connection, statement, params)
