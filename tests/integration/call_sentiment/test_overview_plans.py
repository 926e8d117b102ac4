"""Questions about a part of the history read only that part, by PostgreSQL's plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from call_sentiment.scoring.score import score_pending
from tests.support.history import add_calls
from tests.support.questions import BOUNDED, newest, reads
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CALLS = 3000


@pytest.fixture(scope="module")
def history(scores_db: Connection) -> Connection:
    """Scored and reviewed calls of 220 days, with current planner statistics."""
    add_calls(scores_db, "call-", CALLS, 6)
    score_pending(scores_db)
    query(
        scores_db,
        "UPDATE call_sentiment.calls SET started_at = started_at + 9 * (started_at - '2024-11-22 00:00Z')",
    )
    query(
        scores_db,
        "INSERT INTO call_sentiment.label_reviews (transcript_id, reviewer, reviewed_label, is_blind)"
        " SELECT transcript_id, 'ada', 'NEUTRAL', true FROM call_sentiment.transcripts",
    )
    query(scores_db, "UPDATE call_sentiment.transcripts SET content_status = 'analyzed'")
    query(
        scores_db,
        "INSERT INTO call_sentiment.content_flags (transcript_id, position, label)"
        " SELECT transcript_id, n, 'alcohol' FROM call_sentiment.transcripts, generate_series(0, 1) AS n",
    )
    query(scores_db, "VACUUM (ANALYZE)")
    return scores_db


@pytest.mark.parametrize("question", BOUNDED)
def test_a_question_about_part_of_the_history_uses_an_index(history: Connection, question: str) -> None:
    found = reads(history, BOUNDED[question], newest(history))
    assert found
    for read in found:
        assert read.node in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan"), read
        assert read.rows <= CALLS / 5, read
