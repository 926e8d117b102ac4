"""The operator that submits recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from assemblyai_provider._connection.ranges import Range
from assemblyai_provider._submission.submitter import (
    End,
    Submitter,
    mask_option_secrets,
    mask_url_secrets,
    without_secrets,
)
from assemblyai_provider.exceptions import SubmissionFailedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.submission_memory import SubmissionMemory, TaskStateMemory

if TYPE_CHECKING:
    from airflow.sdk import Context

NAMED_FAILURES = 20
_WORKERS = Range(1, 100, "workers", whole=True)


class AssemblyAISubmitTranscriptOperator(BaseOperator):
    """Submits recordings for transcription and returns AssemblyAI's ids, without waiting for the transcripts.

    A recording is paid for once: retries, clears and lost answers find the first submission again. One that
    cannot be submitted does not stop the others. When all are tried, what will never be accepted (an empty
    file, a refused option) fails the task without retry, and what may be accepted later fails it with one. A
    refused API key or an account in debt stops at once.

    :param recordings: one recording or a list: local paths, object-storage URIs, http(s) URLs (templated).
        Whatever `memory` understands, if that is given. Files are uploaded, URLs are passed on as they are.
    :param transcript_options: parameters of `POST /v2/transcript`, laid over `AssemblyAIHook.default_options`
        (templated).
    :param assemblyai_conn_id: the connection.
    :param memory: what is submitted already; Airflow's task state store if None.
    :param upload_workers: how many recordings are in work at the same time.
    :param fail_on_error: False: succeed with the ids that could be had, on the last try even without those
        that might have been accepted later.
    :return: one id for one recording, else the list of ids in the order of the recordings. A recording named
        twice is submitted once; one without a transcript has no id in the list.
    """

    template_fields: Sequence[str] = ("recordings", "transcript_options")
    template_fields_renderers = {"transcript_options": "json"}
    ui_color = "#d5e8f0"

    def __init__(
        self,
        *,
        recordings: str | list[str],
        transcript_options: dict[str, Any] | None = None,
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        memory: SubmissionMemory | None = None,
        upload_workers: int = 4,
        fail_on_error: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.recordings = recordings
        self.transcript_options = transcript_options
        self.assemblyai_conn_id = assemblyai_conn_id
        self.memory = memory
        self.upload_workers = int(
            _WORKERS.read(upload_workers, f"task {self.task_id!r}, upload_workers") or 1
        )
        self.fail_on_error = fail_on_error

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # The one place that a mapped task passes too, before Airflow stores and shows the rendered fields.
        super()._do_render_template_fields(parent, *args, **kwargs)
        for recording in self._recordings():
            mask_url_secrets(recording)
        mask_option_secrets(self.transcript_options)

    def execute(self, context: Context) -> str | list[str]:
        hook = AssemblyAIHook(self.assemblyai_conn_id)
        options = dict(self.transcript_options or {})
        memory = self.memory or TaskStateMemory(
            options=without_secrets(options), is_dead=lambda transcript_id: _is_dead(hook, transcript_id)
        )
        with memory.open(self._recordings(), context) as submissions:
            ends = Submitter(hook, memory, options, self.upload_workers).submit(submissions)
        transcript_ids = [end.transcript_id for end in ends if end.transcript_id]
        self.log.info("%d of %d recordings are submitted", len(transcript_ids), len(ends))
        self._raise_for(ends, last_try=context["ti"].try_number > context["ti"].max_tries)
        if isinstance(self.recordings, str) and transcript_ids:
            return transcript_ids[0]
        return transcript_ids

    def _raise_for(self, ends: Sequence[End], *, last_try: bool) -> None:
        refused = [end.refused for end in ends if end.refused]
        postponed = [end.postponed for end in ends if end.postponed]
        if postponed and (self.fail_on_error or not last_try):
            raise TransportError(_summary("cannot be submitted now", postponed + refused, len(ends)))
        if refused and self.fail_on_error:
            raise SubmissionFailedError(_summary("can never be submitted", refused, len(ends)))

    def _recordings(self) -> list[str]:
        return [self.recordings] if isinstance(self.recordings, str) else list(self.recordings[:])


def _summary(what: str, reasons: Sequence[str], total: int) -> str:
    return f"{len(reasons)} of {total} recordings {what}: {'; '.join(reasons[:NAMED_FAILURES])}"


def _is_dead(hook: AssemblyAIHook, transcript_id: str) -> bool:
    """Whether it may be submitted anew. No if that cannot be told: it might be paid for twice."""
    try:
        return hook.get_transcript(transcript_id).failure is not None
    except TranscriptNotFoundError:
        return True
    except TransportError:
        return False
