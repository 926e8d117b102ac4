"""The sensor that waits for transcripts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from assemblyai_provider._connection.deferrable import read_deferrable
from assemblyai_provider._connection.ranges import POLL_INTERVAL
from assemblyai_provider._transcripts.ids import read_ids
from assemblyai_provider._waiting.job_tracker import JobTracker, poll_once
from assemblyai_provider._waiting.wait_limit import (
    WaitLimit,
    describe_failures,
    describe_progress,
    read_wait,
)
from assemblyai_provider.compat import AirflowSkipException
from assemblyai_provider.exceptions import ConfigurationError, TranscriptFailedError, TransportError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.links import AssemblyAITranscriptLink
from assemblyai_provider.models import REQUESTS_KEY
from assemblyai_provider.triggers import (
    AssemblyAITranscriptTrigger,
    ended_of_event,
    failures_of_event,
    requests_of_woken_event,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

DEFAULT_POLL_INTERVAL_S = 5.0


class AssemblyAITranscriptSensor(BaseSensorOperator):
    """Waits until the transcripts have ended, and returns the ids of those that have.

    By default it waits for all. With `patience` or `end_after` it ends with those that have ended in time,
    maybe none. The others stay in progress.

    Network faults are retried until `timeout`. Failed jobs fail the task without retry
    (TranscriptFailedError, with ids and reasons), or skip it with `soft_fail`.

    :param transcript_ids: one id or a list, as the submit operator returns them (templated). An empty list
        succeeds at once.
    :param assemblyai_conn_id: the connection (templated).
    :param fail_on_error: False: succeed even with failed jobs.
    :param deferrable: wait in the triggerer, without a worker slot; None: as Airflow's option `[operators]
        default_deferrable` says. The worker polls once before: if all have ended, nothing is deferred.
    :param poll_interval: polling interval in seconds or as a timedelta. Deferred, it defaults to the
        connection's `poll_interval_s`.
    :param patience: end the wait this long after the last job ended, or after the start while none has:
        seconds or a timedelta (templated). None, an empty text or the text `None`: wait for all. On a worker
        not with `mode="reschedule"`, which keeps no memory between two polls.
    :param end_after: end the wait this long after this try started to wait (given as `patience` is). Either
        limit takes effect at the first poll after it, so up to one interval later, and never while AssemblyAI
        gives no answer.
    :param push_requests: push the number of requests that the wait sent, as the XCom `requests`. Of those
        that one poller sends for several waits, each is counted in one of them.
    :return: the ids that have ended, each once, in the order given. Failed ones are among them if
        `fail_on_error` is off.
    """

    template_fields: Sequence[str] = ("transcript_ids", "patience", "end_after", "assemblyai_conn_id")
    operator_extra_links = (AssemblyAITranscriptLink(),)
    ui_color = "#d5e8f0"
    clock = staticmethod(time.monotonic)

    def __init__(
        self,
        *,
        transcript_ids: str | list[str],
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        fail_on_error: bool = True,
        deferrable: bool | None = None,
        poll_interval: timedelta | float | None = None,
        patience: timedelta | float | str | None = None,
        end_after: timedelta | float | str | None = None,
        push_requests: bool = False,
        **kwargs: Any,
    ) -> None:
        # Airflow's own name for it, which the Dag's default_args may have.
        poll_interval = kwargs.pop("poke_interval", None) if poll_interval is None else poll_interval
        interval_s = POLL_INTERVAL.read(poll_interval, f"task {kwargs.get('task_id')!r}, poll_interval")
        super().__init__(poke_interval=interval_s or DEFAULT_POLL_INTERVAL_S, **kwargs)
        self.transcript_ids = transcript_ids
        self.assemblyai_conn_id = assemblyai_conn_id
        self.fail_on_error = fail_on_error
        self.deferrable = read_deferrable(deferrable)
        self.patience = patience
        self.end_after = end_after
        self.push_requests = push_requests
        self.poll_interval = interval_s
        self._tracker = JobTracker()
        self._limit: WaitLimit | None = None
        self._earlier_requests = 0
        for name, value in (("patience", patience), ("end_after", end_after)):
            if isinstance(value, (int, float, timedelta)):  # a template is checked when it is rendered
                self._seconds(name)

    def execute(self, context: Context) -> list[str]:
        if not self.deferrable:
            super().execute(context)
            return self._end(context)
        return self._wait(context, 0)

    def _wait(self, context: Context, waited_s: float) -> list[str]:
        """Poll once, and go on in the triggerer unless the wait is over."""
        patience, end_after = self._seconds("patience"), self._seconds("end_after")
        end_at = None if end_after is None else time.time() + end_after - waited_s
        try:
            has_ended = self.poke(context)
        except TranscriptFailedError as error:
            # The base class does this only for errors in its own loop and after a deferral.
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        if not has_ended:
            self.defer(
                trigger=AssemblyAITranscriptTrigger(
                    self._ids,
                    self.assemblyai_conn_id,
                    self.poll_interval,
                    self.fail_on_error,
                    patience,
                    end_at,
                    push_result=self.do_xcom_push,
                    has_mapped_dependants=next(self.iter_mapped_dependants(), None) is not None,
                    worker_requests=self._requests_sent if self.push_requests else None,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=max(self.timeout - waited_s, 1)),
            )
        return self._end(context)

    def _end(self, context: Context) -> list[str]:
        """End a wait on the worker."""
        if self.push_requests:
            context["ti"].xcom_push(REQUESTS_KEY, self._requests_sent)
        return self._result(self._tracker.ended)

    @property
    def _requests_sent(self) -> int:
        return self._earlier_requests + self.hook.client.requests_sent

    def poke(self, context: Context) -> bool:
        # No limit ends the wait at the poll before a deferral, which is the first.
        ids, limit = set(self._ids), None if self.deferrable else self._limit_on_worker(context)
        started_at = self.clock()
        try:
            poll_once(self._tracker, self.hook.client, ids, started_at, every_job=limit is not None)
        except TransportError as error:
            self.log.warning("Polling failed; the next poll tries again: %s", error)
        ended = self._tracker.ended
        if len(ended) < len(ids):
            polled_at = started_at if self._tracker.is_complete else None
            if limit is None or not limit.is_reached(len(ended), polled_at, self.clock()):
                return False
        self._raise_failures({id_: outcome.failure for id_, outcome in ended.items() if outcome.failure})
        return True

    def _limit_on_worker(self, context: Context) -> WaitLimit | None:
        patience, end_after = self._seconds("patience"), self._seconds("end_after")
        if patience is not None and self.reschedule:
            raise ConfigurationError(
                f"task {self.task_id!r}, patience: is lost between two polls with mode='reschedule'. "
                "Set deferrable=True or mode='poke', or give end_after instead."
            )
        if self._limit is None and (patience is not None or end_after is not None):
            started_at, end_at = self.clock(), None
            if end_after is not None:
                first = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
                waited_s = (datetime.now(UTC) - first).total_seconds() if first else 0.0
                end_at = started_at + end_after - waited_s
            self._limit = WaitLimit(started_at, patience, end_at)
        return self._limit

    def _seconds(self, name: str) -> float | None:
        return read_wait(getattr(self, name), f"task {self.task_id!r}, {name}")

    def execute_complete(self, context: Context, event: Any = None) -> list[str]:
        """Fail for the failed jobs, or poll after a webhook; `dag.test` resumes here after a success, too."""
        requests = requests_of_woken_event(event)
        if requests is not None:
            self._earlier_requests = requests
            started_at = context["ti"].start_date or datetime.now(UTC)
            return self._wait(context, (datetime.now(UTC) - started_at).total_seconds())
        self._raise_failures(failures_of_event(event))
        ended = ended_of_event(event)
        return self._result(self._ids if ended is None else ended)

    def _result(self, ended: Iterable[str]) -> list[str]:
        ids, ended = list(dict.fromkeys(self._ids)), set(ended)
        result = [id_ for id_ in ids if id_ in ended]
        self.log.info(describe_progress(len(result), len(ids)))
        return result

    def _raise_failures(self, failures: Mapping[str, str]) -> None:
        if failures and self.fail_on_error:
            raise TranscriptFailedError(describe_failures(failures, len(self._ids)))

    @cached_property
    def hook(self) -> AssemblyAIHook:
        """The hook of the connection."""
        return AssemblyAIHook(self.assemblyai_conn_id)

    @property
    def linked_ids(self) -> list[str]:
        """The ids that the task's link may lead to."""
        return self._ids

    @property
    def _ids(self) -> list[str]:
        return read_ids(self.transcript_ids)
