"""Finds the deferred tasks that wait for a job, and resumes them once all their jobs have ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airflow.models import Connection, TaskInstance
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import Session

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._connection.fields import client_settings
from assemblyai_provider._waiting.job_tracker import JobOutcome, JobTracker, poll_once
from assemblyai_provider.exceptions import AssemblyAIError
from assemblyai_provider.triggers import TRIGGER_PATH, woken_event

log = logging.getLogger(__name__)

SETTLING_TIME = timedelta(seconds=10)
"""For how long after its deferral a task is not resumed.

Airflow's scheduler learns from the executor that the worker's process has ended. If the task is queued again
by then, Airflow 3.3.2 takes that process for the resumed one and fails the task ("finished with state
success, but the task instance's state attribute is queued").
"""


@dataclass(slots=True)
class _Wait:
    """What a trigger waits for, when it was deferred, and the number of requests sent for it."""

    conn_id: str
    ids: frozenset[str]
    requests: int
    deferred_at: datetime
    tracker: JobTracker = field(default_factory=JobTracker)

    @property
    def is_over(self) -> bool:
        """Whether all jobs are known to have ended."""
        return bool(self.ids) and self.ids <= self.tracker.ended.keys()

    @property
    def due_at(self) -> datetime:
        """From when on the task may be resumed."""
        return self.deferred_at + SETTLING_TIME


class WaitingTasks:
    """The deferred tasks of this Airflow, for one thread. What a trigger waits for is decrypted once."""

    def __init__(self) -> None:
        self._waits: dict[int, _Wait] = {}

    def record(self, conn_id: str, ended: Set[str]) -> None:
        """Record jobs that have ended; `resume` then resumes the tasks that wait for no job in progress.

        A task polls once when it resumes, so a wrong notice does no harm.
        """
        with create_session() as session:
            self._update(session)
        for wait in self._waits.values():
            if wait.conn_id == conn_id and not ended.isdisjoint(wait.ids):
                wait.tracker.ended |= dict.fromkeys(ended & wait.ids, JobOutcome())
                if not wait.is_over:
                    _poll(wait)

    def resume(self, now: datetime) -> int:
        """Resume the tasks whose wait is over and that were not deferred only just now; returns how many."""
        due = [id_ for id_, wait in self._waits.items() if wait.is_over and wait.due_at <= now]
        for trigger_id in due:
            # Forgotten first: a task that cannot be resumed is left to its trigger.
            wait = self._waits.pop(trigger_id)
            event = TriggerEvent(woken_event(wait.requests))  # type: ignore[no-untyped-call]
            with create_session() as session:
                Trigger.submit_event(trigger_id, event, session=session)
        return len(due)

    def next_due(self) -> datetime | None:
        """When `resume` is to be called even without another job that ends; None: not at all."""
        return min((wait.due_at for wait in self._waits.values() if wait.is_over), default=None)

    def _update(self, session: Session) -> None:
        """Read the triggers that are new, and forget those that no task waits for any more."""
        waiting = (
            select(Trigger.id)
            .join(TaskInstance, TaskInstance.trigger_id == Trigger.id)
            .where(Trigger.classpath == TRIGGER_PATH, TaskInstance.state == TaskInstanceState.DEFERRED)
        )
        ids = set(session.scalars(waiting))
        known = {trigger_id: wait for trigger_id, wait in self._waits.items() if trigger_id in ids}
        for trigger in session.scalars(select(Trigger).where(Trigger.id.in_(ids - known.keys()))):
            known[trigger.id] = _read_wait(trigger.kwargs, trigger.created_date)
        self._waits = known


def _read_wait(kwargs: Mapping[str, Any], deferred_at: datetime) -> _Wait:
    # Of a version without one of these, the triggerer polls alone.
    ids = frozenset(kwargs.get("transcript_ids") or ())
    requests = int(kwargs.get("worker_requests") or 0)
    return _Wait(str(kwargs.get("assemblyai_conn_id")), ids, requests, deferred_at)


def _poll(wait: _Wait) -> None:
    """Ask for the jobs that no notice named; record nothing if AssemblyAI does not answer."""
    client = AssemblyAIClient(client_settings(Connection.get_connection_from_secrets(wait.conn_id)))
    try:
        poll_once(wait.tracker, client, wait.ids, time.monotonic())
    except AssemblyAIError as error:
        log.warning("A webhook came, but polling failed; the triggerer goes on: %s", error)
    finally:
        wait.requests += client.requests_sent
        client.close()
