"""The jobs of the sandbox: queued, processing, ended. Only the clock decides when."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from assemblyai_sandbox import errors
from assemblyai_sandbox.accounts import Accounts
from assemblyai_sandbox.billing import charge
from assemblyai_sandbox.clock import Clock
from assemblyai_sandbox.models_policy import routed
from assemblyai_sandbox.outcomes import Outcome, apply_rules
from assemblyai_sandbox.records import COMPLETED, ERROR, PROCESSING, QUEUED, Record
from assemblyai_sandbox.settings import Settings


class Engine(Protocol):
    """Makes the outcome of a job: at its submission, or by recognition when it is processed."""

    def decide(self, record: Record) -> Outcome | None: ...

    def listen(self, record: Record) -> asyncio.Future[Outcome]: ...


class Jobs:
    """Processes jobs in the order of submission, within each account's concurrency limit.

    Nothing here waits. :meth:`settle` makes all due events happen in the order of their times, so one large
    step of the clock has the same result as many small ones. ``on_change`` is called with every record whose
    status has changed; the caller stores it and sends its webhook.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        accounts: Accounts,
        engine: Engine,
        on_change: Callable[[Record], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.accounts = accounts
        self._engine = engine
        self._on_change = on_change
        self._endings: list[tuple[float, int, Record, Outcome]] = []
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[Record]] = {}
        self._listening: set[asyncio.Future[Outcome]] = set()
        self.live: dict[str, Record] = {}

    def submit(self, record: Record) -> None:
        self.settle()
        self.live[record.id] = record
        # A record that already has an outcome was processing when the sandbox was stopped.
        record.outcome = record.outcome or self._engine.decide(record)
        self._waiting.setdefault(record.account, deque()).append(record)
        self._start_waiting(record.account, self._clock.now())
        record.throttled = record.status == QUEUED

    def settle(self) -> None:
        """Make all events happen that are due."""
        now = self._clock.now()
        while self._endings and self._endings[0][0] <= now:
            moment, _, record, outcome = heapq.heappop(self._endings)
            self._end(record, outcome, moment)

    @property
    def next_event(self) -> float | None:
        """The time of the next event; None: none is scheduled."""
        return self._endings[0][0] if self._endings else None

    def clear(self) -> None:
        for future in self._listening:
            future.cancel()
        self._endings.clear()
        self._running.clear()
        self._waiting.clear()
        self.live.clear()

    def _start_waiting(self, account: str, moment: float) -> None:
        waiting = self._waiting.get(account)
        limit = self.accounts.by_name[account].allowed_in_parallel(self._settings)
        while waiting and self._running.get(account, 0) < limit:
            record = waiting.popleft()
            self._running[account] = self._running.get(account, 0) + 1
            record.status, record.started = PROCESSING, moment
            self._begin(record, moment)
            self._on_change(record)

    def _begin(self, record: Record, moment: float) -> None:
        if record.outcome:
            self._schedule(record, record.outcome, moment + record.outcome.processing_s)
            return
        listening = self._engine.listen(record)
        self._listening.add(listening)
        listening.add_done_callback(lambda future: self._heard(record, future))

    def _heard(self, record: Record, future: asyncio.Future[Outcome]) -> None:
        self._listening.discard(future)
        if future.cancelled() or record.id not in self.live:
            return
        failure = future.exception()
        outcome = Outcome(status=ERROR, error=errors.SERVER_ERROR_NEW) if failure else future.result()
        self._schedule(record, outcome, self._clock.now())
        self.settle()

    def _schedule(self, record: Record, outcome: Outcome, moment: float) -> None:
        record.outcome = outcome
        heapq.heappush(self._endings, (moment, record.seq, record, outcome))

    def _end(self, record: Record, outcome: Outcome, moment: float) -> None:
        outcome = apply_rules(outcome, record.request)
        if record.request.get("language_detection") and not record.request.get("language_code"):
            record.model, record.warnings = routed(tuple(record.models), outcome.language_code)
        record.outcome, record.status, record.finished = outcome, outcome.status, moment
        del self.live[record.id]
        if outcome.status == COMPLETED:
            record.charge = charge(record, round(outcome.duration_s), moment)
        self._running[record.account] -= 1
        self._on_change(record)
        self._start_waiting(record.account, moment)


def unfinished(record: Record) -> Record:
    """The record as it is submitted again after a restart."""
    return replace(record, status=QUEUED, started=None, finished=None, throttled=False)
