"""Scores loaded transcripts in the database, with `sql/scoring/score_transcripts.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

FORMULA_VERSION = "1.1"
"""Version of the formulas. Raise it when they change; the Dag then scores the history again."""


def score_pending(connection: Connection, call_ids: Sequence[str] | None = None) -> int:
    """Score the loaded transcripts of `call_ids` (None: of all calls); return their number.

    One transaction: all of them or none. Two processes may score the same call; the second one waits.
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
    """Score these transcripts, replacing scores by this version, in the caller's transaction."""
    params = {"transcript_ids": list(transcript_ids), "formula_version": FORMULA_VERSION}
    for statement in ("scoring/delete_scores", "scoring/score_transcripts", "scoring/mark_scored"):
        run_sql(connection, statement, params)
