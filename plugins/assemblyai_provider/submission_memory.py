"""What the submit operator remembers, so that a recording is paid for once whatever dies in between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow.sdk import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One recording to be transcribed, and what is known of earlier attempts.

    :param key: identity in the memory.
    :param recording: local path, object-storage URI or http(s) URL.
    :param options: transcript options of this recording alone, laid over those of the operator.
    :param transcript_id: AssemblyAI's id if it was submitted already: then there is nothing to do.
    :param audio_url_sha256: a POST with an `audio_url` of this hash (see `hash_audio_url`) was begun, and its
        outcome was never recorded.
    :param posted_at: when that POST was begun (aware, UTC).
    """

    key: str
    recording: str
    options: Mapping[str, Any] = field(default_factory=dict)
    transcript_id: str | None = None
    audio_url_sha256: str | None = None
    posted_at: datetime | None = None


class SubmissionMemory(Protocol):
    """Durable memory of submissions; the operator holds it open for a whole batch.

    The operator calls the methods one at a time, but from several threads.
    """

    def open(
        self, recordings: Sequence[str], context: Context
    ) -> AbstractContextManager[Sequence[Submission]]:
        """Give the submissions to make; until exit no other process can submit the same ones."""
        ...

    def remember_post(
        self,
        submission: Submission,
        *,
        audio_url: str,
        content_sha256: str | None,
        request: Mapping[str, Any],
    ) -> None:
        """Make durable, before it happens, that `audio_url` is about to be posted.

        Called before every POST, so again when one is repeated. Only `hash_audio_url(audio_url)` may be kept.
        `content_sha256` is the hex SHA-256 of the recording's bytes (None for http URLs, whose bytes we never
        see). `request` is the body to be sent without `audio_url` and without secrets.
        Raises DuplicateRecordingError if another recording with the same bytes has a live transcript.
        """
        ...

    def remember_transcript(
        self, submission: Submission, transcript_id: str, *, submitted_at: datetime
    ) -> None:
        """Make durable that AssemblyAI accepted the submission under this id (time of the answer, UTC)."""
        ...

    def remember_failure(self, submission: Submission, error: str, *, retryable: bool) -> None:
        """Note why it could not be submitted: an end state, or open for another try if `retryable`."""
        ...

    def remember_duplicate(self, submission: Submission, original_key: str) -> None:
        """Note that this recording holds the same audio as the submission `original_key`."""
        ...

    def known_transcript_ids(self, transcript_ids: Sequence[str]) -> set[str]:
        """Those of `transcript_ids` that belong to a submission already: no other may adopt them."""
        ...


def hash_audio_url(audio_url: str) -> str:
    """The hash by which a memory remembers an audio URL, which may hold secrets: hex SHA-256 of its UTF-8.

    The search for a lost answer compares by it, so every memory must use it.
    """
    return hashlib.sha256(audio_url.encode()).hexdigest()


def recording_key(recording: str, options: Mapping[str, Any]) -> str:
    """The identity of a recording with its options: a hash, since a presigned URL must not be stored."""
    text = json.dumps([recording, options], sort_keys=True, separators=(",", ":"))
    return "transcript:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class TaskStateMemory:
    """The memory for anyone's Dag: Airflow's task state store, which outlives retries and clears of a task.

    It protects one task against its own retries; it does not know of other tasks or Dag runs.

    :param options: the operator's transcript options, part of each recording's identity.
    :param is_dead: tells of a remembered id whether its transcript failed or is gone, to be submitted anew.
    """

    options: Mapping[str, Any]
    is_dead: Callable[[str], bool]
    _store: Any = field(init=False, default=None)
    _entries: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)
    _known: set[str] = field(init=False, default_factory=set)

    @contextmanager
    def open(self, recordings: Sequence[str], context: Context) -> Iterator[Sequence[Submission]]:
        """Give one submission per distinct recording, in order. Airflow runs one try of a task at a time."""
        self._store = context["task_state_store"]
        yield [self._recall(recording) for recording in dict.fromkeys(recordings)]

    def _recall(self, recording: str) -> Submission:
        key = recording_key(recording, self.options)
        entry = self._store.get(key)
        # The store is shared with whoever else writes into it, so nothing is believed but our own shape.
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

    def _write(self, submission: Submission, **news: Any) -> None:
        entry = {**self._entries[submission.key], **news}
        self._store.set(submission.key, entry)
        self._entries[submission.key] = entry
