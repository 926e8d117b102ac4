"""One running poller per connection and event loop, for all triggers that wait there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from contextvars import Context
from dataclasses import dataclass

from assemblyai_provider._waiting.job_tracker import PollResult
from assemblyai_provider._waiting.poller import Poller
from assemblyai_provider._waiting.wait_registry import forget_waits
from assemblyai_provider.exceptions import TransportError


class _RunningPoller:
    """A task that polls, and its newest result.

    :ivar news: set at the next result, or at the end of the task.
    """

    def __init__(self, poller: Poller) -> None:
        self.readers = 0
        self.newest: PollResult | None = None
        self.news = asyncio.Event()
        # A context of its own, or all it logs would go to the log of the task that happened to be the first.
        self._task = asyncio.create_task(self._poll(poller), name="AssemblyAI poller", context=Context())
        self._task.add_done_callback(self._end)

    @property
    def has_ended(self) -> bool:
        return self._task.done()

    def raise_error(self) -> None:
        """Raise what ended the task."""
        if not self._task.cancelled():
            self._task.result()
        raise TransportError("the poller was stopped. A retry starts a new one.")

    async def stop(self) -> None:
        # Waits for its end: a loop that ends now would cancel it again while it closes its connections.
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _poll(self, poller: Poller) -> None:
        async with aclosing(poller.results()) as results:
            async for result in results:
                self.newest = result
                self._tell_readers()

    def _end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # else asyncio logs it where no reader is left
        self._tell_readers()

    def _tell_readers(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()


@dataclass(slots=True)
class _Reader:
    """The newest result of a poller at once, then those that follow."""

    poller: _RunningPoller
    _read: PollResult | None = None

    def __aiter__(self) -> _Reader:
        return self

    async def __anext__(self) -> PollResult:
        while (newest := self.poller.newest) is None or newest is self._read:
            if self.poller.has_ended:
                self.poller.raise_error()
            await self.poller.news.wait()
        self._read = newest
        return newest


_pollers: dict[tuple[asyncio.AbstractEventLoop, str], _RunningPoller] = {}


@asynccontextmanager
async def shared_poller(
    assemblyai_conn_id: str, make_poller: Callable[[str], Poller] = Poller
) -> AsyncIterator[AsyncIterator[PollResult]]:
    """The results of the connection's poller, to be read inside the block.

    The first block on an event loop starts the poller, the end of the last one stops it. A block gets the
    newest result at once, and misses some while it does not read: each contains those before it. An error
    that ends the poller is raised in all blocks, and the next block starts a new one.
    """
    _forget_closed_loops()
    key = (asyncio.get_running_loop(), assemblyai_conn_id)
    poller = _pollers.get(key)
    if poller is None or poller.has_ended:
        poller = _pollers[key] = _RunningPoller(make_poller(assemblyai_conn_id))
    poller.readers += 1
    try:
        yield _Reader(poller)
    finally:
        poller.readers -= 1
        if not poller.readers:
            if _pollers.get(key) is poller:
                del _pollers[key]
            await poller.stop()


def _forget_closed_loops() -> None:
    """Forget the waits of loops that were closed without cancelling their tasks."""
    closed = [key for key in _pollers if key[0].is_closed()]
    for key in closed:
        del _pollers[key]
    in_use = {conn_id for _, conn_id in _pollers}
    for _, conn_id in closed:
        if conn_id not in in_use:
            forget_waits(conn_id)
