"""What the benchmark of waiting measures: delays, requests, memory, CPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles
from typing import ClassVar

import psutil

from local_stack.stack import Stack

BLOCKED = "Triggerer's async thread was blocked"
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How one contender waited for its jobs."""

    HEAD: ClassVar[Sequence[str]] = (
        "way",
        "jobs",
        "requests per job",
        "delay, median s",
        "95 %",
        "longest",
        "jobs in progress at 20,000 requests in 5 min",
    )
    name: str
    jobs: int
    requests: int
    delays_s: Sequence[float]

    @classmethod
    def measured(
        cls,
        name: str,
        jobs: int,
        requests: int,
        ended: Mapping[str, datetime],
        seen: Mapping[str, datetime],
    ) -> Wait:
        """:param ended, seen: by wait, when it ended and when that was seen."""
        missing = ended.keys() - seen.keys()
        assert not missing, f"{name}: {len(missing)} waits never ended"
        delays = [(seen[key] - ended[key]).total_seconds() for key in ended]
        return cls(name=name, jobs=jobs, requests=requests, delays_s=delays)

    def row(self) -> list[str]:
        centiles = quantiles(self.delays_s, n=20)
        per_job = self.requests / self.jobs
        # A job is in progress for a minute, and the account's limit counts five minutes.
        at_most = 20_000 / 5 / per_job
        return [
            self.name,
            f"{self.jobs:,}",
            f"{per_job:.2f}",
            f"{median(self.delays_s):.1f}",
            f"{centiles[-1]:.1f}",
            f"{max(self.delays_s):.1f}",
            f"{at_most:,.0f}",
        ]


class Memory:
    """Memory (resident, MiB) and CPU seconds of processes with their children."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self.idle_mib = self.now_mib
        self._peak = self.idle_mib
        self._cpu_before = self._cpu()
        self.cpu_s = 0.0

    @property
    def growth_mib(self) -> float:
        return self._peak - self.idle_mib

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the highest memory in use inside the block."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.5):
                self._peak = max(self._peak, self.now_mib)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self.cpu_s = self._cpu() - self._cpu_before

    def _family(self) -> list[psutil.Process]:
        return [
            process
            for pid in self._pids
            for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))
        ]

    @property
    def now_mib(self) -> float:
        return sum(process.memory_info().rss for process in self._family()) / MIB

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._family())


def blocked(stack: Stack, triggerers: Sequence[str]) -> int:
    """How often Airflow has found the event loop of a triggerer blocked: with each it counts up
    `triggers.blocked_main_thread` and writes this line."""
    return sum(stack.processes.log(name).read_text(errors="replace").count(BLOCKED) for name in triggerers)
