"""Airflow's own processes die, are restarted, and are told to do things twice."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg2
import pytest

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment import DAG_ID
from tests.support.reliability.live import SECOND_DAG_ID, SHORT_TIMEOUT_DAG_ID, Live
from tests.support.reliability.world import airflow_connections
from tests.support.workers import Workers, until

if TYPE_CHECKING:
    from tests.reliability.conftest import Trials

pytestmark = pytest.mark.faults
LATER = {"processing_s": 8}


@pytest.fixture
def live(airflow: Live, vendor: SandboxServer, request: pytest.FixtureRequest) -> Live:
    airflow.set_up(vendor, re.sub(r"\W", "-", request.node.name))
    return airflow


def _ends_well(live: Live, trials: Trials, fault: str, *runs: str, times: int = 1) -> None:
    for run_id in runs:
        assert live.finished(run_id) == "success"
    trials.tried(fault, live.examine(), times)
    assert live.ledger("scored") == len(live.call_ids)


def _deferred(live: Live, run_id: str) -> None:
    until(lambda: "deferred" in live.states(run_id, "wait"), "a wait is deferred")


def test_triggerer_killed_with_jobs_in_flight(live: Live, trials: Trials) -> None:
    live.record(20)
    live.vendor.script("*", LATER)
    run_id = live.trigger()
    _deferred(live, run_id)
    live.stack.processes.kill("triggerer")
    live.stack.start_component("triggerer")
    _ends_well(live, trials, "triggerer-killed", run_id)


@pytest.mark.parametrize(("endpoint", "passed"), [("submit", 3), ("list", 3), ("get", 3)])
def test_worker_process_of_a_mapped_task_killed(
    live: Live, trials: Trials, endpoint: str, passed: int
) -> None:
    live.record(20)
    # Jobs are over at once, so that waiting needs no triggerer: a list hangs a wait, a look by id a load.
    live.vendor.fault("lost_answer", endpoint, delay_s=50, count=2, skip=passed)
    run_id = live.trigger()
    until(lambda: any(e["fault"] for e in live.vendor.journal(endpoint)), f"a worker hangs at {endpoint}", 90)
    victims = 0
    for process in live.task_processes():
        # One that has just ended by itself is no victim.
        with suppress(psutil.NoSuchProcess):
            process.kill()
            victims += 1
    assert victims
    _ends_well(live, trials, "worker-killed", run_id, times=victims)


def test_scheduler_and_its_workers_killed(live: Live, trials: Trials) -> None:
    live.record(20)
    live.vendor.fault("lost_answer", "submit", delay_s=50, count=2, skip=3)
    run_id = live.trigger()
    until(lambda: any(e["fault"] for e in live.vendor.journal("submit")), "a worker hangs", 90)
    live.stack.processes.kill("scheduler")
    live.stack.start_component("scheduler")
    _ends_well(live, trials, "scheduler-killed", run_id)


def test_finished_tasks_cleared(live: Live, trials: Trials) -> None:
    live.record(10)
    run_id = live.trigger()
    assert live.finished(run_id) == "success"
    posts = len(live.vendor.journal("submit"))
    for task_id in ("submit", "load"):
        live.clear(run_id, [task_id])
        assert live.finished(run_id) == "success"
    _ends_well(live, trials, "task-cleared", run_id, times=2)
    assert len(live.vendor.journal("submit")) == posts


def test_whole_run_cleared(live: Live, trials: Trials) -> None:
    live.record(10)
    live.vendor.script("*", LATER)
    run_id = live.trigger()
    _deferred(live, run_id)
    live.clear(run_id, None)
    assert live.finished(run_id) == "success"
    live.clear(run_id, None)
    _ends_well(live, trials, "run-cleared", run_id, times=2)


def test_two_dags_over_the_same_folder(live: Live, trials: Trials) -> None:
    live.record(20)
    first, second = live.trigger(), live.trigger(SECOND_DAG_ID)
    third = live.trigger()
    assert live.finished(second, SECOND_DAG_ID) == "success"
    # One of them may have found calls that were still in the works of another.
    assert live.finished(first) == live.finished(third) == "success"
    _ends_well(live, trials, "two-dags", live.trigger(), times=3)


def test_same_batch_submitted_twice_at_once(live: Live, trials: Trials, tmp_path: Path) -> None:
    live.record(12)
    live.vendor.fault("slow", "submit", delay_s=0.3, count=None)
    connections = airflow_connections(live.stack.results_dsn, live.vendor, reconcile_s=2)
    workers = Workers(connections, tmp_path / "workers.log")
    workers.run("discover", str(live.calls))
    with workers.started("submit", live.call_ids) as one, workers.started("submit", live.call_ids) as other:
        for process in (one, other):
            process.join(60)
            assert process.exitcode == 0
    live.vendor.clear_faults()
    assert len(live.vendor.journal("submit")) == 12
    _ends_well(live, trials, "same-batch-twice", live.trigger())


def test_deadline_of_the_sensor_passes(live: Live, trials: Trials) -> None:
    live.record(5)
    live.vendor.script("*", {"processing_s": 25})
    run_id = live.trigger(SHORT_TIMEOUT_DAG_ID)
    assert live.finished(run_id, SHORT_TIMEOUT_DAG_ID) == "failed"
    assert live.states(run_id, "wait", SHORT_TIMEOUT_DAG_ID) == ["failed"]
    assert live.ledger("submitted") == 5
    posts = len(live.vendor.journal("submit"))
    _ends_well(live, trials, "deadline", live.trigger())
    assert len(live.vendor.journal("submit")) == posts


def test_200_waits_whose_jobs_end_within_seconds_of_deferring(live: Live, trials: Trials) -> None:
    live.record(200)
    live.vendor.script("*", {"processing_s": 4})
    run_id = live.trigger(batch_size=1)
    until(lambda: live.stack.api.run_state(DAG_ID, run_id) in ("success", "failed"), "the run is over", 600)
    _ends_well(live, trials, "short-waits", run_id, times=200)
    waits = [i for i in live.stack.api.task_instances(DAG_ID, run_id) if i["task_id"] == "wait"]
    assert len(waits) == 200
    assert {(i["state"], i["try_number"]) for i in waits} == {("success", 1)}


def test_postgres_stopped_during_load(live: Live, trials: Trials) -> None:
    live.record(10)
    # A fetch hangs while the load holds its connection, and the server goes.
    live.vendor.fault("slow", "get", delay_s=6, count=4, skip=2)
    live.vendor.script("*", {"processing_s": 3})
    run_id = live.trigger()
    until(lambda: _loading(live), "a load is on its way", 90)
    live.stack.postgres.__exit__(None, None, None)
    with pytest.raises(psycopg2.OperationalError):
        live.query("SELECT 1")
    live.stack.postgres.__enter__()
    live.restart_the_dead()
    live.finished(run_id)
    _ends_well(live, trials, "postgres-restarted", live.trigger())


def _loading(live: Live) -> Any:
    return live.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'call_sentiment' AND query LIKE %s",
        "%find_transcripts_to_load%",
    ) or any(e["fault"] for e in live.vendor.journal("get"))
