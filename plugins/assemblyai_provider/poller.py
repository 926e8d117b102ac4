"""Waiting for many jobs at once by listing those that are not over; one poller per connection and process."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from airflow.sdk.exceptions import AirflowNotFoundException

from assemblyai_provider.client import AsyncAssemblyAIClient
from assemblyai_provider.client.limiter import WINDOW_S
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    AuthenticationError,
    ConfigurationError,
    TranscriptNotFoundError,
    TransportError,
)
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.watch import Outcome, Watch

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 4
"""By id. An answer holds the whole transcript, several MB for a long call, so few are in memory at once."""

CERTAIN_AFTER = 3
"""So often in a row the connection must be unusable before everybody who waits is told."""

UNUSABLE_PAUSE_S = 10.0
UNUSABLE = (AuthenticationError, ConfigurationError, AirflowNotFoundException)


@dataclass(slots=True)
class WatchList:
    """Who waits for what on one connection: filled by triggers, read by the poller in the same process."""

    ids: Counter[str] = field(default_factory=Counter)
    intervals: Counter[float | None] = field(default_factory=Counter)

    @contextmanager
    def waiting(self, ids: Iterable[str], poll_interval: float | None) -> Iterator[None]:
        """Have these ids watched inside the block, every `poll_interval` seconds."""
        ids = Counter(ids)
        self.ids.update(ids)
        self.intervals[poll_interval] += 1
        try:
            yield
        finally:
            for transcript_id, times in ids.items():
                self.ids[transcript_id] -= times
                if not self.ids[transcript_id]:
                    del self.ids[transcript_id]
            self.intervals -= Counter([poll_interval])

    def interval_s(self, default_s: float) -> float:
        """The shortest interval anybody asks for, None being the default."""
        return min((default_s if s is None else s for s in self.intervals), default=default_s)


_watch_lists: dict[str, WatchList] = {}


def watch_list(assemblyai_conn_id: str) -> WatchList:
    """The watch list of a connection in this process."""
    return _watch_lists.setdefault(assemblyai_conn_id, WatchList())


@dataclass(slots=True)
class Pace:
    """How long to pause between rounds: longer while nothing happens, never beyond a share of the budget."""

    uniform: Callable[[float, float], float] = random.uniform
    _slowdown: float = 1.0

    def pause(self, interval_s: float, *, news: bool, requests: int, budget: int) -> float:
        """Seconds until the next round, after one that took `requests` of the `budget` per five minutes."""
        self._slowdown = 1.0 if news else min(self._slowdown * 1.25, 3.0)
        affordable = requests * WINDOW_S / (budget * 0.5)
        return max(interval_s * self._slowdown * self.uniform(0.8, 1.2), affordable)


class Poller:
    """Watches what the connection's watch list holds.

    :param assemblyai_conn_id: the connection.
    :param sleep, clock, uniform: how to wait (seconds), a monotonic clock and the jitter.
    """

    def __init__(
        self,
        assemblyai_conn_id: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._hook = AssemblyAIHook(assemblyai_conn_id)
        self._list = watch_list(assemblyai_conn_id)
        self._sleep, self._clock, self._uniform = sleep, clock, uniform
        self._watch, self._pace = Watch(), Pace(uniform)
        self._failures = 0
        self._answered = True

    async def snapshots(self) -> AsyncGenerator[Mapping[str, Outcome]]:
        """After each round, for ever: how each watched job that is over ended, told again every time.

        Rides out every fault of the network. Raises only once it is certain that the connection is unusable
        (refused key, no such connection): it is read anew after every fault, so a corrected one is taken up.
        """
        while True:
            try:
                settings = await self._hook.get_async_settings()
                async with AsyncAssemblyAIClient(
                    settings, sleep=self._sleep, uniform=self._uniform
                ) as client:
                    self._answered = True
                    while self._answered:
                        pause = await self._round(client)
                        yield self._watch.over
                        await self._sleep(pause)
            except UNUSABLE as error:
                self._failures += 1
                if self._failures >= CERTAIN_AFTER:
                    raise
                log.warning("Cannot use connection %s: %s", self._hook.assemblyai_conn_id, error)
                await self._sleep(UNUSABLE_PAUSE_S)

    async def _round(self, client: AsyncAssemblyAIClient) -> float:
        """Look once at everything that is wanted; returns the pause until the next round."""
        sent, known, wanted = client.sent, self._watch.over, set(self._list.ids)
        try:
            await self._look(client, wanted)
            self._failures = 0
        except UNUSABLE:
            raise
        except AssemblyAIError as error:
            self._answered = False
            log.warning("AssemblyAI cannot be asked for %d jobs now: %s", len(wanted), error)
        settings = client.settings
        return self._pace.pause(
            max(self._list.interval_s(settings.poll_interval_s), 0.1),
            news=not self._watch.over.keys() <= known.keys(),
            requests=client.sent - sent,
            budget=settings.request_budget,
        )

    async def _look(self, client: AsyncAssemblyAIClient, wanted: Set[str]) -> None:
        watch = self._watch
        if not watch.begin(wanted):
            return
        for status, before_id in watch.lists():
            watch.take(await client.list_transcripts(status=status, before_id=before_id))
        left = iter(watch.unlisted())
        # Each ends at its first fault, so an outage ends the round soon. All end before an error is raised:
        # none may go on with a closed client.
        looks = (self._confirm(client, left) for _ in range(LOOKS_AT_ONCE))
        for error in await asyncio.gather(*looks, return_exceptions=True):
            if error is not None:
                raise error

    async def _confirm(self, client: AsyncAssemblyAIClient, left: Iterator[str]) -> None:
        for transcript_id in left:
            try:
                self._watch.confirm(transcript_id, await client.get_transcript(transcript_id))
            except TranscriptNotFoundError:
                self._watch.not_found(transcript_id, self._clock())
            except TransportError:
                self._watch.put_off(transcript_id)
                raise
