"""Collects the notices of ended jobs and resumes the tasks that waited for them, in a thread of its own.

AssemblyAI waits ten seconds for the answer to a webhook, and the jobs of a batch end within moments of each
other. So the answer does not wait, and notices that come together are handled together. A notice that is lost
with the process costs nothing but time: the triggerer polls all the same.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from assemblyai_provider._webhooks.waiting_tasks import WaitingTasks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """A job of a connection has ended."""

    conn_id: str
    transcript_id: str


class NoticeQueue:
    """A queue of notices, and the thread that handles them; it starts with the first notice."""

    def __init__(self) -> None:
        self._notices: queue.SimpleQueue[Notice] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._tasks = WaitingTasks()

    def put(self, notice: Notice) -> None:
        """Have a notice handled soon."""
        self._notices.put(notice)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._handle, name="assemblyai-webhooks", daemon=True)
                self._thread.start()

    def _handle(self) -> None:
        while True:
            ended: dict[str, set[str]] = {}
            for notice in self._take_all():
                ended.setdefault(notice.conn_id, set()).add(notice.transcript_id)
            for conn_id, transcript_ids in ended.items():
                with _outliving_faults():
                    self._tasks.record(conn_id, transcript_ids)
            with _outliving_faults():
                count = self._tasks.resume(datetime.now(UTC))
                log.info(
                    "Webhooks: %d jobs have ended, %d tasks resume", sum(map(len, ended.values())), count
                )

    def _take_all(self) -> list[Notice]:
        """The notices there are, once there is one or a task is to be resumed."""
        due = self._tasks.next_due()
        patience_s = None if due is None else max((due - datetime.now(UTC)).total_seconds(), 0)
        try:
            notices = [self._notices.get(timeout=patience_s)]
        except queue.Empty:
            return []
        while not self._notices.empty():
            notices.append(self._notices.get())
        return notices


@contextmanager
def _outliving_faults() -> Iterator[None]:
    """The thread must outlive any fault, of a database for instance."""
    try:
        yield
    except Exception:
        log.exception("Webhooks could not be handled; the tasks poll")
