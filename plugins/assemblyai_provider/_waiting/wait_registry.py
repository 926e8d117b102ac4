"""The jobs that triggers wait for, for the poller they share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class WaitRegistry:
    """The waits on one connection in this process."""

    ids: Counter[str] = field(default_factory=Counter)
    intervals: Counter[float | None] = field(default_factory=Counter)
    steady_count: int = 0
    steady_added: asyncio.Event | None = None
    missing_since: dict[str, float] = field(default_factory=dict)
    unreported_requests: int = 0

    @contextmanager
    def register(
        self, ids: Iterable[str], poll_interval: float | None, *, steady: bool = False
    ) -> Iterator[None]:
        """Have these ids polled inside the block, every `poll_interval` seconds.

        :param steady: never less often, even while no job ends.
        """
        ids = Counter(ids)
        self.ids.update(ids)
        self.intervals[poll_interval] += 1
        self.steady_count += steady
        if steady and self.steady_added:
            self.steady_added.set()
        try:
            yield
        finally:
            self.steady_count -= steady
            for transcript_id, times in ids.items():
                self.ids[transcript_id] -= times
                if not self.ids[transcript_id]:
                    del self.ids[transcript_id]
            self.intervals -= Counter([poll_interval])

    def take_requests(self) -> int:
        """The number of requests sent since the last call of this, by any wait."""
        count, self.unreported_requests = self.unreported_requests, 0
        return count

    def interval_s(self, default_s: float) -> float:
        """The shortest interval of any wait, None being the default."""
        shortest = min((default_s if s is None else s for s in self.intervals), default=default_s)
        return max(shortest, 0.1)


_registries: dict[str, WaitRegistry] = {}


def wait_registry(assemblyai_conn_id: str) -> WaitRegistry:
    """The registry of a connection in this process."""
    return _registries.setdefault(assemblyai_conn_id, WaitRegistry())


def forget_waits(assemblyai_conn_id: str) -> None:
    """Start the registry of a connection anew."""
    _registries.pop(assemblyai_conn_id, None)
