"""The reviews of one call, as one person may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def read_reviews(
    connection: Connection, transcript_id: int, reviewer: str, *, may_write: bool
) -> dict[str, Any]:
    """The reviews of a transcript and what follows from them.

    Where two people are to review it blind, nobody who can still be one of them sees what others have given:
    `are_hidden`, and there are no `rows`.
    """
    params = {"transcript_id": transcript_id}
    rows = run_sql(connection, "reviews/call_reviews", params)
    (draw,) = run_sql(connection, "reviews/call_draw", params)
    has_reviewed = any(row["reviewer"] == reviewer for row in rows)
    are_hidden = (
        bool(rows)
        and may_write
        and not has_reviewed
        and draw["wanted_reviews"] == 2
        and draw["blind_reviews"] < 2
    )
    shown = [] if are_hidden else rows
    own = [row for row in shown if row["reviewer"] == reviewer and row["became"] == "stands"]
    of_sentences = [row for row in own if row["position"] is not None]
    return {
        "rows": shown,
        "are_hidden": are_hidden,
        "has_reviewed": has_reviewed,
        "counting": next((row for row in shown if row["counts"]), None),
        "own": next((row for row in own if row["position"] is None), None),
        "own_sentences": len(of_sentences),
        "own_agreeing": sum(_agrees(row) for row in of_sentences),
        "reviews_of_others": draw["reviews_of_others"],
    }


def _agrees(row: Mapping[str, Any]) -> bool:
    return bool(row["reviewed_label"] == row["computed_label"])
