"""New formulas: history keeps its scores until it is scored again, and versions are compared."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from call_sentiment import rescore as rescoring
from call_sentiment import tasks
from call_sentiment.database import connect_dsn, run_sql
from call_sentiment.migrations import migrate
from call_sentiment.report import OldScores, find_old_scores
from call_sentiment.rescore import rescore, rescore_portion
from call_sentiment.scoring.score import FORMULA_VERSION, score_pending
from call_sentiment.scoring.versions import Move, compare_versions
from call_sentiment.sql import read_migrations, read_statement
from tests.support.history import add_calls
from tests.support.questions import reads
from tests.support.stored import Row, make_old, query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CALL = [said("POSITIVE", 0.9, 3000 * i) for i in range(6)]


@pytest.fixture
def history(db: Connection) -> list[int]:
    """Seven transcripts scored by version 1.0, whose sentences were changed afterwards."""
    ids = store(db, [CALL] * 7, started_at="2026-11-16T09:00:00Z")
    score_pending(db)
    make_old(db, ids, "1.0")
    query(db, "UPDATE call_sentiment.sentences SET sentiment = 'NEGATIVE'")
    return ids


def shown(db: Connection) -> list[str]:
    """The label of each call, by transcript."""
    rows = query(db, "SELECT label FROM call_sentiment.call_overview ORDER BY transcript_id")
    return [row["label"] for row in rows]


def day(db: Connection) -> tuple[int, int, int]:
    (row,) = query(db, "SELECT * FROM call_sentiment.daily_scores")
    return row["scored_call_count"], row["positive_count"], row["negative_count"]


def refuse(db: Connection, *transcript_ids: int) -> None:
    """Make PostgreSQL refuse scores of these transcripts."""
    numbers = ", ".join(map(str, transcript_ids))
    query(
        db,
        "ALTER TABLE call_sentiment.call_scores"
        f" ADD CONSTRAINT broken CHECK (transcript_id NOT IN ({numbers})) NOT VALID",
    )


def test_new_formulas_leave_every_score_shown_until_it_is_renewed(db: Connection, history: list[int]) -> None:
    old, new = "very positive", "very negative"
    assert (shown(db), day(db)) == ([old] * 7, (7, 42, 0))
    assert rescore_portion(db, portion=3) == 3
    assert (shown(db), day(db)) == ([old] * 4 + [new] * 3, (7, 24, 18))
    assert rescore(db) == 4
    assert (shown(db), day(db)) == ([new] * 7, (7, 0, 42))


def test_scores_from_before_the_migration_are_shown_after_it(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        run_sql(connection, "schema/create_schema")
        for number, name, text in read_migrations()[:4]:
            connection.cursor().execute(text)
            run_sql(connection, "schema/record_migration", {"version": number, "name": name})
        scored, loaded = store(connection, [CALL, CALL], started_at="2026-11-16T09:00:00Z")
        query(
            connection,
            "UPDATE call_sentiment.transcripts SET state = 'scored' WHERE transcript_id = %s",
            scored,
        )
        query(
            connection,
            "INSERT INTO call_sentiment.call_scores"
            " (transcript_id, formula_version, status, label, needs_review)"
            " VALUES (%s, '1.0', 'ok', 'NEUTRAL', false)",
            scored,
        )
        migrate(connection)
        versions = query(
            connection,
            "SELECT transcript_id, formula_version AS v FROM call_sentiment.transcripts ORDER BY 1",
        )
        assert versions == [{"transcript_id": scored, "v": "1.0"}, {"transcript_id": loaded, "v": None}]
        assert shown(connection) == ["neutral", None]
        assert day(connection)[0] == 1
        assert score_pending(connection) == 1
        assert rescore_portion(connection) == 1
        assert shown(connection) == ["very positive"] * 2


def test_portions_take_the_newest_first_whatever_their_version(db: Connection, history: list[int]) -> None:
    make_old(db, history[::2], "0.9")
    for left in (5, 3, 1, 0):
        rescore_portion(db, portion=2, chunk=1)
        rows = query(
            db,
            "SELECT transcript_id FROM call_sentiment.transcripts WHERE formula_version <> %s ORDER BY 1",
            FORMULA_VERSION,
        )
        assert [row["transcript_id"] for row in rows] == history[:left]


def test_a_run_scores_new_calls_first_and_then_the_history(
    airflow_results_conn: str, db: Connection, history: list[int]
) -> None:
    (new,) = store(db, [CALL])
    assert tasks.score_calls(airflow_results_conn) == 1
    rows = query(db, "SELECT transcript_id FROM call_sentiment.transcripts ORDER BY scored_at, 1 DESC")
    assert [row["transcript_id"] for row in rows] == [new, *reversed(history)]
    assert set(shown(db)[:7]) == {"very negative"}


def test_a_transcript_that_cannot_be_scored_again_stops_no_other(
    airflow_results_conn: str, db: Connection, history: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    store(db, [CALL])
    refuse(db, history[0], history[3], history[6])
    assert tasks.score_calls(airflow_results_conn) == 1
    kept = ["very positive" if i in (0, 3, 6) else "very negative" for i in range(7)]
    assert shown(db) == [*kept, "very positive"]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [warning.split()[:4] for warning in warnings] == [
        ["Transcript", str(number), "keeps", "its"] for number in (history[6], history[3], history[0])
    ]
    assert all("broken" in warning and "\n" not in warning for warning in warnings)


def test_a_run_stops_scoring_history_after_too_many_failures(
    db: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ids = store(db, [CALL] * 50)
    score_pending(db)
    make_old(db, ids, "1.0")
    refuse(db, *ids)
    assert rescore_portion(db) == 0
    assert len(caplog.records) == rescoring.MAX_FAILURES
    assert "History is not scored again by this run: new row" in caplog.messages[-1]


def test_a_history_that_cannot_be_read_fails_no_new_call(
    airflow_results_conn: str, db: Connection, history: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    store(db, [CALL])
    query(db, "DROP VIEW call_sentiment.shown_versions")
    assert tasks.score_calls(airflow_results_conn) == 1
    assert "History is not scored again by this run: relation" in caplog.text


def test_a_connection_lost_over_the_history_fails_no_new_call(
    airflow_results_conn: str, db: Connection, history: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    store(db, [CALL])
    query(
        db,
        "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END';"
        " CREATE TRIGGER hang_up BEFORE INSERT ON call_sentiment.call_scores"
        f" FOR EACH ROW WHEN (NEW.transcript_id = {history[0]}) EXECUTE FUNCTION hang_up()",
    )
    assert tasks.score_calls(airflow_results_conn) == 1
    assert caplog.text.count("History is not scored again by this run: ") == 1
    assert shown(db) == ["very positive"] * 8


def test_the_dag_leaves_the_history_alone_while_the_command_scores_it(
    results_dsn: str, db: Connection, history: list[int]
) -> None:
    with closing(connect_dsn(results_dsn)) as command, command:
        run_sql(command, "scoring/lock_rescoring", {"wait": True})
        assert rescore_portion(db) == 0
    assert rescore_portion(db) == 7


def test_commands_that_run_at_once_share_the_history(
    results_dsn: str, db: Connection, history: list[int]
) -> None:
    def command(_: int) -> int:
        with closing(connect_dsn(results_dsn)) as connection:
            return rescore(connection, chunk=1)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(command, range(3))) == 7
    assert set(shown(db)) == {"very negative"}


def test_a_locked_transcript_is_left_to_the_next_run(
    results_dsn: str, db: Connection, history: list[int]
) -> None:
    with closing(connect_dsn(results_dsn)) as other, other:
        query(other, "SELECT FROM call_sentiment.transcripts WHERE transcript_id = %s FOR UPDATE", history[2])
        assert rescore_portion(db) == 6
    assert rescore_portion(db) == 1


def test_transcripts_without_sentences_are_not_scored_again(db: Connection, history: list[int]) -> None:
    query(db, "DELETE FROM call_sentiment.sentences WHERE transcript_id = ANY (%s)", history[:2])
    assert find_old_scores(db) == [OldScores(formula_version="1.0", transcripts=7, all_transcripts=7)]
    assert rescore_portion(db) == 5
    assert find_old_scores(db) == []
    assert shown(db) == ["very positive"] * 2 + ["very negative"] * 5


def test_the_report_counts_transcripts_with_old_scores(
    airflow_results_conn: str, db: Connection, history: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    query(db, "UPDATE call_sentiment.calls SET notices = '{no agent, no queue}'")
    (call_id,) = (row["call_id"] for row in query(db, "SELECT call_id FROM call_sentiment.calls LIMIT 1"))
    rescore_portion(db, portion=2)
    counts = tasks.report_run(airflow_results_conn, [[call_id]], {}, 1.0)
    assert counts["with_notices"] == 1
    assert "5 of 7 transcripts still have scores of version 1.0;" in caplog.text
    assert f"Notice: {call_id}: no agent; no queue" in caplog.text
    rescore_portion(db)
    caplog.clear()
    tasks.report_run(airflow_results_conn, [], {}, 1.0)
    assert "still have scores" not in caplog.text


@pytest.fixture(scope="module")
def long_history(scores_db: Connection) -> Connection:
    """3,000 scored calls, with the planner's statistics up to date."""
    add_calls(scores_db, "call-", 3000, 6)
    score_pending(scores_db)
    query(scores_db, "VACUUM (FULL, ANALYZE)")
    return scores_db


def rows_read(connection: Connection, statement: str, **params: object) -> int:
    given = {"below": None, "limit": 50, "formula_version": FORMULA_VERSION, **params}
    return sum(read.rows for read in reads(connection, read_statement(statement), given))


def test_a_history_that_is_up_to_date_costs_a_probe_of_the_index(long_history: Connection) -> None:
    for statement in ("scoring/lock_old_scores", "reporting/count_old_scores"):
        assert rows_read(long_history, statement) <= 2


def test_a_chunk_of_an_old_history_reads_that_chunk(long_history: Connection) -> None:
    assert 100 <= rows_read(long_history, "scoring/lock_old_scores", formula_version="9.9") <= 50 * 4 + 10


def diff_of(db: Connection, *labels: tuple[Row | None, Row | None]) -> list[int]:
    """One transcript for each pair of scores, by versions 1.0 and 2.0."""
    ids = store(db, [CALL] * len(labels))
    for number, pair in zip(ids, labels, strict=True):
        for version, row in zip(("1.0", "2.0"), pair, strict=True):
            if row is not None:
                query(
                    db,
                    "INSERT INTO call_sentiment.call_scores"
                    " (transcript_id, formula_version, status, label, sentiment_score, needs_review)"
                    " VALUES (%s, %s, %s, %s, %s, false)",
                    *(number, version, row.get("status", "ok"), row.get("label"), row.get("score")),
                )
    return ids


def test_two_versions_are_compared_on_transcripts_that_both_have_scored(db: Connection) -> None:
    neutral, positive = {"label": "NEUTRAL", "score": 0.0}, {"label": "POSITIVE", "score": 0.25}
    nobody, invalid = {"status": "no_speech"}, {"status": "invalid"}
    ids = diff_of(
        db,
        (neutral, positive),
        (neutral, {**positive, "score": -0.5}),
        (positive, positive),
        (positive, {**positive, "score": 0.25 + 1e-12}),
        (invalid, neutral),
        (positive, {"label": "NONE"}),
        (neutral, None),
        (None, neutral),
        (None, nobody),
        (nobody, nobody),
    )
    names = {
        row["transcript_id"]: row["call_id"] for row in query(db, "SELECT * FROM call_sentiment.transcripts")
    }
    found = compare_versions(db, "1.0", "2.0")
    assert (found.compared, found.only_old, found.only_new, found.without_figures) == (6, 1, 2, 1)
    assert found.changed_labels == {
        ("NEUTRAL", "POSITIVE"): 2,
        ("POSITIVE", "NONE"): 1,
        ("invalid", "NEUTRAL"): 1,
    }
    assert found.largest_moves == tuple(
        Move(call_id=names[number], transcript_id=number, old_score=0.0, new_score=score)
        for number, score in ((ids[1], -0.5), (ids[0], 0.25))
    )


def test_the_command_shows_how_two_versions_differ(
    airflow_results_conn: str, db: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    (number,) = diff_of(db, ({"label": "NEUTRAL", "score": 0.0}, {"label": "POSITIVE", "score": 0.25}))
    (call_id,) = (row["call_id"] for row in query(db, "SELECT call_id FROM call_sentiment.calls"))
    caplog.set_level(logging.INFO)
    rescoring.main(["--postgres-conn-id", airflow_results_conn, "--diff", "1.0", "2.0"])
    assert caplog.messages[-1].splitlines() == [
        "Scores by version 2.0 beside version 1.0",
        "Transcripts compared: 1; not comparable: 0"
        " (only by 1.0: 0, only by 2.0: 0, without figures by both: 0)",
        "Labels changed: 1",
        "  NEUTRAL -> POSITIVE: 1",
        "Largest moves of sentiment_score:",
        f"  {call_id} (transcript {number}): +0.000 -> +0.250",
    ]
    rescoring.main(["--postgres-conn-id", airflow_results_conn, "--diff", "2.0", "2.0"])
    assert caplog.messages[-1].splitlines()[-2:] == ["Labels changed: 0", "No sentiment_score moved"]
