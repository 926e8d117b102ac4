"""Finds the deferred tasks that wait for a job, and resumes them once all their jobs have ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Wait:
    """What a trigger waits for, and the number of requests sent for it."""

    conn_id: str
    ids: frozenset[str]
    requests: int
    tracker: JobTracker = field(default_factory=JobTracker)


class WaitingTasks:
    """The deferred tasks of this Airflow, for one thread. What a trigger waits for is decrypted once."""

    def __init__(self) -> None:
        self._waits: dict[int, _Wait] = {}

    def resume(self, conn_id: str, ended: Set[str]) -> int:
        """Resume each task that waits for one of the ended jobs, and for no job in progress.

        Returns how many resume. A task polls once when it resumes, so a wrong notice does no harm.
        """
        with create_session() as session:
            self._update(session)
        count = 0
        for trigger_id, wait in list(self._waits.items()):
            if wait.conn_id != conn_id or ended.isdisjoint(wait.ids):
                continue
            wait.tracker.ended |= dict.fromkeys(ended & wait.ids, JobOutcome())
            if _is_over(wait):
                event = TriggerEvent(woken_event(wait.requests))  # type: ignore[no-untyped-call]
                with create_session() as session:
                    Trigger.submit_event(trigger_id, event, session=session)
                count += 1
        return count

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
            known[trigger.id] = _read_wait(trigger.kwargs)
        self._waits = known


def _read_wait(kwargs: Mapping[str, Any]) -> _Wait:
    # Of a version without one of these, the triggerer polls alone.
    ids = frozenset(kwargs.get("transcript_ids") or ())
    return _Wait(str(kwargs.get("assemblyai_conn_id")), ids, int(kwargs.get("worker_requests") or 0))


def _is_over(wait: _Wait) -> bool:
    """Whether all jobs of a wait have ended; False if AssemblyAI does not answer."""
    if not wait.ids <= wait.tracker.ended.keys():
        client = AssemblyAIClient(client_settings(Connection.get_connection_from_secrets(wait.conn_id)))
        try:
            poll_once(wait.tracker, client, wait.ids, time.monotonic())
        except AssemblyAIError as error:
            log.warning("A webhook came, but polling failed; the triggerer goes on: %s", error)
            return False
        finally:
            wait.requests += client.requests_sent
            client.close()
    return wait.ids <= wait.tracker.ended.keys()
