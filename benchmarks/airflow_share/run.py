"""Runs of a Dag in a running stack, measured from the outside."""

from __future__ import annotations

import time
import wave
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from benchmarks.airflow_share.cpu import PARTS, cpu_seconds
from benchmarks.airflow_share.stages import Stage, stages
from benchmarks.support import execute
from call_sentiment.database import connect_dsn
from local_stack.stack import Stack
from tests.support.files import set_at_rest

RUN_S = 1800.0
IDLE_S = 20.0
# The last task's supervisor ends a moment after its run.
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a Dag, measured.

    :param deferred: waits that went through the triggerer.
    :param retried: task instances that needed another try.
    :param cpu: CPU seconds by component.
    """

    dag_id: str
    calls: int
    seconds: float
    stages: Sequence[Stage]
    deferred: int
    retried: int
    cpu: Mapping[str, float]

    @property
    def per_minute(self) -> float:
        return 60 * self.calls / self.seconds

    @property
    def executions(self) -> int:
        return sum(stage.instances for stage in self.stages)

    @property
    def batch(self) -> int:
        """Calls in the largest batch."""
        return -(-self.calls // self.stages[1].instances)

    @property
    def cpu_ms_per_call(self) -> float:
        return 1000 * sum(self.cpu.values()) / self.calls


class Bench:
    """A running stack with both Dags, and a folder for recordings."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self._folder = stack, folder
        self._recorded = 0

    def run(self, dag_id: str, calls: int, **conf: Any) -> Run:
        """Run the Dag on a new folder of `calls` recordings, and measure it."""
        folder = self._folder / str(self._recorded)
        write_recordings(folder, calls)
        self._recorded += calls
        before = cpu_seconds(self.stack)
        run_id = self.stack.api.trigger(dag_id, {"recordings": str(folder), **conf})
        self._wait(dag_id, run_id)
        time.sleep(SETTLE_S)
        after = cpu_seconds(self.stack)
        self._check(folder, calls)
        facts = self.stack.api.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id)}")
        requested, ended = (datetime.fromisoformat(facts[name]) for name in ("queued_at", "end_date"))
        logs = self.stack.folder / "airflow" / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        instances = self.stack.api.task_instances(dag_id, run_id)
        return Run(
            dag_id=dag_id,
            calls=calls,
            seconds=(ended - requested).total_seconds(),
            stages=stages(instances, requested),
            deferred=len(list((logs / "task_id=wait").rglob("*.trigger.*.log"))),
            retried=sum(instance["try_number"] > 1 for instance in instances),
            cpu={part: after[part] - before[part] for part in PARTS},
        )

    def idle(self) -> dict[str, float]:
        """CPU seconds by component in a minute without any run."""
        before = cpu_seconds(self.stack)
        time.sleep(IDLE_S)
        after = cpu_seconds(self.stack)
        return {part: 60 / IDLE_S * (after[part] - before[part]) for part in PARTS}

    def _wait(self, dag_id: str, run_id: str) -> None:
        deadline = time.monotonic() + RUN_S
        while (state := self.stack.api.run_state(dag_id, run_id)) != "success":
            if state == "failed" or time.monotonic() > deadline:
                raise RuntimeError(
                    f"the run {run_id} of {dag_id} is {state}:\n{logged_errors(self.stack, dag_id)}"
                )
            self.stack.processes.check()
            time.sleep(1.0)

    def _check(self, folder: Path, calls: int) -> None:
        """Raise AssertionError unless every call was scored, and all so far were charged once."""
        with closing(connect_dsn(self.stack.results_dsn)) as connection:
            scored = execute(
                connection,
                "SELECT count(*) FROM call_sentiment.call_overview"
                " WHERE status = 'ok' AND starts_with(recording, %s)",
                f"{folder}/",
            )[0][0]
        billing = requests.get(f"{self.stack.sandbox_url}/_sandbox/billing", timeout=60).json()
        assert scored == calls, f"{scored} of {calls} calls were scored"
        assert len(billing["charges"]) == self._recorded, f"{len(billing['charges'])} charges"


def logged_errors(stack: Stack, dag_id: str) -> str:
    """The last errors that the tasks of a Dag logged."""
    logs = (stack.folder / "airflow" / "logs" / f"dag_id={dag_id}").rglob("*.log")
    lines = (line for log in sorted(logs) for line in log.read_text().splitlines())
    return "\n".join(line for line in lines if '"level":"error"' in line)[-2000:]


def write_recordings(folder: Path, count: int) -> None:
    """Write WAV files of a tenth of a second, no two alike: a duplicate would not be submitted."""
    folder.mkdir(parents=True)
    for number in range(count):
        with wave.open(str(folder / f"{number:06d}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(8000)
            file.writeframes(f"{folder.name}-{number:06d} ".encode().ljust(800, b"\x80"))
    set_at_rest(*folder.iterdir())
