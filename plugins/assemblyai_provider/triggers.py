"""The trigger that waits for transcripts without a worker."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from assemblyai_provider._connection.ranges import POLL_INTERVAL
from assemblyai_provider._waiting.job_tracker import JobOutcome
from assemblyai_provider._waiting.shared_poller import shared_poller
from assemblyai_provider._waiting.wait_limit import WaitLimit, describe_progress, read_wait
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.compat import apush_xcom
from assemblyai_provider.exceptions import TriggerEventError
from assemblyai_provider.models import REQUESTS_KEY

TRIGGER_PATH = "assemblyai_provider.triggers.AssemblyAITranscriptTrigger"


class AssemblyAITranscriptTrigger(BaseTrigger):
    """Fires when all transcripts have ended, or at a limit of the wait.

    All triggers of one connection in a triggerer share one poller. On success the triggerer ends the task.
    The task resumes on a worker only to fail for failed jobs.

    :param transcript_ids: AssemblyAI's ids.
    :param assemblyai_conn_id: the connection.
    :param poll_interval: polling interval in seconds; None for the connection's own. The poller uses the
        shortest one of all waits.
    :param fail_on_error: False: succeed even with failed jobs.
    :param patience: fire this many seconds after the last job ended, or after the start while none has. The
        count starts anew when a triggerer restarts.
    :param end_at: fire at this time at the latest, in seconds since 1970 (UTC).
    :param push_result: push the ids that have ended as the task's XCom before the triggerer ends the task.
    :param has_mapped_dependants: tasks are expanded over that XCom.
    :param worker_requests: requests that the worker sent before it deferred. If given, they are pushed as the
        XCom `requests`, with those of the poller that no other wait has reported.
    :param push_single: push the only id instead of a list of one.
    """

    clock = staticmethod(time.monotonic)
    open_poller = staticmethod(shared_poller)

    def __init__(
        self,
        transcript_ids: Sequence[str],
        assemblyai_conn_id: str,
        poll_interval: float | None = None,
        fail_on_error: bool = True,
        patience: float | None = None,
        end_at: float | None = None,
        push_result: bool = False,
        has_mapped_dependants: bool = False,
        worker_requests: int | None = None,
        push_single: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.transcript_ids = list(transcript_ids)
        self.assemblyai_conn_id = assemblyai_conn_id
        self.poll_interval = POLL_INTERVAL.read(poll_interval, "poll_interval of the trigger")
        self.fail_on_error = fail_on_error
        self.patience = read_wait(patience, "patience of the trigger")
        self.end_at = end_at
        self.push_result, self.has_mapped_dependants = push_result, has_mapped_dependants
        self.worker_requests, self.push_single = worker_requests, push_single

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            TRIGGER_PATH,
            {
                "transcript_ids": self.transcript_ids,
                "assemblyai_conn_id": self.assemblyai_conn_id,
                "poll_interval": self.poll_interval,
                "fail_on_error": self.fail_on_error,
                "patience": self.patience,
                "end_at": self.end_at,
                "push_result": self.push_result,
                "has_mapped_dependants": self.has_mapped_dependants,
                "worker_requests": self.worker_requests,
                "push_single": self.push_single,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        ended = await self._wait()
        self.log.info(describe_progress(len(ended), len(set(self.transcript_ids))))
        failures = {id_: outcome.failure for id_, outcome in ended.items() if outcome.failure}
        if failures and self.fail_on_error:
            yield TriggerEvent({"status": "failed", "failures": failures})  # type: ignore[no-untyped-call]
        else:
            await self._push(list(ended))
            event = TaskSuccessEvent()
            # A triggerer ends the task and never reads this; `dag.test` resumes the task with it.
            event.payload = {"status": "over", "ended": list(ended)}
            yield event

    async def _wait(self) -> dict[str, JobOutcome]:
        """The outcomes when the wait ends, in the order of the ids."""
        started_at, has_limit = self.clock(), self.patience is not None or self.end_at is not None
        end_at = None if self.end_at is None else started_at + self.end_at - time.time()
        limit = WaitLimit(started_at, self.patience, end_at)
        async with self.open_poller(self.assemblyai_conn_id) as results:
            registry = wait_registry(self.assemblyai_conn_id)
            with registry.register(self.transcript_ids, self.poll_interval, steady=has_limit):
                async for result in results:
                    ended = {id_: result.ended[id_] for id_ in self.transcript_ids if id_ in result.ended}
                    if len(ended) == len(set(self.transcript_ids)) or limit.is_reached(
                        len(ended), result.started_at, self.clock()
                    ):
                        break
        return ended

    async def _push(self, ended: list[str]) -> None:
        """Push the result as a worker would.

        TaskSuccessEvent(xcoms=...) does not: Airflow 3.3.2 encodes its values twice, so that a task pulls a
        text, and records no length, so that no task can be expanded over it.
        """
        task = self.task_instance
        if task is None:
            return
        map_index = -1 if task.map_index is None else task.map_index
        place = {
            "dag_id": task.dag_id,
            "task_id": task.task_id,
            "run_id": task.run_id,
            "map_index": map_index,
        }
        if self.worker_requests is not None:
            count = self.worker_requests + wait_registry(self.assemblyai_conn_id).take_requests()
            await apush_xcom(REQUESTS_KEY, count, **place)
        if self.push_result:
            is_mapped_over = self.has_mapped_dependants and map_index < 0 and not self.push_single
            length = len(ended) if is_mapped_over else None
            result: Any = ended[0] if self.push_single and ended else ended
            await apush_xcom("return_value", result, **place, _mapped_length=length)


def woken_event(requests: int) -> dict[str, Any]:
    """The event of a webhook: the task resumes and polls.

    :param requests: the number of requests that the wait has sent so far.
    """
    return {"status": "woken", "requests": requests}


def requests_of_woken_event(event: object) -> int | None:
    """The number of requests in the event of a webhook; None for any other event."""
    if isinstance(event, dict) and event.get("status") == "woken":
        requests = event.get("requests")
        return requests if isinstance(requests, int) else 0
    return None


def failures_of_event(event: object) -> dict[str, str]:
    """The failures in an event by id, empty for success.

    Raises TriggerEventError for any other event.

    `dag.test` resumes a task with a success event, too; a triggerer ends the task instead.
    """
    if event == "success" or ended_of_event(event) is not None:
        return {}
    if isinstance(event, dict) and event.get("status") == "failed":
        failures = event.get("failures")
        if failures and isinstance(failures, dict):
            return {str(transcript_id): str(reason) for transcript_id, reason in failures.items()}
    raise TriggerEventError(
        f"cannot read a trigger event of type {type(event).__name__}. Run the triggerer and the workers with"
        " the same version of the provider."
    )


def ended_of_event(event: object) -> list[str] | None:
    """The ids that had ended when the wait did; None if not in the event."""
    if isinstance(event, dict) and event.get("status") == "over":
        ended = event.get("ended")
        if isinstance(ended, list):
            return [str(transcript_id) for transcript_id in ended]
    return None
