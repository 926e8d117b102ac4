"""AssemblyAI's answers as values, and rules for URLs and options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assemblyai_provider._transcripts.results import TranscriptResults

_URL_USER = re.compile(r"(?<=://)[^\s/?#@]*@")
_URL_TAIL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://[^\s?#]*)[?#]\S*")
WEBHOOK_PREFIX = "webhook_"

REQUESTS_KEY = "requests"
"""The XCom in which an operator with `push_requests` leaves how many requests its task sent."""

DEFAULT_REQUEST_BUDGET = 20_000
"""Requests per account in five minutes, by AssemblyAI's documentation."""


def strip_url_queries(text: str) -> str:
    """`text` without the query, fragment and user info of URLs: the secrets."""
    return _URL_TAIL.sub(r"\1", _URL_USER.sub("", text))


def is_web_url(location: str) -> bool:
    """Whether AssemblyAI itself fetches this recording, which is not opened here."""
    return location.lower().startswith(("http://", "https://"))


def without_webhook(options: Mapping[str, Any]) -> dict[str, Any]:
    """Transcript options without those of the webhook.

    These hold secrets and do not change the transcript.
    """
    return {name: value for name, value in options.items() if not name.startswith(WEBHOOK_PREFIX)}


class TranscriptStatus(StrEnum):
    """AssemblyAI's job statuses; UNKNOWN, any other, counts as in progress."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"
    UNKNOWN = "unknown"

    @classmethod
    def read(cls, value: object) -> TranscriptStatus:
        """The status in an answer, UNKNOWN for any other value."""
        return cls(value) if isinstance(value, str) and value in cls._value2member_map_ else cls.UNKNOWN

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended; its status will not change again."""
        return self in _TERMINAL


_TERMINAL = frozenset({TranscriptStatus.COMPLETED, TranscriptStatus.ERROR})


class FailureKind(StrEnum):
    """Why there is no transcript. A new submission helps only for SERVER."""

    SERVER = "server"
    DOWNLOAD = "download"
    NOT_AUDIO = "not_audio"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_SPEECH = "no_speech"
    LANGUAGE = "language"
    SPEECH_THRESHOLD = "speech_threshold"
    DELETED = "deleted"
    OTHER = "other"


# AssemblyAI gives no code, only English text. The order matters: a download error quotes the other server's
# text, which may be "500 Server Error".
_KINDS_BY_PATTERN: tuple[tuple[re.Pattern[str], FailureKind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"^download error", FailureKind.DOWNLOAD),
        (r"^(internal )?server error", FailureKind.SERVER),
        (r"does not appear to contain audio|^transcoding failed|file type is ", FailureKind.NOT_AUDIO),
        (r"duration is too short", FailureKind.TOO_SHORT),
        (r"duration is too long", FailureKind.TOO_LONG),
        (r"no spoken audio", FailureKind.NO_SPEECH),
        (r"detected language|language confidence|not available in this language", FailureKind.LANGUAGE),
        (r"speech threshold", FailureKind.SPEECH_THRESHOLD),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptFailure:
    """Why a job has no transcript; `retryable`: a new submission may succeed."""

    kind: FailureKind
    reason: str
    retryable: bool

    @classmethod
    def from_error(cls, error: str | None) -> TranscriptFailure:
        """Classify the `error` text of a job that ended in status `error`."""
        reason = error or "AssemblyAI gave no reason"
        kind = next(
            (kind for pattern, kind in _KINDS_BY_PATTERN if pattern.search(reason)), FailureKind.OTHER
        )
        return cls(kind=kind, reason=reason, retryable=kind is FailureKind.SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(TranscriptResults):
    """One job as `GET /v2/transcript/{id}` returns it, with its results by name.

    `raw` is the whole JSON object, unchanged; `error` is its error text without the query of any URL.
    """

    id: str
    status: TranscriptStatus
    error: str | None
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_api(cls, obj: Any) -> Transcript:
        """Read an answer. Raises ValueError unless it is an object with an id."""
        if not isinstance(obj, Mapping) or not isinstance(obj.get("id"), str) or not obj["id"]:
            raise ValueError("not a transcript: no id in it")
        error = obj.get("error")
        return cls(
            id=obj["id"],
            status=TranscriptStatus.read(obj.get("status")),
            error=None if error is None else strip_url_queries(str(error)),
            raw=obj,
        )

    @property
    def failure(self) -> TranscriptFailure | None:
        """Why this job has no transcript, or None if it has one or is in progress."""
        if self.deleted:
            return TranscriptFailure(
                kind=FailureKind.DELETED, reason="the transcript was deleted at AssemblyAI", retryable=False
            )
        if self.status is TranscriptStatus.ERROR:
            return TranscriptFailure.from_error(self.error)
        return None
