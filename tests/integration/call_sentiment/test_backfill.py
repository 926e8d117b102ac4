"""A backfill beside daily traffic: calls of its own, newest first, no more jobs than its share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.backfill import max_in_progress
from call_sentiment.params import backfill_params, budget_params
from call_sentiment.tasks import discover_calls
from tests.support import dag_steps
from tests.support.ledgers import put_into, record, states
from tests.support.stored import query

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg2.extensions import connection as Connection

BACKFILL = {
    name: param.value for name, param in dag_steps.call_sentiment_dag.call_sentiment_backfill.params.items()
}
pytestmark = pytest.mark.usefixtures("airflow_results_conn")


@pytest.fixture
def daily(tmp_path: Path) -> Path:
    record(tmp_path / "daily", "today", call_id="today")
    return tmp_path / "daily"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Four old calls; their names are not in the order of their days."""
    for name, day in (("a", 3), ("b", 1), ("c", 4), ("d", 2)):
        record(tmp_path / "archive", name, call_id=name, started_at=f"2025-01-0{day}T10:00:00Z")
    return tmp_path / "archive"


def run(params: dict[str, Any], run: str = "run", **changes: Any) -> str:
    """The calls that a run takes, as one text."""
    batches = discover_calls(
        dag_steps.RESULTS_CONN_ID,
        {**params, "min_unchanged_s": 0, "wait_s": 3600, **changes},
        pytest.fail,
        run=run,
        is_active=lambda name: name.startswith("active"),
    )
    return " ".join(call_id for batch in batches or [] for call_id in batch)


def test_a_backfill_goes_on_newest_first_with_no_more_jobs_than_its_share(
    db: Connection, archive: Path
) -> None:
    share = {"concurrency": 4, "daily_share": 0.5}
    assert run(BACKFILL, recordings=str(archive), **share) == "c a"
    for call_id in "ca":
        put_into(db, call_id, "submitted")
    assert run(BACKFILL) == "a c"
    put_into(db, "c", "scored")
    assert run(BACKFILL) == "a d"
    put_into(db, "a", "scored")
    assert run(BACKFILL, run="active one") == "d b"
    assert run(BACKFILL, run="active two") == ""
    for call_id in "db":
        put_into(db, call_id, "scored")
    assert run(BACKFILL) == ""


def test_daily_traffic_and_a_backfill_leave_each_others_calls_alone(
    db: Connection, archive: Path, daily: Path
) -> None:
    assert run(BACKFILL, recordings=str(archive), daily_share=0) == "c a d b"
    assert run(dag_steps.PARAMS, recordings=str(daily)) == "today"
    put_into(db, "c", "submitted", submitted_at="now")
    assert run(dag_steps.PARAMS, recordings=str(daily)) == "today"
    assert run(BACKFILL) == "c a d b"


def test_jobs_of_a_paused_backfill_are_loaded_by_daily_traffic(
    db: Connection, archive: Path, daily: Path
) -> None:
    run(BACKFILL, recordings=str(archive))
    put_into(db, "c", "submitted", submitted_at="now")
    query(
        db,
        "UPDATE call_sentiment.transcripts SET submitted_at = now() - interval '2 hours' WHERE call_id = 'c'",
    )
    assert run(dag_steps.PARAMS, recordings=str(daily)) == "c today"


def test_a_backfill_goes_on_with_the_settings_of_its_last_trigger(db: Connection, archive: Path) -> None:
    assert run(BACKFILL, recordings=str(archive), backfill="2025", concurrency=2) == "c"
    assert (
        run(BACKFILL, recordings=str(archive), backfill="2025", concurrency=6, newest_first=False) == "a b c"
    )
    assert run(BACKFILL) == "a b c"
    assert [row["name"] for row in query(db, "SELECT name FROM call_sentiment.backfills")] == ["2025"]
    assert states(db) == dict.fromkeys("abcd", "intent")


def test_a_retry_stays_in_its_backfill(db: Connection, archive: Path, daily: Path) -> None:
    run(BACKFILL, recordings=str(archive))
    put_into(db, "c", "failed", retryable=True)
    assert run(dag_steps.PARAMS, recordings=str(daily)) == "today"
    assert run(BACKFILL).startswith("c a")


def test_without_a_backfill_a_run_ends(db: Connection, daily: Path) -> None:
    run(dag_steps.PARAMS, recordings=str(daily))
    assert run(BACKFILL) == ""


def test_a_backfill_has_at_least_one_job() -> None:
    assert max_in_progress({"concurrency": 5, "daily_share": 1}) == 1
    assert max_in_progress({"concurrency": 200, "daily_share": 0.25}) == 150
    assert max_in_progress({}) is None


def test_budgets_have_defaults_in_the_environment() -> None:
    params = budget_params({"CALL_SENTIMENT_BUDGET_PER_DAY": "12.5"})
    assert {name: params[name].value for name in ("budget_per_run", "budget_per_day")} == {
        "budget_per_run": None,
        "budget_per_day": 12.5,
    }
    with pytest.raises(ValueError, match="CALL_SENTIMENT_BUDGET_PER_DAY is no number: 'much'"):
        budget_params({"CALL_SENTIMENT_BUDGET_PER_DAY": "much"})


def test_the_pool_of_backfills_has_its_default_in_the_environment() -> None:
    params = backfill_params(dag_steps.call_sentiment_dag.PARAMS, {"CALL_SENTIMENT_BACKFILL_POOL": "slow"})
    assert params["pool"].value == "slow"
