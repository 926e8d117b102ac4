"""Airflow's processes are killed and restarted, and tasks and runs are repeated."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg2
import pytest

from call_sentiment import DAG_ID
from tests.support.reliability.call_centre import airflow_connections
from tests.support.reliability.running_airflow import SECOND_DAG_ID, SHORT_TIMEOUT_DAG_ID, RunningAirflow
from tests.support.workers import Workers, wait_until

if TYPE_CHECKING:
    from tests.reliability.conftest import FaultRecorder

pytestmark = pytest.mark.faults
ENDS_LATER = {"processing_s": 8}


def _assert_scored(
    airflow: RunningAirflow, faults: FaultRecorder, fault: str, *runs: str, times: int = 1
) -> None:
    for run_id in runs:
        assert airflow.wait_for_run(run_id) == "success"
    faults.record(fault, airflow.examine(), times)
    assert airflow.count_transcripts("scored") == len(airflow.call_ids)


def _wait_for_deferral(airflow: RunningAirflow, run_id: str) -> None:
    wait_until(lambda: "deferred" in airflow.task_states(run_id, "wait"), "a wait is deferred")


def test_triggerer_killed_with_jobs_in_progress(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(20)
    airflow.vendor.script("*", ENDS_LATER)
    run_id = airflow.trigger()
    _wait_for_deferral(airflow, run_id)
    airflow.stack.processes.kill("triggerer")
    airflow.stack.start_component("triggerer")
    _assert_scored(airflow, faults, "triggerer-killed", run_id)


@pytest.mark.parametrize(("endpoint", "passed"), [("submit", 3), ("list", 3), ("get", 3)])
def test_worker_process_of_a_mapped_task_killed(
    airflow: RunningAirflow, faults: FaultRecorder, endpoint: str, passed: int
) -> None:
    airflow.add_recordings(20)
    # Jobs end at once, so a wait needs no triggerer. A hanging list holds up a wait, a hanging get a load.
    airflow.vendor.fault("lost_answer", endpoint, delay_s=50, count=2, skip=passed)
    run_id = airflow.trigger()
    wait_until(
        lambda: any(e["fault"] for e in airflow.vendor.journal(endpoint)), f"a worker hangs at {endpoint}", 90
    )
    kills = 0
    for process in airflow.task_processes():
        # A process that has just ended by itself does not count.
        with suppress(psutil.NoSuchProcess):
            process.kill()
            kills += 1
    assert kills
    _assert_scored(airflow, faults, "worker-killed", run_id, times=kills)


def test_scheduler_and_its_workers_killed(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(20)
    airflow.vendor.fault("lost_answer", "submit", delay_s=50, count=2, skip=3)
    run_id = airflow.trigger()
    wait_until(lambda: any(e["fault"] for e in airflow.vendor.journal("submit")), "a worker hangs", 90)
    airflow.stack.processes.kill("scheduler")
    airflow.stack.start_component("scheduler")
    _assert_scored(airflow, faults, "scheduler-killed", run_id)


def test_finished_tasks_cleared(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(10)
    run_id = airflow.trigger()
    assert airflow.wait_for_run(run_id) == "success"
    posts = len(airflow.vendor.journal("submit"))
    for task_id in ("submit", "load"):
        airflow.clear(run_id, [task_id])
        assert airflow.wait_for_run(run_id) == "success"
    _assert_scored(airflow, faults, "task-cleared", run_id, times=2)
    assert len(airflow.vendor.journal("submit")) == posts


def test_whole_run_cleared(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(10)
    airflow.vendor.script("*", ENDS_LATER)
    run_id = airflow.trigger()
    _wait_for_deferral(airflow, run_id)
    airflow.clear(run_id, None)
    assert airflow.wait_for_run(run_id) == "success"
    airflow.clear(run_id, None)
    _assert_scored(airflow, faults, "run-cleared", run_id, times=2)


def test_two_dags_over_the_same_folder(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(20)
    first, second = airflow.trigger(), airflow.trigger(SECOND_DAG_ID)
    third = airflow.trigger()
    assert airflow.wait_for_run(second, SECOND_DAG_ID) == "success"
    # A run may have found calls that another run was still working on, so one more run follows.
    assert airflow.wait_for_run(first) == airflow.wait_for_run(third) == "success"
    _assert_scored(airflow, faults, "two-dags", airflow.trigger(), times=3)


def test_same_batch_submitted_twice_at_once(
    airflow: RunningAirflow, faults: FaultRecorder, tmp_path: Path
) -> None:
    airflow.add_recordings(12)
    airflow.vendor.fault("slow", "submit", delay_s=0.3, count=None)
    connections = airflow_connections(airflow.stack.results_dsn, airflow.vendor, reconcile_s=2)
    workers = Workers(connections, tmp_path / "workers.log")
    workers.run_step("discover", str(airflow.recordings))
    with (
        workers.start_step("submit", airflow.call_ids) as one,
        workers.start_step("submit", airflow.call_ids) as other,
    ):
        for process in (one, other):
            process.join(60)
            assert process.exitcode == 0
    airflow.vendor.clear_faults()
    assert len(airflow.vendor.journal("submit")) == 12
    _assert_scored(airflow, faults, "same-batch-twice", airflow.trigger())


def test_deadline_of_the_sensor_passes(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(5)
    airflow.vendor.script("*", {"processing_s": 25})
    run_id = airflow.trigger(SHORT_TIMEOUT_DAG_ID)
    assert airflow.wait_for_run(run_id, SHORT_TIMEOUT_DAG_ID) == "failed"
    assert airflow.task_states(run_id, "wait", SHORT_TIMEOUT_DAG_ID) == ["failed"]
    assert airflow.count_transcripts("submitted") == 5
    posts = len(airflow.vendor.journal("submit"))
    _assert_scored(airflow, faults, "deadline", airflow.trigger())
    assert len(airflow.vendor.journal("submit")) == posts


def test_200_waits_whose_jobs_end_within_seconds_of_deferring(
    airflow: RunningAirflow, faults: FaultRecorder
) -> None:
    airflow.add_recordings(200)
    airflow.vendor.script("*", {"processing_s": 4})
    run_id = airflow.trigger(batch_size=1)
    wait_until(
        lambda: airflow.stack.api.run_state(DAG_ID, run_id) in ("success", "failed"), "the run ends", 600
    )
    _assert_scored(airflow, faults, "short-waits", run_id, times=200)
    waits = [i for i in airflow.stack.api.task_instances(DAG_ID, run_id) if i["task_id"] == "wait"]
    assert len(waits) == 200
    assert {(i["state"], i["try_number"]) for i in waits} == {("success", 1)}


def test_postgres_stopped_during_load(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(10)
    # PostgreSQL stops while a load holds its connection and waits for AssemblyAI.
    airflow.vendor.fault("slow", "get", delay_s=6, count=4, skip=2)
    airflow.vendor.script("*", {"processing_s": 3})
    run_id = airflow.trigger()
    wait_until(lambda: _is_loading(airflow), "a load runs", 90)
    airflow.stack.postgres.__exit__(None, None, None)
    with pytest.raises(psycopg2.OperationalError):
        airflow.query("SELECT 1")
    airflow.stack.postgres.__enter__()
    airflow.restart_dead_components()
    airflow.wait_for_run(run_id)
    _assert_scored(airflow, faults, "postgres-restarted", airflow.trigger())


def _is_loading(airflow: RunningAirflow) -> Any:
    return airflow.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'call_sentiment' AND query LIKE %s",
        "%find_transcripts_to_load%",
    ) or any(e["fault"] for e in airflow.vendor.journal("get"))
