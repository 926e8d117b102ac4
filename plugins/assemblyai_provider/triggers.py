"""The trigger that waits for transcripts without a worker."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TaskSuccessEvent, TriggerEvent

from assemblyai_provider.exceptions import TransportError, TriggerEventError
from assemblyai_provider.numbers import POLL_INTERVAL
from assemblyai_provider.poller import Poller, watch_list
from assemblyai_provider.watch import Outcome


class AssemblyAITranscriptTrigger(BaseEventTrigger):
    """Fires once all of the transcripts are over.

    All triggers of one connection in a triggerer share one poller. The task is ended here and now when all is
    well; it is resumed on a worker only to tell of failed jobs.

    :param transcript_ids: AssemblyAI's ids.
    :param assemblyai_conn_id: the connection.
    :param poll_interval: seconds between two looks; None for the connection's own. The poller keeps to the
        shortest one that anybody asks for.
    :param fail_on_error: False: failed jobs are as good an end as completed ones.
    """

    supports_triggerer_queue = True

    def __init__(
        self,
        transcript_ids: Sequence[str],
        assemblyai_conn_id: str,
        poll_interval: float | None = None,
        fail_on_error: bool = True,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.transcript_ids = list(transcript_ids)
        self.assemblyai_conn_id = assemblyai_conn_id
        self.poll_interval = POLL_INTERVAL.read(poll_interval, "poll_interval of the trigger")
        self.fail_on_error = fail_on_error

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "assemblyai_provider.triggers.AssemblyAITranscriptTrigger",
            {
                "transcript_ids": self.transcript_ids,
                "assemblyai_conn_id": self.assemblyai_conn_id,
                "poll_interval": self.poll_interval,
                "fail_on_error": self.fail_on_error,
            },
        )

    def shared_stream_key(self) -> Hashable:
        # The connection is all that open_shared_stream reads; ids and intervals reach the poller by its list.
        return ("assemblyai_provider.transcripts", self.assemblyai_conn_id)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[Mapping[str, Outcome]]:
        async with aclosing(Poller(kwargs["assemblyai_conn_id"]).snapshots()) as snapshots:
            async for over in snapshots:
                yield over

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        with watch_list(self.assemblyai_conn_id).waiting(self.transcript_ids, self.poll_interval):
            failures = await self._failures(shared_stream)
        if failures and self.fail_on_error:
            yield TriggerEvent({"status": "failed", "failures": failures})  # type: ignore[no-untyped-call]
        else:
            yield TaskSuccessEvent()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll alone: for `dag.test`, and whatever else runs triggers without sharing streams."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as stream:
            async for event in self.filter_shared_stream(stream):
                yield event

    async def _failures(self, stream: AsyncIterator[Mapping[str, Outcome]]) -> dict[str, str]:
        """Wait until everything is over; the reasons of those that failed, by id."""
        async for over in stream:
            if all(transcript_id in over for transcript_id in self.transcript_ids):
                reasons = {
                    transcript_id: over[transcript_id].failure for transcript_id in self.transcript_ids
                }
                return {transcript_id: reason for transcript_id, reason in reasons.items() if reason}
        raise TransportError("the shared poller ended")


def failures_of_event(event: object) -> dict[str, str]:
    """The failures an event tells of, empty for success. Raises TriggerEventError for anything unexpected.

    `dag.test` resumes a task with the text `success` where a triggerer would have ended it.
    """
    if event == "success":
        return {}
    if isinstance(event, dict) and event.get("status") == "failed":
        failures = event.get("failures")
        if failures and isinstance(failures, dict):
            return {str(transcript_id): str(reason) for transcript_id, reason in failures.items()}
    raise TriggerEventError(f"cannot make sense of an event of type {type(event).__name__}")
