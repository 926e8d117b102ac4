"""Calls to review, the sample, and a reviewer's form as it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from call_sentiment.scoring.score import score_pending
from tests.support.pages import PagesServer
from tests.support.stored import Row, query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WORDS = [
    said("NEGATIVE", 0.9, 4000 * n, role="agent" if n % 2 else "customer", text=f"Sentence {n}.")
    for n in range(6)
]


def add_reviewable(connection: Connection, call_id: str = "one", **facts: object) -> int:
    """Store and score a call of six sentences with this id."""
    (transcript_id,) = store(connection, [WORDS], **facts)
    score_pending(connection)
    query(
        connection,
        "UPDATE call_sentiment.calls SET call_id = %s WHERE call_id ="
        " (SELECT call_id FROM call_sentiment.transcripts WHERE transcript_id = %s)",
        call_id,
        transcript_id,
    )
    return transcript_id


def send_review(
    server: PagesServer, transcript_id: int, user: str = "uma", more: str = "", **fields: str
) -> requests.Response:
    """Send the form; `label_3` stands for the label of the sentence at position 3."""
    data = {"transcript_id": str(transcript_id), "label": "NEUTRAL", "reason": ""}
    data |= {name.replace("_3", "-3").replace("_4", "-4"): value for name, value in fields.items()}
    return server.post(f"review/call?id=one{more}", user=user, data=data)


def stored_labels(connection: Connection) -> list[Row]:
    """All labels that people gave, in their order."""
    return query(connection, "SELECT * FROM call_sentiment.label_reviews ORDER BY review_id")
