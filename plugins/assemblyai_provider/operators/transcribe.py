"""The operator that submits recordings and waits for their transcripts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from assemblyai_provider._connection.deferrable import read_deferrable
from assemblyai_provider._connection.ranges import POLL_INTERVAL
from assemblyai_provider._waiting.job_tracker import JobTracker, poll_once
from assemblyai_provider._waiting.wait_limit import describe_failures, describe_progress, read_wait
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    TranscriptFailedError,
    TransportError,
    WaitTimeoutError,
)
from assemblyai_provider.models import TranscriptFailure
from assemblyai_provider.operators.submit import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.triggers import (
    AssemblyAITranscriptTrigger,
    ended_of_event,
    failures_of_event,
    requests_of_woken_event,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

DEFAULT_TIMEOUT = timedelta(days=7)


class AssemblyAITranscribeOperator(AssemblyAISubmitTranscriptOperator):
    """Submits recordings, waits until their transcripts have ended, and returns AssemblyAI's ids.

    It is `AssemblyAISubmitTranscriptOperator` and `AssemblyAITranscriptSensor` in one task, with the promises
    of both: a recording is paid for once, whatever is retried or cleared, and a deferred wait takes no worker
    slot. `AssemblyAIHook.get_transcript` has the results.

    A failed job fails the task after all have ended. Where AssemblyAI's servers were at fault, a retry
    submits the recording again; a failed job costs nothing. Any other failure is final.

    :param recordings, transcript_options, allow_unknown_options, assemblyai_conn_id, memory, upload_workers,
        push_requests: see `AssemblyAISubmitTranscriptOperator`.
    :param fail_on_error: False: succeed also with failed jobs, and without the recordings that cannot be
        submitted.
    :param wait_for_termination: False: only submit.
    :param deferrable: wait in the triggerer; None: as Airflow's option `[operators] default_deferrable` says.
    :param poll_interval: polling interval in seconds or as a timedelta; None for the connection's
        `poll_interval_s`.
    :param timeout: longest wait of a try, in seconds or as a timedelta. The jobs go on, and a retry waits for
        them.
    :return: one id for one recording, else the list of ids in the order of the recordings.
    """

    def __init__(
        self,
        *,
        wait_for_termination: bool = True,
        deferrable: bool | None = None,
        poll_interval: timedelta | float | None = None,
        timeout: timedelta | float = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        task = f"task {self.task_id!r}"
        self.wait_for_termination = wait_for_termination
        self.deferrable = read_deferrable(deferrable)
        self.poll_interval = POLL_INTERVAL.read(poll_interval, f"{task}, poll_interval")
        self.timeout = read_wait(timeout, f"{task}, timeout") or DEFAULT_TIMEOUT.total_seconds()

    def execute(self, context: Context) -> str | list[str]:
        try:
            ids = self._submit(context)
            if ids and self.wait_for_termination:
                self._wait(ids)
        finally:
            self._push_requests(context)
        return self._result(ids)

    def _wait(self, ids: Sequence[str], waited_s: float = 0) -> None:
        """Return when all have ended; defer if that is wanted and they have not."""
        tracker, client, started_at = JobTracker(), self.hook.client, time.monotonic()
        give_up_at = client.now() + timedelta(seconds=self.timeout)
        while not self._poll(tracker, ids):
            if self.deferrable:
                self._defer_wait(ids, self.timeout - waited_s)
            if client.now() >= give_up_at:
                raise WaitTimeoutError(
                    f"{describe_progress(len(tracker.ended), len(ids))} after {self.timeout:g} s;"
                    " a retry waits for them again"
                )
            client.sleep(self.poll_interval or client.settings.poll_interval_s)
        self.log.info("%s in %.0f s", describe_progress(len(ids), len(ids)), time.monotonic() - started_at)
        self._raise_failed_jobs({id_: end.failure for id_, end in tracker.ended.items() if end.failure}, ids)

    def _poll(self, tracker: JobTracker, ids: Sequence[str]) -> bool:
        try:
            poll_once(tracker, self.hook.client, set(ids), time.monotonic())
        except TransportError as error:
            self.log.warning("Polling failed; the next poll tries again: %s", error)
        return len(tracker.ended) == len(set(ids))

    def _defer_wait(self, ids: Sequence[str], timeout_s: float) -> None:
        self.defer(
            trigger=AssemblyAITranscriptTrigger(
                ids,
                self.assemblyai_conn_id,
                self.poll_interval,
                self.fail_on_error,
                push_result=self.do_xcom_push,
                push_single=isinstance(self.recordings, str),
                has_mapped_dependants=next(self.iter_mapped_dependants(), None) is not None,
                worker_requests=self._requests_sent if self.push_requests else None,
            ),
            method_name="execute_complete",
            kwargs={"transcript_ids": list(ids)},
            timeout=timedelta(seconds=max(timeout_s, 1)),
        )

    def execute_complete(
        self, context: Context, event: Any = None, transcript_ids: list[str] | None = None
    ) -> str | list[str]:
        """Fail for the failed jobs, or poll after a webhook; `dag.test` resumes here after a success, too.

        `dag.test` gives no ids.
        """
        requests = requests_of_woken_event(event)
        if requests is not None and transcript_ids:
            return self._resume(context, transcript_ids, requests)
        failures = failures_of_event(event)
        self.linked_ids = transcript_ids or ended_of_event(event) or list(failures)
        self._raise_failed_jobs(failures, self.linked_ids)
        return self._result(self.linked_ids)

    def _resume(self, context: Context, ids: list[str], requests: int) -> str | list[str]:
        started_at = context["ti"].start_date or datetime.now(UTC)
        self.linked_ids, self._earlier_requests = ids, requests
        try:
            self._wait(ids, (datetime.now(UTC) - started_at).total_seconds())
        finally:
            self._push_requests(context)
        return self._result(ids)

    def _raise_failed_jobs(self, failures: Mapping[str, str], ids: Sequence[str]) -> None:
        if not failures or not self.fail_on_error:
            return
        message = describe_failures(failures, len(ids))
        if any(TranscriptFailure.from_error(reason).retryable for reason in failures.values()):
            raise AssemblyAIError(message)
        raise TranscriptFailedError(message)
