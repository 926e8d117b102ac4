"""The sensor that waits for transcripts."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSkipException

from assemblyai_provider.exceptions import TranscriptFailedError, TransportError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.numbers import POLL_INTERVAL
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, failures_of_event
from assemblyai_provider.watch import Watch, look

if TYPE_CHECKING:
    from airflow.sdk import Context

    from assemblyai_provider.client import AssemblyAIClient

_TRANSCRIPT_ID = re.compile(r"[A-Za-z0-9_-]+")
DEFAULT_POKE_INTERVAL_S = 5.0
NAMED_FAILURES = 20


class AssemblyAITranscriptSensor(BaseSensorOperator):
    """Waits until every one of the transcripts is over. It has no result: the ids are the submit task's.

    Faults of the network are ridden out until `timeout`. Failed jobs fail the task without retry
    (TranscriptFailedError, with ids and reasons), or skip it with `soft_fail`.

    :param transcript_ids: one id or a list of them, as the submit operator returns them (templated). With an
        empty list there is nothing to wait for.
    :param assemblyai_conn_id: the connection.
    :param fail_on_error: False: succeed however the jobs end; whoever reads them then sees which have failed.
    :param deferrable: wait in the triggerer, occupying no worker slot. It looks once before: if all is over,
        nothing is deferred.
    :param poke_interval: seconds between two looks. Deferred, the connection's `poll_interval_s` by default.
    """

    template_fields: Sequence[str] = ("transcript_ids",)
    ui_color = "#d5e8f0"

    def __init__(
        self,
        *,
        transcript_ids: str | list[str],
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        fail_on_error: bool = True,
        deferrable: bool = True,
        poke_interval: timedelta | float | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(poke_interval, timedelta):
            poke_interval = poke_interval.total_seconds()
        name = f"task {kwargs.get('task_id')!r}, poke_interval"
        interval_s = POLL_INTERVAL.read(poke_interval, name)
        super().__init__(poke_interval=interval_s or DEFAULT_POKE_INTERVAL_S, **kwargs)
        self.transcript_ids = transcript_ids
        self.assemblyai_conn_id = assemblyai_conn_id
        self.fail_on_error = fail_on_error
        self.deferrable = deferrable
        self._poll_interval = interval_s
        self._watch = Watch()

    def execute(self, context: Context) -> None:
        if not self.deferrable:
            super().execute(context)
            return
        try:
            over = self.poke(context)
        except TranscriptFailedError as error:
            # The base class does this for failures it meets itself: in its own loop and after a deferral.
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        if not over:
            self.defer(
                trigger=AssemblyAITranscriptTrigger(
                    self._ids, self.assemblyai_conn_id, self._poll_interval, self.fail_on_error
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )

    def poke(self, context: Context) -> bool:
        try:
            look(self._watch, self._client, set(self._ids), time.monotonic())
        except TransportError as error:
            self.log.warning("Could not look, will look again: %s", error)
            return False
        over = self._watch.over
        if len(over) < len(set(self._ids)):
            return False
        self._judge({id_: outcome.failure for id_, outcome in over.items() if outcome.failure})
        return True

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Resumed to tell of failures, or by `dag.test` after a success."""
        self._judge(failures_of_event(event))

    def _judge(self, failures: Mapping[str, str]) -> None:
        if failures and self.fail_on_error:
            named = "; ".join(f"{id_}: {reason}" for id_, reason in list(failures.items())[:NAMED_FAILURES])
            raise TranscriptFailedError(
                f"{len(failures)} of {len(self._ids)} transcripts have failed: {named}"
            )

    @cached_property
    def _client(self) -> AssemblyAIClient:
        return AssemblyAIHook(self.assemblyai_conn_id).get_client()

    @property
    def _ids(self) -> list[str]:
        ids = [self.transcript_ids] if isinstance(self.transcript_ids, str) else list(self.transcript_ids[:])
        for id_ in ids:
            # A list that a template has turned into text would otherwise be waited for as one strange id.
            if not isinstance(id_, str) or not _TRANSCRIPT_ID.fullmatch(id_):
                raise ValueError(f"{id_!r} is not the id of a transcript")
        return ids
