"""Submission memory: a recording is paid for once, even after a crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from assemblyai_provider._variable_store import VariableStore

if TYPE_CHECKING:
    from airflow.sdk import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One recording to submit, and what is known of earlier tries.

    :param key: identity in the memory.
    :param recording: local path, object-storage URI or http(s) URL.
    :param options: transcript options of this recording alone; they replace those of the operator.
    :param transcript_id: AssemblyAI's id if it was submitted already; it is not submitted again.
    :param audio_url_sha256: the hash (see `hash_audio_url`) of the `audio_url` of a POST that was started and
        whose outcome was never recorded.
    :param posted_at: when that POST was started (aware, UTC).
    """

    key: str
    recording: str
    options: Mapping[str, Any] = field(default_factory=dict)
    transcript_id: str | None = None
    audio_url_sha256: str | None = None
    posted_at: datetime | None = None


class SubmissionMemory(Protocol):
    """Durable memory of submissions; the operator keeps it open for a whole batch.

    The operator calls the methods one at a time, but from several threads.
    """

    def open(
        self, recordings: Sequence[str], context: Context
    ) -> AbstractContextManager[Sequence[Submission]]:
        """Yield the submissions to make; until exit no other process can submit them."""
        ...

    def remember_post(
        self,
        submission: Submission,
        *,
        audio_url: str,
        content_sha256: str | None,
        request: Mapping[str, Any],
    ) -> None:
        """Make durable that `audio_url` is about to be posted.

        Called before every POST, retries included. Only `hash_audio_url(audio_url)` may be stored.
        `content_sha256` is the hex SHA-256 of the recording's bytes (None for http URLs, whose bytes are not
        read). `request` is the body of the POST without `audio_url` and without secrets.
        Raises DuplicateRecordingError if another recording with the same bytes has a transcript that has not
        failed.
        """
        ...

    def remember_transcript(
        self, submission: Submission, transcript_id: str, *, submitted_at: datetime
    ) -> None:
        """Make durable the id of an accepted submission, and when (UTC)."""
        ...

    def remember_failure(self, submission: Submission, error: str, *, retryable: bool) -> None:
        """Record why it cannot be submitted: for good, or for now if `retryable`."""
        ...

    def remember_duplicate(self, submission: Submission, original_key: str) -> None:
        """Record that it has the same bytes as the submission `original_key`."""
        ...

    def known_transcript_ids(self, transcript_ids: Sequence[str]) -> set[str]:
        """Those that belong to a submission already; no other may adopt them."""
        ...


def hash_audio_url(audio_url: str) -> str:
    """The hash of an audio URL that a memory stores: hex SHA-256 of its UTF-8.

    The search for a lost answer compares these hashes, so every memory must use this function.
    """
    return hashlib.sha256(audio_url.encode()).hexdigest()


def recording_key(recording: str, options: Mapping[str, Any]) -> str:
    """The identity of a recording with its options.

    It is a hash, since a presigned URL must not be stored.
    """
    text = json.dumps([recording, options], sort_keys=True, separators=(",", ":"))
    return "transcript:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class TaskStateMemory:
    """The default memory: Airflow's task state store, before Airflow 3.3 an Airflow Variable.

    It survives retries and clears of a task.

    It protects a task against its own retries; it does not know other tasks or Dag runs.

    :param options: the operator's transcript options, part of each recording's identity.
    :param is_dead: whether the transcript of an id failed or is gone, so its recording is submitted again.
    """

    options: Mapping[str, Any]
    is_dead: Callable[[str], bool]
    _store: Any = field(init=False, default=None)
    _entries: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)
    _known: set[str] = field(init=False, default_factory=set)

    @contextmanager
    def open(self, recordings: Sequence[str], context: Context) -> Iterator[Sequence[Submission]]:
        """Yield one submission per distinct recording, in order.

        No lock is needed: Airflow runs one try of a task at a time.
        """
        # From Airflow 3.3 on; XCom is no memory, since a retry starts by clearing it.
        store = context.get("task_state_store")
        self._store = VariableStore(context["ti"]) if store is None else store
        yield [self._recall(recording) for recording in dict.fromkeys(recordings)]

    def _recall(self, recording: str) -> Submission:
        key = recording_key(recording, self.options)
        entry = self._store.get(key)
        # Other code may write to the store, so an entry of another shape is ignored.
        entry = dict(entry) if isinstance(entry, Mapping) else {}
        if known := entry.get("transcript_id"):
            self._known.add(known)
            entry = {} if self.is_dead(known) else entry
        self._entries[key] = entry
        posted_at = entry.get("posted_at")
        return Submission(
            key=key,
            recording=recording,
            transcript_id=entry.get("transcript_id"),
            audio_url_sha256=entry.get("audio_url_sha256"),
            posted_at=datetime.fromisoformat(posted_at) if posted_at else None,
        )

    def remember_post(
        self,
        submission: Submission,
        *,
        audio_url: str,
        content_sha256: str | None,
        request: Mapping[str, Any],
    ) -> None:
        audio_url_sha256 = hash_audio_url(audio_url)
        self._write(submission, audio_url_sha256=audio_url_sha256, posted_at=datetime.now(UTC).isoformat())

    def remember_transcript(
        self, submission: Submission, transcript_id: str, *, submitted_at: datetime
    ) -> None:
        self._write(submission, transcript_id=transcript_id, submitted_at=submitted_at.isoformat())
        self._known.add(transcript_id)

    def remember_failure(self, submission: Submission, error: str, *, retryable: bool) -> None:
        self._write(submission, error=error, retryable=retryable)

    def remember_duplicate(self, submission: Submission, original_key: str) -> None:
        self._write(submission, duplicate_of=original_key)

    def known_transcript_ids(self, transcript_ids: Sequence[str]) -> set[str]:
        return self._known.intersection(transcript_ids)

    def _write(self, submission: Submission, **changes: Any) -> None:
        entry = {**self._entries[submission.key], **changes}
        self._store.set(submission.key, entry)
        self._entries[submission.key] = entry
