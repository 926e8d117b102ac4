"""A running stack with a scheduled Dag, for `benchmarks.freshness`."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.airflow_share.cpu import cpu_seconds
from benchmarks.airflow_share.run import logged_errors
from benchmarks.freshness.arrivals import Inbox
from benchmarks.support import execute
from benchmarks.waiting.vendor import instant
from call_sentiment import DAG_ID
from call_sentiment.database import connect_dsn
from local_stack.airflow_api import wait_for
from local_stack.paths import REPOSITORY
from local_stack.stack import SANDBOX_KEY, Stack

FIRST_RUN_S = 300.0
TIMES = """
SELECT c.recording, t.assemblyai_id, extract(epoch FROM t.submitted_at), extract(epoch FROM t.scored_at)
FROM call_sentiment.transcripts AS t
JOIN call_sentiment.calls AS c USING (call_id)
WHERE t.assemblyai_id IS NOT NULL
"""


class Bench:
    """One form of the Dag in a stack of its own."""

    def __init__(self, stack: Stack, dag_id: str, inbox: Inbox) -> None:
        self.stack, self.dag_id, self.inbox = stack, dag_id, inbox

    def start_runs(self) -> None:
        """Unpause the Dag; return when a run has found nothing, with warm workers."""
        self.stack.api.unpause(self.dag_id)
        try:
            wait_for(self._has_run, self.stack.processes.check, FIRST_RUN_S, "no run succeeded")
        except TimeoutError as error:
            errors = logged_errors(self.stack, self.dag_id)
            raise RuntimeError(f"{self.dag_id}: {error}; its tasks say:\n{errors}") from error

    def _has_run(self) -> bool:
        with closing(connect_dsn(self.stack.results_dsn)) as connection:
            migrated = execute(connection, "SELECT to_regclass('call_sentiment.transcripts') IS NOT NULL")
        return bool(migrated[0][0]) and bool(self.runs("?state=success"))

    def runs(self, query: str = "") -> int:
        runs = self.stack.api.call("GET", f"/dags/{self.dag_id}/dagRuns{query}")
        return int(runs["total_entries"])

    def executions(self) -> int:
        """Tries of task instances that got a process; a skipped task has none."""
        instances = self.stack.api.task_instances(self.dag_id, "~")
        return sum(max(1, instance["try_number"]) for instance in instances if instance["pid"])

    def cpu_s(self) -> float:
        """CPU seconds of all processes so far: Airflow, PostgreSQL and the sandbox."""
        return sum(cpu_seconds(self.stack).values())

    def times(self) -> dict[str, tuple[str, float, float | None]]:
        """By file name: AssemblyAI's id, and when it was submitted and scored (Unix time)."""
        with closing(connect_dsn(self.stack.results_dsn)) as connection:
            rows = execute(connection, TIMES)
        return {
            Path(recording).name: (id_, float(submitted), None if scored is None else float(scored))
            for recording, id_, submitted, scored in rows
        }

    def charges(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self._sandbox("billing")["charges"]
        return found

    def completed(self) -> dict[str, float]:
        """When each job was completed (Unix time), by AssemblyAI's id."""
        return {each["transcript_id"]: instant(each["charged_at"]).timestamp() for each in self.charges()}

    def ended_jobs(self) -> int:
        health = self._sandbox("health")
        return int(health["transcripts"] - health["live"])

    def requests(self) -> Counter[str]:
        """Requests to AssemblyAI so far, by endpoint."""
        return Counter(entry["endpoint"] for entry in self._sandbox("journal"))

    def _sandbox(self, path: str) -> Any:
        return requests.get(f"{self.stack.sandbox_url}/_sandbox/{path}", timeout=120).json()


@contextmanager
def running(dag_id: str, schedule: str) -> Iterator[Bench]:
    """A stack that has never run the Dag. `schedule` is for the product; peers have their own."""
    with tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        dags = shutil.copytree(REPOSITORY / "dags", folder / "dags")
        if dag_id != DAG_ID:
            shutil.copy(Path(__file__).parent / "dags" / f"{dag_id}_dag.py", dags)
        inbox = Inbox(folder / "recordings")
        settings = {
            "CALL_SENTIMENT_SCHEDULE": schedule if dag_id == DAG_ID else "",
            "CALL_SENTIMENT_RECORDINGS": str(inbox.folder),
            # As deployed: every module is compiled once and not by each task anew.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        with Stack(folder / "state", settings=settings, dags=dags) as stack:
            url = stack.start_sandbox("scripted", "--seed", "0")
            stack.migrate()
            stack.start_airflow()
            stack.api.wait_for_dag(dag_id, stack.processes.check)
            stack.connect(base_url=url, api_key=SANDBOX_KEY)
            yield Bench(stack, dag_id, inbox)
