"""Runs the Dag's tasks in the calling process, as workers and the triggerer would.

The operators are the Dag's, and the task runner is Airflow's. PostgreSQL and the sandbox are real servers.
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
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID, tasks
from tests.support.airflow_task import ExecutionApi, run_task

TRIES = 3
DAG = call_sentiment_dag.call_sentiment
PARAMS = {name: param.value for name, param in call_sentiment_dag.PARAMS.items()}

UPLOAD_WORKERS: int = DAG.get_task("submit").partial_kwargs["upload_workers"]


class StepFailedError(RuntimeError):
    """A task did not succeed."""


def discover(location: str) -> list[list[str]]:
    AssemblyAIHook(ASSEMBLYAI_CONN_ID).check_account()
    hook = AssemblyAIHook(ASSEMBLYAI_CONN_ID)
    return (
        tasks.discover_calls(RESULTS_CONN_ID, {**PARAMS, "recordings": location}, hook.get_transcript) or []
    )


def submit(call_ids: Sequence[str], *, try_number: int = 1) -> list[str]:
    """The ids that one try of the mapped task returns."""
    api = ExecutionApi(max_tries=TRIES - 1)
    task = DAG.get_task("submit").unmap({"recordings": list(call_ids)})
    result = run_task(task, api, try_number=try_number)
    if result.state != "success":
        raise StepFailedError(f"submit: {result.state}: {result.error}")
    ids: list[str] = api.xcoms["return_value"]
    return ids


def wait(transcript_ids: Sequence[str]) -> None:
    """Run the sensor, and its trigger if it defers."""
    result = run_task(DAG.get_task("wait").unmap({"transcript_ids": list(transcript_ids)}), ExecutionApi())
    if result.state == "deferred":
        run_trigger(transcript_ids)
    elif result.state != "success":
        raise StepFailedError(f"wait: {result.state}: {result.error}")


def run_trigger(transcript_ids: Sequence[str]) -> None:
    async def first_event() -> object:
        trigger = AssemblyAITranscriptTrigger(transcript_ids, ASSEMBLYAI_CONN_ID, 0.2, False)
        async with aclosing(trigger.run()) as events:  # type: ignore[type-var]
            async for event in events:
                return event
        return None

    if not isinstance(event := asyncio.run(first_event()), TaskSuccessEvent):
        raise StepFailedError(f"the trigger fired {event!r}")


def load(call_ids: Sequence[str]) -> None:
    # Without the ids of ended jobs, load fetches every submitted transcript.
    task = DAG.get_task("load").unmap({"op_kwargs": {"call_ids": list(call_ids), "ended": None}})
    result = run_task(task, ExecutionApi())
    if result.state != "success":
        raise StepFailedError(f"load: {result.state}: {result.error}")


def score() -> int:
    count: int = DAG.get_task("score").python_callable()
    return count


def report(batches: Sequence[Sequence[str]]) -> dict[str, float]:
    return tasks.report_run(RESULTS_CONN_ID, batches, {}, 1.0)


def run(location: str) -> dict[str, float]:
    """Run the whole Dag: a failed task is retried, and the next one runs whether it succeeds or not."""
    batches: list[list[str]] = _with_retries(lambda _: discover(location)) or []
    for batch in batches:
        ids = _with_retries(lambda number, batch=batch: submit(batch, try_number=number))
        if ids is not None:
            _with_retries(lambda _, ids=ids: wait(ids))
        _with_retries(lambda _, batch=batch: load(batch))
    _with_retries(lambda _: score())
    return report(batches)


def _with_retries(attempt: Callable[[int], Any]) -> Any:
    for number in range(1, TRIES + 1):
        try:
            return attempt(number)
        except Exception as error:  # noqa: BLE001 - any error fails a try
            print(f"try {number}: {type(error).__name__}: {error}", flush=True)  # noqa: T201
    return None


STEPS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (discover, submit, wait, run_trigger, load, score, report, run)
}


def run_step(name: str, arguments: Sequence[Any], environment: Mapping[str, str], log: str) -> None:
    """Run a step as the main function of a process, whose output is appended to `log`."""
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    STEPS[name](*arguments)


def log_tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])
