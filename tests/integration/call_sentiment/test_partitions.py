"""The recipe of docs/growth.md that partitions `sentences`, run as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from call_sentiment.scoring.score import FORMULA_VERSION, score_pending, score_transcripts
from call_sentiment.sql import read_statement
from tests.support.history import add_calls
from tests.support.questions import reads
from tests.support.stored import Row, query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

GROWTH = Path(__file__).parents[3] / "docs" / "growth.md"


def recipe() -> str:
    """The SQL of the documentation, with 100 transcripts instead of 1,000,000 in a partition."""
    (found,) = re.findall(r"```sql\n(.*?)```", GROWTH.read_text(), re.DOTALL)
    return re.sub(r"\b(\d)000000\b", r"\g<1>00", found)


def scored(connection: Connection) -> list[Row]:
    columns = "transcript_id, sentiment_score, trend_slope, worst_window_score, sentence_count, status"
    return query(connection, f"SELECT {columns} FROM call_sentiment.call_scores ORDER BY 1")


@pytest.fixture
def partitioned(db: Connection) -> Connection:
    """90 transcripts, scored before and 120 added after the sentences were partitioned."""
    add_calls(db, "before-", 90, 6)
    score_pending(db)
    with db.cursor() as cursor:
        cursor.execute(recipe())
    add_calls(db, "after-", 120, 6)
    score_pending(db)
    return db


def test_partitioned_sentences_are_scored_as_before(partitioned: Connection) -> None:
    before = scored(partitioned)
    assert {row["status"] for row in before} == {"ok"}
    assert len(before) == 210
    score_transcripts(partitioned, [row["transcript_id"] for row in before])
    assert scored(partitioned) == before
    (row,) = query(partitioned, "SELECT count(DISTINCT tableoid) AS partitions FROM call_sentiment.sentences")
    assert row["partitions"] == 3


def test_only_the_partitions_of_a_batch_are_read(partitioned: Connection) -> None:
    query(partitioned, "DELETE FROM call_sentiment.call_scores WHERE transcript_id IN (150, 151)")
    query(partitioned, "DELETE FROM call_sentiment.speaker_scores WHERE transcript_id IN (150, 151)")
    params = {"transcript_ids": [150, 151], "formula_version": FORMULA_VERSION}
    found = reads(partitioned, read_statement("scoring/score_transcripts"), params)
    assert {read.table for read in found if "sentences" in read.table and read.rows} == {"sentences_1"}


def test_dropping_a_partition_leaves_calls_and_scores(partitioned: Connection) -> None:
    query(partitioned, "DROP TABLE call_sentiment.sentences_0")
    assert len(scored(partitioned)) == 210
    (row,) = query(partitioned, "SELECT min(transcript_id) AS first FROM call_sentiment.sentences")
    assert row["first"] == 100
