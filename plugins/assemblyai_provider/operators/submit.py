"""The operator that submits recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from assemblyai_provider._connection.ranges import Range
from assemblyai_provider._submission.secrets import (
    hide_option_secrets,
    hide_url_query,
    mask_option_secrets,
    mask_url_secrets,
    without_secrets,
)
from assemblyai_provider._submission.submitter import SubmissionResult, Submitter
from assemblyai_provider.exceptions import SubmissionFailedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.links import AssemblyAITranscriptLink
from assemblyai_provider.models import REQUESTS_KEY
from assemblyai_provider.option_checks import check_options, read_rendered_options
from assemblyai_provider.options import TranscriptOptions
from assemblyai_provider.submission_memory import SubmissionMemory, TaskStateMemory

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_LISTED_FAILURES = 20
_WORKERS = Range(1, 100, "workers", whole=True)


class AssemblyAISubmitTranscriptOperator(BaseOperator):
    """Submits recordings and returns AssemblyAI's ids, without waiting.

    A recording is paid for once: retries, clears and lost answers find the first submission again. One that
    cannot be submitted does not stop the others. After all are tried, the task fails with retry if one may
    be accepted later, and without retry if one never will be (an empty file, a refused option). A refused API
    key or an account in debt fails the task at once.

    :param recordings: one recording or a list: local paths, object-storage URIs, http(s) URLs (templated).
        With `memory`, what that memory understands. Files are uploaded; URLs are passed on unchanged.
    :param transcript_options: see `options.TranscriptOptions` (templated); they replace those of
        `AssemblyAIHook.default_options`. A name that AssemblyAI does not have, or a value of another type,
        raises ConfigurationError when the Dag is parsed; a templated value when it is rendered.
    :param allow_unknown_options: pass on options that `options.TranscriptOptions` does not have.
    :param assemblyai_conn_id: the connection (templated).
    :param memory: remembers submissions; Airflow's task state store if None.
    :param upload_workers: how many recordings are submitted at the same time.
    :param fail_on_error: False: succeed with the recordings that were submitted, on the last try even without
        those that might be accepted later.
    :param push_requests: push the number of requests that were sent to AssemblyAI, as the XCom `requests`.
    :return: one id for one recording, else the list of ids in the order of the recordings. A recording named
        twice is submitted once; one without a transcript has no id in the list.
    """

    template_fields: Sequence[str] = ("recordings", "transcript_options", "assemblyai_conn_id")
    template_fields_renderers = {"transcript_options": "json"}
    operator_extra_links = (AssemblyAITranscriptLink(),)
    ui_color = "#d5e8f0"

    _earlier_requests = 0  # of the part of a try before it was deferred
    _rendered: tuple[list[str], Any] | None = None  # recordings and options with their secrets

    def __init__(
        self,
        *,
        recordings: str | list[str],
        transcript_options: TranscriptOptions | Mapping[str, Any] | str | None = None,
        allow_unknown_options: bool = False,
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        memory: SubmissionMemory | None = None,
        upload_workers: int = 4,
        fail_on_error: bool = True,
        push_requests: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.recordings = recordings
        self.transcript_options = transcript_options
        self.allow_unknown_options = allow_unknown_options
        self.assemblyai_conn_id = assemblyai_conn_id
        self.memory = memory
        self.upload_workers = int(
            _WORKERS.read(upload_workers, f"task {self.task_id!r}, upload_workers") or 1
        )
        self.fail_on_error = fail_on_error
        self.push_requests = push_requests
        self.linked_ids: list[str] = []
        check_options(transcript_options, self._options_place, allow_unknown=allow_unknown_options)

    @cached_property
    def hook(self) -> AssemblyAIHook:
        """The hook of the connection."""
        return AssemblyAIHook(self.assemblyai_conn_id)

    @property
    def _options_place(self) -> str:
        return f"task {self.task_id!r}, transcript_options"

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # Secrets must be masked before Airflow stores the rendered fields, so `pre_execute` is too late. The
        # public `render_template_fields` is not enough: for a mapped task Airflow calls only this method.
        super()._do_render_template_fields(parent, *args, **kwargs)
        recordings, options = self._recording_list(), self.transcript_options
        for recording in recordings:
            mask_url_secrets(recording)
        mask_option_secrets(options)
        # Airflow 3.0 stores rendered fields without masking them.
        self._rendered = recordings, options
        if isinstance(self.recordings, str):
            self.recordings = hide_url_query(self.recordings)
        elif any("?" in recording for recording in recordings):
            self.recordings = [hide_url_query(recording) for recording in recordings]
        if isinstance(options, Mapping):
            self.transcript_options = hide_option_secrets(options)

    def execute(self, context: Context) -> str | list[str]:
        try:
            return self._result(self._submit(context))
        finally:
            self._push_requests(context)

    def _submit(self, context: Context) -> list[str]:
        """Submit what is not submitted yet; return the ids, each once."""
        recordings, given = self._rendered or (self._recording_list(), self.transcript_options)
        options = read_rendered_options(given, self._options_place, allow_unknown=self.allow_unknown_options)
        memory = self.memory or TaskStateMemory(
            options=without_secrets(options),
            is_dead=lambda transcript_id: _is_dead(self.hook, transcript_id),
        )
        with memory.open(recordings, context) as submissions:
            results = Submitter(self.hook, memory, options, self.upload_workers).submit(submissions)
        self.linked_ids = [result.transcript_id for result in results if result.transcript_id]
        self.log.info("%d of %d recordings are submitted", len(self.linked_ids), len(results))
        self._raise_failures(results, is_last_try=context["ti"].try_number > context["ti"].max_tries)
        return self.linked_ids

    def _result(self, ids: list[str]) -> str | list[str]:
        return ids[0] if isinstance(self.recordings, str) and ids else ids

    def _push_requests(self, context: Context) -> None:
        if self.push_requests:
            context["ti"].xcom_push(REQUESTS_KEY, self._requests_sent)

    @property
    def _requests_sent(self) -> int:
        return self._earlier_requests + self.hook.client.requests_sent

    def _raise_failures(self, results: Sequence[SubmissionResult], *, is_last_try: bool) -> None:
        refusals = [result.refusal for result in results if result.refusal]
        retry_reasons = [result.retry_reason for result in results if result.retry_reason]
        if retry_reasons and (self.fail_on_error or not is_last_try):
            reasons = retry_reasons + refusals
            raise TransportError(_summary("cannot be submitted now", reasons, len(results)))
        if refusals and self.fail_on_error:
            raise SubmissionFailedError(_summary("can never be submitted", refusals, len(results)))

    def _recording_list(self) -> list[str]:
        return [self.recordings] if isinstance(self.recordings, str) else list(self.recordings[:])


def _summary(what: str, reasons: Sequence[str], total: int) -> str:
    return f"{len(reasons)} of {total} recordings {what}: {'; '.join(reasons[:MAX_LISTED_FAILURES])}"


def _is_dead(hook: AssemblyAIHook, transcript_id: str) -> bool:
    """Whether its recording may be submitted again.

    False if unknown, since it might be paid for twice.
    """
    try:
        return hook.get_transcript(transcript_id).failure is not None
    except TranscriptNotFoundError:
        return True
    except TransportError:
        return False
