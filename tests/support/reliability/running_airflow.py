"""Runs all of Airflow's processes with short timeouts, and the Dag with short retry delays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment import DAG_ID
from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.paths import REPOSITORY
from local_stack.stack import COMPONENTS, Stack
from tests.support.files import set_at_rest
from tests.support.reliability.examination import Examination, examine, query
from tests.support.workers import wait_until

# As in `dags/quick_dags.py`.
SECOND_DAG_ID = "call_sentiment_second"
SHORT_TIMEOUT_DAG_ID = "call_sentiment_short_timeout"
DAGS = Path(__file__).parent / "dags"
RUN_S = 240.0
SETTINGS = {
    "CALL_SENTIMENT_SCHEDULE": "",
    "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY / "dags"), os.environ.get("PYTHONPATH")))),
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
}


class RunningAirflow:
    """One Airflow for many tests, which each set it up with a sandbox, recordings and empty results."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.vendor: SandboxServer
        self.recordings = folder
        self.call_ids: list[str] = []

    def set_up(self, vendor: SandboxServer, name: str, **extra: Any) -> None:
        """Connect Airflow to this sandbox, with empty results and an empty folder of recordings.

        :param extra: of the AssemblyAI connection.
        """
        query(self.stack.results_dsn, "DROP SCHEMA IF EXISTS call_sentiment CASCADE")
        with closing(connect_dsn(self.stack.results_dsn)) as connection:
            migrate(connection)
        self.vendor, self.call_ids = vendor, []
        self.recordings = self.folder / name
        self.recordings.mkdir()
        extras = {"reconcile_s": 2, "poll_interval_s": 0.5, **extra}
        self.stack.connect(base_url=vendor.url, api_key=vendor.api_key, extra=extras)

    def add_recordings(self, count: int) -> None:
        for number in range(count):
            self.add_recording(f"{self.recordings.name}-{number}")

    def add_recording(self, call_id: str) -> None:
        path = self.recordings / f"{call_id}.mp3"
        path.write_bytes(f"audio of {path.name}".encode())
        set_at_rest(path)
        path.with_suffix(".json").write_text(json.dumps({"call_id": call_id}))
        self.call_ids.append(call_id)

    def trigger(self, dag_id: str = DAG_ID, **conf: Any) -> str:
        return self.stack.api.trigger(dag_id, {"recordings": str(self.recordings), "batch_size": 5, **conf})

    def wait_for_run(self, run_id: str, dag_id: str = DAG_ID) -> str:
        """The final state of a run, once it has one."""
        wait_until(
            lambda: self.stack.api.run_state(dag_id, run_id) in ("success", "failed"),
            f"{dag_id} {run_id} has ended",
            RUN_S,
        )
        return self.stack.api.run_state(dag_id, run_id)

    def task_states(self, run_id: str, task_id: str, dag_id: str = DAG_ID) -> list[str]:
        instances = self.stack.api.task_instances(dag_id, run_id)
        return [str(i["state"]) for i in instances if i["task_id"] == task_id]

    def count_transcripts(self, state: str) -> int:
        rows = self.query("SELECT count(*) AS n FROM call_sentiment.transcripts WHERE state = %s", state)
        return int(rows[0]["n"])

    def query(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        return query(self.stack.results_dsn, statement, *params)

    def examine(self) -> Examination:
        return examine(self.stack.results_dsn, self.vendor, self.call_ids)

    def clear(self, run_id: str, task_ids: Sequence[str] | None) -> None:
        """Clear tasks of a run, or the whole run."""
        body: Mapping[str, Any] = {"dry_run": False}
        if task_ids is None:
            self.stack.api.call("POST", f"/dags/{DAG_ID}/dagRuns/{run_id}/clear", body)
        else:
            selection = {
                "dag_run_id": run_id,
                "task_ids": list(task_ids),
                "only_failed": False,
                "include_downstream": True,
                "reset_dag_runs": True,
            }
            self.stack.api.call("POST", f"/dags/{DAG_ID}/clearTaskInstances", {**body, **selection})

    def restart_dead_components(self) -> None:
        """Start the components that have ended, as an init system would, until all are healthy."""

        def restart() -> None:
            for name in COMPONENTS:
                if psutil.Process(self.stack.processes.pid(name)).status() == psutil.STATUS_ZOMBIE:
                    self.stack.start_component(name)

        self.stack.api.wait_until_healthy(restart)

    def task_processes(self) -> list[psutil.Process]:
        """The processes that run tasks now, which are grandchildren of the scheduler."""
        scheduler = psutil.Process(self.stack.processes.pid("scheduler"))
        return [process for worker in scheduler.children() for process in worker.children(recursive=True)]


@contextmanager
def run_airflow(folder: Path) -> Iterator[RunningAirflow]:
    with Stack(folder / "state", settings=SETTINGS, dags=DAGS) as stack:
        stack.migrate()
        stack.start_airflow()
        for dag_id in (DAG_ID, SECOND_DAG_ID, SHORT_TIMEOUT_DAG_ID):
            stack.api.wait_for_dag(dag_id, stack.processes.check)
            stack.api.unpause(dag_id)
        yield RunningAirflow(stack, folder)
