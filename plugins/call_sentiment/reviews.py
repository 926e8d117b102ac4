"""Labels that people give to calls and sentences, and the random sample of calls they are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CALL_LABELS = ("VERY_NEGATIVE", "NEGATIVE", "NEUTRAL", "POSITIVE", "VERY_POSITIVE", "MIXED")
SENTENCE_LABELS = ("NEGATIVE", "NEUTRAL", "POSITIVE")
SENTENCES_PER_CALL = 10
"""Sentences that a reviewer of a drawn call is asked about."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GivenLabel:
    """A person's label of a sentence, or of the call where `position` is None. Label None takes it back."""

    position: int | None
    label: str | None
    reason: str | None = None


def add_reviews(
    connection: Connection, transcript_id: int, reviewer: str, given: Sequence[GivenLabel]
) -> int:
    """Store the labels that are new for this person, in one transaction; return how many were stored."""
    params = {
        "transcript_id": transcript_id,
        "reviewer": reviewer,
        "positions": [one.position for one in given],
        "labels": [one.label for one in given],
        "reasons": [one.reason for one in given],
    }
    with connection:
        run_sql(connection, "reviews/lock_reviewer", params)
        return len(run_sql(connection, "reviews/add_reviews", params))


def draw_sample(connection: Connection, first: date, last: date, rate: float, drawn_by: str) -> int:
    """Draw calls of some days (UTC, both included) at a rate of up to 1; return how many are new.

    Whoever draws how often, a rate means the same calls; a higher one adds to what a lower one drew.
    """
    params = {
        "first": first,
        "last": last,
        "rate": rate,
        "drawn_by": drawn_by,
        "sentences": SENTENCES_PER_CALL,
    }
    with connection:
        run_sql(connection, "reviews/lock_draw")
        (row,) = run_sql(connection, "reviews/draw_sample", params)
        return int(row["drawn"])


def find_sample(connection: Connection, reviewer: str, limit: int) -> tuple[Row, list[Row]]:
    """How far the sample is, and up to `limit` calls of it that this person can still review blind."""
    rows = run_sql(connection, "reviews/sample", {"reviewer": reviewer, "limit": limit})
    return rows[0], [row for row in rows if row["call_id"] is not None]
