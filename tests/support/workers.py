"""Real worker processes for single tasks, which a test can kill at a chosen moment."""

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

# Forked from a process that has imported Airflow already, as LocalExecutor's workers are.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.dag_steps"])


def until(done: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Ask until the answer is true; a deadline missed fails the test."""
    deadline = time.monotonic() + deadline_s
    while not (answer := done()):
        assert time.monotonic() < deadline, f"waited {deadline_s:.0f} s in vain: {what}"
        time.sleep(0.02)
    return answer


class Workers:
    """Starts steps of `tests.support.dag_steps` in processes; all output goes to one log."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = dict(environment), log

    def run(self, step: str, *given: Any) -> None:
        """Run a step to its end, which must be a good one."""
        with self.started(step, *given) as process:
            process.join(4 * DEADLINE_S)
        assert process.exitcode == 0, f"{step} ended with {process.exitcode}:\n{log_tail(self.log)}"

    @contextmanager
    def started(self, step: str, *given: Any) -> Iterator[BaseProcess]:
        """A running step, killed when the block is left."""
        process = _CONTEXT.Process(
            target=run_step, args=(step, given, self.environment, str(self.log)), daemon=True
        )
        process.start()
        try:
            yield process
        finally:
            process.kill()
            process.join(DEADLINE_S)
