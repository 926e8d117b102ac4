"""The Dag's tasks, run one after the other as workers and the triggerer would, each in the calling process.

The operators are the Dag's own, through Airflow's real task runner; PostgreSQL and the API are real peers.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from local_stack.paths import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "dags"))

import call_sentiment_dag
from airflow.triggers.base import TaskSuccessEvent

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger
from call_sentiment import tasks
from tests.support.airflow_task import ExecutionApi, run_task

TRIES = 3
RESULTS, ASSEMBLYAI = call_sentiment_dag.RESULTS, call_sentiment_dag.ASSEMBLYAI
DAG = call_sentiment_dag.call_sentiment
PARAMS = {name: param.value for name, param in call_sentiment_dag.PARAMS.items()}

UPLOAD_WORKERS: int = DAG.get_task("submit").partial_kwargs["upload_workers"]


class StepFailedError(RuntimeError):
    """A task ended in another state than it should."""


def discover(location: str) -> list[list[str]]:
    AssemblyAIHook(ASSEMBLYAI).check_account()
    hook = AssemblyAIHook(ASSEMBLYAI)
    return tasks.discover_calls(RESULTS, {**PARAMS, "recordings": location}, hook.get_transcript) or []


def submit(call_ids: Sequence[str], *, try_number: int = 1) -> list[str]:
    """One try of the mapped task: the ids it returns."""
    api = ExecutionApi(max_tries=TRIES - 1)
    task = DAG.get_task("submit").unmap({"recordings": list(call_ids)})
    result = run_task(task, api, try_number=try_number)
    if result.state != "success":
        raise StepFailedError(f"submit: {result.state}: {result.error}")
    ids: list[str] = api.xcoms["return_value"]
    return ids


def wait(transcript_ids: Sequence[str]) -> None:
    """The sensor, and its trigger where it defers."""
    result = run_task(DAG.get_task("wait").unmap({"transcript_ids": list(transcript_ids)}), ExecutionApi())
    if result.state == "deferred":
        trigger_by_itself(transcript_ids)
    elif result.state != "success":
        raise StepFailedError(f"wait: {result.state}: {result.error}")


def trigger_by_itself(transcript_ids: Sequence[str]) -> None:
    async def first() -> object:
        trigger = AssemblyAITranscriptTrigger(transcript_ids, ASSEMBLYAI, 0.2, False)
        async with aclosing(trigger.run()) as events:  # type: ignore[type-var]
            async for event in events:
                return event
        return None

    if not isinstance(event := asyncio.run(first()), TaskSuccessEvent):
        raise StepFailedError(f"the trigger fired {event!r}")


def load(call_ids: Sequence[str]) -> None:
    # Nobody says what is over, so it fetches whatever is submitted.
    task = DAG.get_task("load").unmap({"op_kwargs": {"call_ids": list(call_ids), "ended": None}})
    result = run_task(task, ExecutionApi())
    if result.state != "success":
        raise StepFailedError(f"load: {result.state}: {result.error}")


def score() -> int:
    count: int = DAG.get_task("score").python_callable()
    return count


def report(batches: Sequence[Sequence[str]]) -> dict[str, float]:
    return tasks.report_run(RESULTS, batches, {}, 1.0)


def run(location: str) -> dict[str, float]:
    """A run of the Dag: a task that fails is tried again, and the next one runs whatever became of it."""
    batches: list[list[str]] = _tried(lambda _: discover(location)) or []
    for batch in batches:
        ids = _tried(lambda number, batch=batch: submit(batch, try_number=number))
        if ids is not None:
            _tried(lambda _, ids=ids: wait(ids))
        _tried(lambda _, batch=batch: load(batch))
    _tried(lambda _: score())
    return report(batches)


def _tried(attempt: Callable[[int], Any]) -> Any:
    for number in range(1, TRIES + 1):
        try:
            return attempt(number)
        except Exception as error:  # noqa: BLE001 - whatever a worker can end with
            print(f"try {number}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
    return None


STEPS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (discover, submit, wait, trigger_by_itself, load, score, report, run)
}


def run_step(name: str, given: Sequence[Any], environment: Mapping[str, str], log: str) -> None:
    """The child process: its output goes to `log`; its exit code tells whether the step succeeded."""
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    STEPS[name](*given)


def log_tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])
