"""The sensor that waits for transcripts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSkipException

from assemblyai_provider._connection.ranges import POLL_INTERVAL
from assemblyai_provider._waiting.early_end import EarlyEnd, progress, read_wait
from assemblyai_provider._waiting.job_tracker import Watch, look
from assemblyai_provider.exceptions import ConfigurationError, TranscriptFailedError, TransportError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, ended_of_event, failures_of_event

if TYPE_CHECKING:
    from airflow.sdk import Context

    from assemblyai_provider._client import AssemblyAIClient

_TRANSCRIPT_ID = re.compile(r"[A-Za-z0-9_-]+")
DEFAULT_POKE_INTERVAL_S = 5.0
NAMED_FAILURES = 20


class AssemblyAITranscriptSensor(BaseSensorOperator):
    """Waits until the transcripts are over and returns the ids of those that are.

    By default it waits for every one. With `patience` or `end_after` it ends with those that are ready, maybe
    none, and leaves the others to whoever waits for them next.

    Faults of the network are ridden out until `timeout`. Failed jobs fail the task without retry
    (TranscriptFailedError, with ids and reasons), or skip it with `soft_fail`.

    :param transcript_ids: one id or a list of them, as the submit operator returns them (templated). With an
        empty list there is nothing to wait for.
    :param assemblyai_conn_id: the connection.
    :param fail_on_error: False: succeed however the jobs end; whoever reads them then sees which have failed.
    :param deferrable: wait in the triggerer, occupying no worker slot. It looks once before: if all is over,
        nothing is deferred.
    :param poke_interval: seconds between two looks. Deferred, the connection's `poll_interval_s` by default.
    :param patience: end with the transcripts that are over, even none, once no further one has ended for so
        long: seconds or a timedelta (templated). None, an empty text or the text `None`: wait for all. On a
        worker not with `mode="reschedule"`, which remembers nothing between two looks.
    :param end_after: end with the transcripts that are over so long after this try began to wait (given as
        `patience` is). A wait ends by either at the first look after that, so up to one interval later, and
        never while AssemblyAI gives no answer.
    :return: the ids that are over, each once, in the order given. Failed ones are among them if
        `fail_on_error` is off.
    """

    template_fields: Sequence[str] = ("transcript_ids", "patience", "end_after")
    ui_color = "#d5e8f0"
    clock = staticmethod(time.monotonic)

    def __init__(
        self,
        *,
        transcript_ids: str | list[str],
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        fail_on_error: bool = True,
        deferrable: bool = True,
        poke_interval: timedelta | float | None = None,
        patience: timedelta | float | str | None = None,
        end_after: timedelta | float | str | None = None,
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
        self.patience = patience
        self.end_after = end_after
        self._poll_interval = interval_s
        self._watch = Watch()
        self._early_end: EarlyEnd | None = None
        for name, value in (("patience", patience), ("end_after", end_after)):
            if isinstance(value, (int, float, timedelta)):  # anything else has its value when the task runs
                self._seconds(name)

    def execute(self, context: Context) -> list[str]:
        if not self.deferrable:
            super().execute(context)
            return self._result(self._watch.over)
        patience, end_after = self._seconds("patience"), self._seconds("end_after")
        end_at = None if end_after is None else time.time() + end_after
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
                    self._ids,
                    self.assemblyai_conn_id,
                    self._poll_interval,
                    self.fail_on_error,
                    patience,
                    end_at,
                    push_result=self.do_xcom_push,
                    has_mapped_dependants=next(self.iter_mapped_dependants(), None) is not None,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return self._result(self._watch.over)

    def poke(self, context: Context) -> bool:
        # A look before deferring is the first one, by which no wait ends early.
        ids, early_end = set(self._ids), None if self.deferrable else self._wait_on_worker(context)
        looked_at = self.clock()
        try:
            look(self._watch, self._client, ids, looked_at, whole=early_end is not None)
        except TransportError as error:
            self.log.warning("Could not look, will look again: %s", error)
        over = self._watch.over
        if len(over) < len(ids) and not (
            early_end
            and early_end.is_due(len(over), looked_at if self._watch.is_complete else None, self.clock())
        ):
            return False
        self._judge({id_: outcome.failure for id_, outcome in over.items() if outcome.failure})
        return True

    def _wait_on_worker(self, context: Context) -> EarlyEnd | None:
        patience, end_after = self._seconds("patience"), self._seconds("end_after")
        if patience is not None and self.reschedule:
            raise ConfigurationError(
                f"task {self.task_id!r}, patience: is lost between two looks with mode='reschedule'. "
                "Set deferrable=True or mode='poke', or give end_after instead."
            )
        if self._early_end is None and (patience is not None or end_after is not None):
            began, end_at = self.clock(), None
            if end_after is not None:
                first = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
                waited = (datetime.now(UTC) - first).total_seconds() if first else 0.0
                end_at = began + end_after - waited
            self._early_end = EarlyEnd(began, patience, end_at)
        return self._early_end

    def _seconds(self, name: str) -> float | None:
        return read_wait(getattr(self, name), f"task {self.task_id!r}, {name}")

    def execute_complete(self, context: Context, event: Any = None) -> list[str]:
        """Resumed to tell of failures, or by `dag.test` after a success."""
        self._judge(failures_of_event(event))
        ended = ended_of_event(event)
        return self._result(self._ids if ended is None else ended)

    def _result(self, over: Iterable[str]) -> list[str]:
        ids, over = list(dict.fromkeys(self._ids)), set(over)
        ended = [id_ for id_ in ids if id_ in over]
        self.log.info(progress(len(ended), len(ids)))
        return ended

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
