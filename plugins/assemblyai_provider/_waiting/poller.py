"""Waiting for many jobs at once by listing those that are not over; one poller per connection and process."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from airflow.sdk.exceptions import AirflowNotFoundException

from assemblyai_provider._client import AsyncAssemblyAIClient
from assemblyai_provider._waiting.job_tracker import Snapshot, Watch
from assemblyai_provider._waiting.poll_interval import Pace
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    AuthenticationError,
    ConfigurationError,
    TranscriptNotFoundError,
    TransportError,
)
from assemblyai_provider.hooks import AssemblyAIHook

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
    prompt: int = 0
    arrival: asyncio.Event | None = None
    missing_since: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def waiting(
        self, ids: Iterable[str], poll_interval: float | None, *, prompt: bool = False
    ) -> Iterator[None]:
        """Have these ids watched inside the block, every `poll_interval` seconds.

        :param prompt: never less often, even while nothing happens.
        """
        ids = Counter(ids)
        self.ids.update(ids)
        self.intervals[poll_interval] += 1
        self.prompt += prompt
        if prompt and self.arrival:
            self.arrival.set()
        try:
            yield
        finally:
            self.prompt -= prompt
            for transcript_id, times in ids.items():
                self.ids[transcript_id] -= times
                if not self.ids[transcript_id]:
                    del self.ids[transcript_id]
            self.intervals -= Counter([poll_interval])

    def interval_s(self, default_s: float) -> float:
        """The shortest interval anybody asks for, None being the default."""
        shortest = min((default_s if s is None else s for s in self.intervals), default=default_s)
        return max(shortest, 0.1)


_watch_lists: dict[str, WatchList] = {}


def watch_list(assemblyai_conn_id: str) -> WatchList:
    """The watch list of a connection in this process."""
    return _watch_lists.setdefault(assemblyai_conn_id, WatchList())


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
        self._watch, self._pace = Watch(missing_since=self._list.missing_since), Pace(uniform)
        self._failures = 0
        self._answered = True

    async def snapshots(self) -> AsyncGenerator[Snapshot]:
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
                        looked_at = self._clock()
                        pause = await self._round(client)
                        yield Snapshot(self._watch.over, looked_at if self._watch.is_complete else None)
                        await self._rest(pause, settings.poll_interval_s)
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
            self._list.interval_s(settings.poll_interval_s),
            news=bool(self._list.prompt) or not self._watch.over.keys() <= known.keys(),
            requests=client.sent - sent,
            budget=settings.request_budget,
        )

    async def _rest(self, pause: float, poll_interval_s: float) -> None:
        """Sleep until the next round, which comes sooner for a prompt wait that begins meanwhile."""
        began, self._list.arrival = self._clock(), asyncio.Event()
        sleep = asyncio.ensure_future(self._sleep(pause))
        arrival = asyncio.create_task(self._list.arrival.wait())
        try:
            await asyncio.wait((sleep, arrival), return_when=asyncio.FIRST_COMPLETED)
            slept = sleep.done()
        finally:
            sleep.cancel()
            arrival.cancel()
        if slept:
            await sleep
        else:
            shortest = self._pace.shortest(self._list.interval_s(poll_interval_s))
            await self._sleep(max(shortest - (self._clock() - began), 0))

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
