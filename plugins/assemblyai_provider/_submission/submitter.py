"""Submits a batch of recordings; one failure does not stop the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from assemblyai_provider._client.audio_file import AudioFile
from assemblyai_provider._submission.lost_answers import find_submission, submit_job
from assemblyai_provider._submission.secrets import (
    mask_option_secrets,
    mask_url_secrets,
    without_secrets,
)
from assemblyai_provider.compat import AirflowFailException
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    DuplicateRecordingError,
    RequestRefusedError,
)
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.models import is_web_url, strip_url_queries
from assemblyai_provider.submission_memory import Submission, SubmissionMemory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """The id of one submission, or why there is none; a duplicate has neither.

    :param refusal: why the recording can never be submitted, with its name.
    :param retry_reason: why it may be submitted later, with its name.
    """

    transcript_id: str | None = None
    refusal: str | None = None
    retry_reason: str | None = None


class Submitter:
    """Submits recordings and records each step that costs money in the memory.

    :param hook: the connection.
    :param memory: the submission memory, opened by the caller.
    :param options: transcript options of all recordings; they replace the hook's defaults.
    :param workers: how many recordings are submitted at the same time.
    """

    def __init__(
        self, hook: AssemblyAIHook, memory: SubmissionMemory, options: Mapping[str, Any], workers: int
    ) -> None:
        self._hook, self._memory, self._options, self._workers = hook, memory, options, workers
        self._client = hook.client
        self._lock = threading.Lock()  # for the memory and the adopted ids
        self._adopted: set[str] = set()
        self._stopped = threading.Event()

    def submit(self, submissions: Sequence[Submission]) -> list[SubmissionResult]:
        """Submit all of them; one result for each, in order.

        Raises AirflowFailException at once where no other can succeed (key, account). Any other error that is
        not a recording's fault (a lost database, a bug) is raised after all of them are tried.
        """
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="submit")
        try:
            futures = [pool.submit(self._submit, submission) for submission in submissions]
            wait(futures)
        finally:
            self._stopped.set()
            pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]

    def _submit(self, submission: Submission) -> SubmissionResult:
        if submission.transcript_id or self._stopped.is_set():
            return SubmissionResult(transcript_id=submission.transcript_id)
        try:
            transcript_id = self._resume(submission) or self._post(submission)
        except DuplicateRecordingError as error:
            with self._lock:
                self._memory.remember_duplicate(submission, error.original_key)
            return SubmissionResult()
        except AirflowFailException:
            self._stopped.set()
            raise
        except AssemblyAIError as error:
            return self._record_failure(submission, error)
        with self._lock:
            self._memory.remember_transcript(submission, transcript_id, submitted_at=self._client.now())
        return SubmissionResult(transcript_id=transcript_id)

    def _record_failure(self, submission: Submission, error: AssemblyAIError) -> SubmissionResult:
        is_refused = isinstance(error, RequestRefusedError)
        reason = f"{strip_url_queries(submission.recording)}: {error}"
        log.warning("Not submitted (%s): %s", "refused" if is_refused else "a retry may help", reason)
        with self._lock:
            self._memory.remember_failure(submission, str(error), retryable=not is_refused)
        return SubmissionResult(refusal=reason) if is_refused else SubmissionResult(retry_reason=reason)

    def _resume(self, submission: Submission) -> str | None:
        """The job of an earlier try that stopped before it could record the id, or None."""
        mask_url_secrets(submission.recording)
        if not submission.audio_url_sha256 or not submission.posted_at:
            return None
        return find_submission(
            self._client, submission.audio_url_sha256, submission.posted_at, adopt=self._adopt
        )

    def _post(self, submission: Submission) -> str:
        request = self._hook.default_options({**self._options, **submission.options})
        mask_option_secrets(request)
        audio_url, content_sha256 = submission.recording, None
        if not is_web_url(submission.recording):
            upload = self._client.upload(AudioFile(submission.recording))
            audio_url, content_sha256 = upload.url, upload.content_sha256

        def before_post() -> None:
            with self._lock:
                self._memory.remember_post(
                    submission,
                    audio_url=audio_url,
                    content_sha256=content_sha256,
                    request=without_secrets(request),
                )

        return submit_job(
            self._client, {**request, "audio_url": audio_url}, before_post=before_post, adopt=self._adopt
        )

    def _adopt(self, transcript_ids: Sequence[str]) -> str | None:
        """The first of these ids that belongs to no submission, reserved for the caller."""
        with self._lock:
            known = self._memory.known_transcript_ids(transcript_ids) | self._adopted
            adopted = next((id_ for id_ in transcript_ids if id_ not in known), None)
            if adopted:
                self._adopted.add(adopted)
            return adopted
