"""Puts draws and labels into the results database, as the pages store them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.support.stored import query, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def add_calls(connection: Connection, number: int, **facts: Any) -> list[int]:
    """Transcripts without sentences: labels do not look at them."""
    return store(connection, [[] for _ in range(number)], **facts)


def draw(
    connection: Connection,
    transcript_id: int,
    probability: float = 1,
    wanted: int = 1,
    sentences: Mapping[int, float] | None = None,
) -> None:
    """Put a transcript into the random sample, with the probabilities of its drawn sentences."""
    query(
        connection,
        "INSERT INTO call_sentiment.review_draws"
        " (transcript_id, inclusion_probability, wanted_reviews, drawn_by) VALUES (%s, %s, %s, 'ada')",
        transcript_id,
        probability,
        wanted,
    )
    for position, of_sentence in (sentences or {}).items():
        query(
            connection,
            "INSERT INTO call_sentiment.review_draw_sentences"
            " (transcript_id, position, inclusion_probability) VALUES (%s, %s, %s)",
            transcript_id,
            position,
            of_sentence,
        )


def label(
    connection: Connection,
    transcript_id: int,
    reviewer: str,
    reviewed: str | None,
    computed: str | None = "NEUTRAL",
    *,
    position: int | None = None,
    confidence: float | None = None,
    is_blind: bool = True,
    formula_version: str | None = None,
) -> None:
    """One row of label_reviews; a `reviewed` of None takes back the one before."""
    query(
        connection,
        "INSERT INTO call_sentiment.label_reviews"
        " (transcript_id, position, reviewer, reviewed_label, is_blind, computed_label, confidence,"
        " formula_version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        *(transcript_id, position, reviewer, reviewed, is_blind, computed, confidence, formula_version),
    )
