"""The trigger that waits for transcripts without a worker."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Sequence
from contextlib import aclosing
from typing import Any

from airflow.sdk.execution_time.xcom import XCom
from airflow.triggers.base import BaseEventTrigger, TaskSuccessEvent, TriggerEvent

from assemblyai_provider._connection.ranges import POLL_INTERVAL
from assemblyai_provider._waiting.early_end import EarlyEnd, progress, read_wait
from assemblyai_provider._waiting.job_tracker import Outcome, Snapshot
from assemblyai_provider._waiting.poller import Poller, watch_list
from assemblyai_provider.exceptions import TransportError, TriggerEventError


class AssemblyAITranscriptTrigger(BaseEventTrigger):
    """Fires once all of the transcripts are over, or those that are ready in time.

    All triggers of one connection in a triggerer share one poller. The task is ended here and now when all is
    well; it is resumed on a worker only to tell of failed jobs.

    :param transcript_ids: AssemblyAI's ids.
    :param assemblyai_conn_id: the connection.
    :param poll_interval: seconds between two looks; None for the connection's own. The poller keeps to the
        shortest one that anybody asks for.
    :param fail_on_error: False: failed jobs are as good an end as completed ones.
    :param patience: fire with the jobs that are over once no further one has ended for so many seconds. They
        are counted anew when a triggerer is restarted.
    :param end_at: fire with the jobs that are over at this time at the latest, in seconds since 1970 (UTC).
    :param push_result: push the ids that are over as the task's XCom before the task is ended here.
    :param has_mapped_dependants: tasks are expanded over that XCom.
    """

    supports_triggerer_queue = True
    clock = staticmethod(time.monotonic)

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
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.transcript_ids = list(transcript_ids)
        self.assemblyai_conn_id = assemblyai_conn_id
        self.poll_interval = POLL_INTERVAL.read(poll_interval, "poll_interval of the trigger")
        self.fail_on_error = fail_on_error
        self.patience = read_wait(patience, "patience of the trigger")
        self.end_at = end_at
        self.push_result, self.has_mapped_dependants = push_result, has_mapped_dependants

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "assemblyai_provider.triggers.AssemblyAITranscriptTrigger",
            {
                "transcript_ids": self.transcript_ids,
                "assemblyai_conn_id": self.assemblyai_conn_id,
                "poll_interval": self.poll_interval,
                "fail_on_error": self.fail_on_error,
                "patience": self.patience,
                "end_at": self.end_at,
                "push_result": self.push_result,
                "has_mapped_dependants": self.has_mapped_dependants,
            },
        )

    def shared_stream_key(self) -> Hashable:
        # The connection is all that open_shared_stream reads; ids and intervals reach the poller by its list.
        return ("assemblyai_provider.transcripts", self.assemblyai_conn_id)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[Snapshot]:
        async with aclosing(Poller(kwargs["assemblyai_conn_id"]).snapshots()) as snapshots:
            async for snapshot in snapshots:
                yield snapshot

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        prompt = self.patience is not None or self.end_at is not None
        with watch_list(self.assemblyai_conn_id).waiting(
            self.transcript_ids, self.poll_interval, prompt=prompt
        ):
            over = await self._wait(shared_stream)
        self.log.info(progress(len(over), len(set(self.transcript_ids))))
        failures = {id_: outcome.failure for id_, outcome in over.items() if outcome.failure}
        if failures and self.fail_on_error:
            yield TriggerEvent({"status": "failed", "failures": failures})  # type: ignore[no-untyped-call]
        else:
            await self._push(list(over))
            event = TaskSuccessEvent()
            # A triggerer ends the task and never reads this; `dag.test` resumes the task with it.
            event.payload = {"status": "over", "ended": list(over)}
            yield event

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll alone: for `dag.test`, and whatever else runs triggers without sharing streams."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as stream:
            async for event in self.filter_shared_stream(stream):
                yield event

    async def _wait(self, stream: AsyncIterator[Snapshot]) -> dict[str, Outcome]:
        """The outcomes that the wait ends with, in the order of the ids."""
        began = self.clock()
        end_at = None if self.end_at is None else began + self.end_at - time.time()
        early_end = EarlyEnd(began, self.patience, end_at)
        async for snapshot in stream:
            over = {id_: snapshot.over[id_] for id_ in self.transcript_ids if id_ in snapshot.over}
            if len(over) == len(set(self.transcript_ids)) or early_end.is_due(
                len(over), snapshot.looked_at, self.clock()
            ):
                return over
        raise TransportError("the shared poller ended")

    async def _push(self, ended: list[str]) -> None:
        """Push the result as a worker would.

        Not with TaskSuccessEvent(xcoms=...): Airflow 3.3.2 encodes that twice, so that a task that pulls it
        gets a text, and records no length, without which no task can be expanded over it.
        """
        task = self.task_instance
        if not self.push_result or task is None:
            return
        map_index = -1 if task.map_index is None else task.map_index
        await XCom.aset(
            "return_value",
            ended,
            dag_id=task.dag_id,
            task_id=task.task_id,
            run_id=task.run_id,
            map_index=map_index,
            _mapped_length=len(ended) if self.has_mapped_dependants and map_index < 0 else None,
        )


def failures_of_event(event: object) -> dict[str, str]:
    """The failures an event tells of, empty for success. Raises TriggerEventError for anything unexpected.

    `dag.test` resumes a task with the payload of the event where a triggerer would have ended it.
    """
    if event == "success" or ended_of_event(event) is not None:
        return {}
    if isinstance(event, dict) and event.get("status") == "failed":
        failures = event.get("failures")
        if failures and isinstance(failures, dict):
            return {str(transcript_id): str(reason) for transcript_id, reason in failures.items()}
    raise TriggerEventError(f"cannot make sense of an event of type {type(event).__name__}")


def ended_of_event(event: object) -> list[str] | None:
    """The ids that a wait ended with, or None where the event does not tell."""
    if isinstance(event, dict) and event.get("status") == "over":
        ended = event.get("ended")
        if isinstance(ended, list):
            return [str(transcript_id) for transcript_id in ended]
    return None
