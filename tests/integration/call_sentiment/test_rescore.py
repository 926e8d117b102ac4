"""Scoring all history again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from call_sentiment import rescore as rescoring
from call_sentiment.rescore import rescore
from call_sentiment.scoring.score import FORMULA_VERSION, score_pending
from tests.support.stored import make_old, query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
CALL = [said("POSITIVE", 0.9, 3000 * i) for i in range(6)]


@pytest.fixture
def history(db: Connection) -> list[int]:
    """Seven scored transcripts whose sentences were all made negative afterwards."""
    ids = store(db, [CALL] * 7)
    score_pending(db)
    query(db, "UPDATE call_sentiment.sentences SET sentiment = 'NEGATIVE'")
    return ids


def now(db: Connection) -> datetime:
    (row,) = query(db, "SELECT clock_timestamp() AS now")
    time: datetime = row["now"]
    return time


def scored_again(db: Connection) -> list[int]:
    """The transcripts whose scores, of call and speaker, follow the sentences as they are now."""
    rows = query(
        db,
        "SELECT c.transcript_id FROM call_sentiment.call_scores AS c"
        " JOIN call_sentiment.speaker_scores AS s USING (transcript_id, formula_version)"
        " WHERE c.formula_version = %s AND c.label = 'VERY_NEGATIVE' AND s.label = c.label ORDER BY 1",
        FORMULA_VERSION,
    )
    return [row["transcript_id"] for row in rows]


def refuse(db: Connection, transcript_id: int) -> None:
    """Make PostgreSQL refuse scores of this transcript."""
    query(
        db,
        "ALTER TABLE call_sentiment.call_scores"
        f" ADD CONSTRAINT broken CHECK (transcript_id <> {transcript_id}) NOT VALID",
    )


def test_every_score_older_than_the_given_time_is_computed_again(db: Connection, history: list[int]) -> None:
    assert rescore(db, now(db), chunk=3) == 7
    assert scored_again(db) == history


def test_without_a_time_only_scores_by_other_formulas_are_computed_again(
    db: Connection, history: list[int]
) -> None:
    make_old(db, history[4:], "0.9")
    assert rescore(db) == 3
    assert scored_again(db) == history[4:]
    kept = query(db, "SELECT transcript_id FROM call_sentiment.call_scores WHERE formula_version = '0.9'")
    assert len(kept) == 3
    assert rescore(db) == 0


def test_an_interrupted_run_keeps_its_chunks_and_the_next_continues(
    db: Connection, history: list[int]
) -> None:
    before = now(db)
    refuse(db, history[1])
    with pytest.raises(psycopg2.errors.CheckViolation):
        rescore(db, before, chunk=2)
    assert scored_again(db) == history[3:]
    # The chunk that failed keeps its scores.
    assert query(db, "SELECT count(*) AS n FROM call_sentiment.call_scores") == [{"n": 7}]
    query(db, "ALTER TABLE call_sentiment.call_scores DROP CONSTRAINT broken")
    assert rescore(db, before, chunk=2) == 3
    assert scored_again(db) == history
    assert rescore(db, before, chunk=2) == 0


def test_new_transcripts_are_left_to_the_dag(db: Connection, history: list[int]) -> None:
    (new,) = store(db, [CALL])
    assert rescore(db, now(db)) == len(history)
    assert query(db, "SELECT state FROM call_sentiment.transcripts WHERE transcript_id = %s", new) == [
        {"state": "loaded"}
    ]


def test_the_command_scores_again_by_airflow_connection(
    airflow_results_conn: str, db: Connection, history: list[int]
) -> None:
    rescoring.main(["--postgres-conn-id", airflow_results_conn, "--before", now(db).isoformat()])
    assert scored_again(db) == history


def test_a_time_needs_its_offset_from_utc() -> None:
    assert rescoring.time_with_offset("2026-11-22T12:00+00:00") == datetime(2026, 11, 22, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="offset"):
        rescoring.time_with_offset("2026-11-22T12:00")


def test_a_call_whose_sentences_were_deleted_keeps_its_scores(db: Connection, history: list[int]) -> None:
    query(db, "DELETE FROM call_sentiment.sentences WHERE transcript_id = ANY (%s)", history[:2])
    store(db, [[]], status="no_speech")
    score_pending(db)
    assert rescore(db, now(db)) == 6
    assert scored_again(db) == history[2:]
    kept = query(
        db, "SELECT status, label FROM call_sentiment.call_scores WHERE transcript_id = ANY (%s)", history[:2]
    )
    assert kept == [{"status": "ok", "label": "VERY_POSITIVE"}] * 2


def test_the_scores_that_are_not_shown_can_be_deleted_as_documented(
    db: Connection, history: list[int]
) -> None:
    make_old(db, history, "1.0")
    query(db, "DELETE FROM call_sentiment.sentences WHERE transcript_id = %s", history[0])
    assert rescore(db) == 6
    (recipe,) = re.findall(r"```sql\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)
    query(db, recipe)
    assert scored_again(db) == history[1:]
    for table in ("call_scores", "speaker_scores"):
        rows = query(db, f"SELECT formula_version AS v FROM call_sentiment.{table} ORDER BY transcript_id")
        assert [row["v"] for row in rows] == ["1.0"] + [FORMULA_VERSION] * 6
