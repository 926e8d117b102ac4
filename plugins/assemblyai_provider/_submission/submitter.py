"""Submitting a batch of recordings: several at once, one failure never stopping the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import mask_secret

from assemblyai_provider._client.audio_file import Recording
from assemblyai_provider._submission.lost_answers import find_submission, submit
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    DuplicateRecordingError,
    RequestRefusedError,
)
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.models import is_web_url, strip_url_queries
from assemblyai_provider.submission_memory import Submission, SubmissionMemory

log = logging.getLogger(__name__)

_WEBHOOK_SECRET = "webhook_auth_header_value"
_SHORTEST_SECRET = 16


def mask_url_secrets(text: object) -> None:
    """Have Airflow hide the query of a URL, and what may be a signature in it, wherever it prints them."""
    query = urlsplit(text).query if isinstance(text, str) and "?" in text else ""
    if query:
        mask_secret(query)
        for _, value in parse_qsl(query):
            if len(value) >= _SHORTEST_SECRET:
                mask_secret(value)


def mask_option_secrets(options: object) -> None:
    """Likewise for what is secret in transcript options."""
    if isinstance(options, Mapping):
        mask_url_secrets(options.get("webhook_url"))
        if options.get(_WEBHOOK_SECRET):
            mask_secret(options[_WEBHOOK_SECRET])


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Transcript options as they may be stored."""
    kept = {name: value for name, value in options.items() if name != _WEBHOOK_SECRET}
    if isinstance(kept.get("webhook_url"), str):
        kept["webhook_url"] = strip_url_queries(kept["webhook_url"])
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What became of one submission: an id, or why there is none. A duplicate has neither.

    :param refused: permanently, the reason with the recording's name.
    :param postponed: not this time, likewise.
    """

    transcript_id: str | None = None
    refused: str | None = None
    postponed: str | None = None


class Submitter:
    """Submits recordings, remembering each step before and after it costs money.

    :param hook: the connection.
    :param memory: opened by the caller.
    :param options: transcript options of all recordings, laid over the hook's defaults.
    :param workers: how many recordings are in work at the same time.
    """

    def __init__(
        self, hook: AssemblyAIHook, memory: SubmissionMemory, options: Mapping[str, Any], workers: int
    ) -> None:
        self._hook, self._memory, self._options, self._workers = hook, memory, options, workers
        self._client = hook.client
        self._lock = threading.Lock()  # around the memory and what is claimed
        self._claimed: set[str] = set()
        self._stopped = threading.Event()

    def submit(self, submissions: Sequence[Submission]) -> list[End]:
        """Submit them all; one end for each, in order.

        Raises AirflowFailException without trying the rest when that would be in vain (key, account), and
        after trying all of them whatever else is no fault of a recording (a database that is gone, a bug).
        """
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="submit")
        try:
            futures = [pool.submit(self._submit, submission) for submission in submissions]
            wait(futures)
        finally:
            self._stopped.set()
            pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]

    def _submit(self, submission: Submission) -> End:
        if submission.transcript_id or self._stopped.is_set():
            return End(transcript_id=submission.transcript_id)
        try:
            transcript_id = self._resume(submission) or self._post(submission)
        except DuplicateRecordingError as error:
            with self._lock:
                self._memory.remember_duplicate(submission, error.original_key)
            return End()
        except AirflowFailException:
            self._stopped.set()
            raise
        except AssemblyAIError as error:
            return self._note(submission, error)
        with self._lock:
            self._memory.remember_transcript(submission, transcript_id, submitted_at=self._client.now())
        return End(transcript_id=transcript_id)

    def _note(self, submission: Submission, error: AssemblyAIError) -> End:
        final = isinstance(error, RequestRefusedError)
        text = f"{strip_url_queries(submission.recording)}: {error}"
        log.warning("Not submitted (%s): %s", "refused" if final else "will be tried again", text)
        with self._lock:
            self._memory.remember_failure(submission, str(error), retryable=not final)
        return End(refused=text) if final else End(postponed=text)

    def _resume(self, submission: Submission) -> str | None:
        """Adopt the job of an earlier try that ended before it could be recorded."""
        mask_url_secrets(submission.recording)
        if not submission.audio_url_sha256 or not submission.posted_at:
            return None
        return find_submission(
            self._client, submission.audio_url_sha256, submission.posted_at, claim=self._claim
        )

    def _post(self, submission: Submission) -> str:
        request = self._hook.default_options({**self._options, **submission.options})
        mask_option_secrets(request)
        audio_url, content_sha256 = submission.recording, None
        if not is_web_url(submission.recording):
            upload = self._client.upload(Recording(submission.recording))
            audio_url, content_sha256 = upload.url, upload.content_sha256

        def before_post() -> None:
            with self._lock:
                self._memory.remember_post(
                    submission,
                    audio_url=audio_url,
                    content_sha256=content_sha256,
                    request=without_secrets(request),
                )

        return submit(
            self._client, {**request, "audio_url": audio_url}, before_post=before_post, claim=self._claim
        )

    def _claim(self, transcript_ids: Sequence[str]) -> str | None:
        with self._lock:
            taken = self._memory.known_transcript_ids(transcript_ids) | self._claimed
            free = next((id_ for id_ in transcript_ids if id_ not in taken), None)
            if free:
                self._claimed.add(free)
            return free
