"""Polls many jobs at once; one poller per connection and process."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

from assemblyai_provider._client import AsyncAssemblyAIClient
from assemblyai_provider._waiting.job_tracker import JobTracker, PollResult
from assemblyai_provider._waiting.poll_interval import PollInterval
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.compat import AirflowNotFoundException
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    AuthenticationError,
    ConfigurationError,
    TranscriptNotFoundError,
    TransportError,
)
from assemblyai_provider.hooks import AssemblyAIHook

log = logging.getLogger(__name__)

CONCURRENT_REQUESTS = 4
"""By id. An answer holds the whole transcript, several MB for a long call, so few are in memory at once."""

MAX_CONNECTION_FAILURES = 3
"""Consecutive connection failures before waiting tasks fail."""

CONNECTION_PAUSE_S = 10.0
CONNECTION_FAILURES = (AuthenticationError, ConfigurationError, AirflowNotFoundException)


class Poller:
    """Polls the jobs in the connection's wait registry.

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
        self._registry = wait_registry(assemblyai_conn_id)
        self._sleep, self._clock, self._uniform = sleep, clock, uniform
        self._tracker = JobTracker(missing_since=self._registry.missing_since)
        self._interval = PollInterval(uniform)

    async def results(self) -> AsyncGenerator[PollResult]:
        """The result of each round, for ever, with all jobs that have ended so far.

        Network faults are retried for ever. After each, the connection is read again for a new client, so
        that a correction takes effect. Raises after consecutive connection failures (refused key, no such
        connection).
        """
        connection_failures = 0
        while True:
            try:
                async with await self._new_client() as client:
                    is_reachable = True
                    while is_reachable:
                        started_at = self._clock()
                        is_reachable, pause_s = await self._poll_round(client)
                        if is_reachable:
                            connection_failures = 0
                        is_complete = self._tracker.is_complete
                        yield PollResult(self._tracker.ended, started_at if is_complete else None)
                        await self._pause(pause_s, client.settings.poll_interval_s)
            except CONNECTION_FAILURES as error:
                connection_failures += 1
                if connection_failures >= MAX_CONNECTION_FAILURES:
                    raise
                log.warning("Cannot use connection %s: %s", self._hook.assemblyai_conn_id, error)
                await self._sleep(CONNECTION_PAUSE_S)

    async def _new_client(self) -> AsyncAssemblyAIClient:
        settings = await self._hook.get_async_settings()
        return AsyncAssemblyAIClient(settings, sleep=self._sleep, uniform=self._uniform)

    async def _poll_round(self, client: AsyncAssemblyAIClient) -> tuple[bool, float]:
        """Poll each job once; whether AssemblyAI answered, and the pause in seconds."""
        requests_before, ended_before = client.requests_sent, set(self._tracker.ended)
        is_reachable, count = True, len(self._registry.ids)
        try:
            await self._poll_jobs(client)
        except CONNECTION_FAILURES:
            raise
        except AssemblyAIError as error:
            is_reachable = False
            log.warning("Polling of %d jobs failed; the next round tries again: %s", count, error)
        sent = client.requests_sent - requests_before
        self._registry.unreported_requests += sent
        has_new_end = not self._tracker.ended.keys() <= ended_before
        return is_reachable, self._interval.next_pause(
            self._registry.interval_s(client.settings.poll_interval_s),
            slow_down=not (has_new_end or self._registry.steady_count),
            requests=sent,
            budget=client.settings.request_budget,
        )

    async def _poll_jobs(self, client: AsyncAssemblyAIClient) -> None:
        if not self._tracker.start_round(set(self._registry.ids)):
            return
        while request := self._tracker.next_page():
            page = await client.list_transcripts(status=request.status, before_id=request.before_id)
            self._tracker.record_page(request, page)
        ids = iter(self._tracker.unlisted_ids())
        # Each stops at its first fault, so an outage ends the round soon. All stop before an error is raised:
        # none may go on with a closed client.
        tasks = (self._poll_by_id(client, ids) for _ in range(CONCURRENT_REQUESTS))
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            if error is not None:
                raise error

    async def _poll_by_id(self, client: AsyncAssemblyAIClient, ids: Iterator[str]) -> None:
        for transcript_id in ids:
            try:
                self._tracker.record_transcript(transcript_id, await client.get_transcript(transcript_id))
            except TranscriptNotFoundError:
                self._tracker.record_missing(transcript_id, self._clock())
            except TransportError:
                self._tracker.postpone(transcript_id)
                raise

    async def _pause(self, pause_s: float, poll_interval_s: float) -> None:
        """Sleep until the next round, or less once a steady wait is registered."""
        started_at, self._registry.steady_added = self._clock(), asyncio.Event()
        sleep = asyncio.ensure_future(self._sleep(pause_s))
        steady_added = asyncio.create_task(self._registry.steady_added.wait())
        try:
            await asyncio.wait((sleep, steady_added), return_when=asyncio.FIRST_COMPLETED)
            slept = sleep.done()
        finally:
            sleep.cancel()
            steady_added.cancel()
        if slept:
            await sleep
        else:
            shortest_s = self._interval.shortest_pause(self._registry.interval_s(poll_interval_s))
            await self._sleep(max(shortest_s - (self._clock() - started_at), 0))
