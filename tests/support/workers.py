"""Runs single tasks of the Dag in worker processes that a test can kill."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.support.dag_steps import log_tail, run_step

DEADLINE_S = 60.0

# A fork of a process that has imported Airflow, like the workers of LocalExecutor.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.dag_steps"])


def wait_until(condition: Callable[[], Any], expected: str, deadline_s: float = DEADLINE_S) -> Any:
    """The first true value of the condition; fails the test when the deadline passes.

    :param expected: what the condition stands for, for the message.
    """
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {deadline_s:.0f} s: {expected}"
        time.sleep(0.02)
    return value


class Workers:
    """Runs steps of `tests.support.dag_steps` in processes that write to one log."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = dict(environment), log

    def run_step(self, step: str, *arguments: Any) -> None:
        """Run a step, which must succeed."""
        with self.start_step(step, *arguments) as process:
            process.join(4 * DEADLINE_S)
        assert process.exitcode == 0, f"{step} ended with {process.exitcode}:\n{log_tail(self.log)}"

    @contextmanager
    def start_step(self, step: str, *arguments: Any) -> Iterator[BaseProcess]:
        """A running step; it is killed when the block is left."""
        process = _CONTEXT.Process(
            target=run_step, args=(step, arguments, self.environment, str(self.log)), daemon=True
        )
        process.start()
        try:
            yield process
        finally:
            process.kill()
            process.join(DEADLINE_S)
