"""Requests and answers of the AssemblyAI API as values, for both clients.

Paths and fields are those of https://www.assemblyai.com/docs/api-reference. The modules `status_errors` and
`transport_errors` map refusals and network faults to our errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from assemblyai_provider._client.lazy_json import read_json
from assemblyai_provider._client.status_errors import TRANSCRIPTS, UPLOADS, status_error
from assemblyai_provider._transcripts.results import DELETED_AUDIO_URL
from assemblyai_provider.exceptions import TransportError
from assemblyai_provider.models import DEFAULT_REQUEST_BUDGET, Transcript, TranscriptStatus

PAGE_SIZE = 200
CLOCK_MARGIN = timedelta(minutes=5)
"""How far AssemblyAI's clock and ours may differ when the list is searched for a submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What both clients need of a connection; budget in requests per 5 minutes."""

    base_url: str
    api_key: str = field(repr=False)
    request_budget: int = DEFAULT_REQUEST_BUDGET
    poll_interval_s: float = 5.0
    reconcile_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready for either client."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: status code, `Retry-After` header and body."""

    status_code: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTranscript:
    """One job in the list. `created` and `completed` are aware UTC, or None if they cannot be read."""

    id: str
    status: TranscriptStatus
    created: datetime | None
    completed: datetime | None = None
    audio_url: str = field(repr=False)

    @property
    def deleted(self) -> bool:
        """Whether the transcript was deleted; its status stays `completed`."""
        return self.audio_url == DELETED_AUDIO_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list, newest first; `older` is the next page's `before_id`."""

    items: tuple[ListedTranscript, ...]
    older: str | None

    @property
    def oldest(self) -> datetime | None:
        """When the oldest job of the page was created."""
        return min((item.created for item in self.items if item.created), default=None)


UPLOAD = Request(method="POST", path=UPLOADS)


def get_transcript(transcript_id: str) -> Request:
    return Request(method="GET", path=f"{TRANSCRIPTS}/{quote(transcript_id, safe='')}")


def delete_transcript(transcript_id: str) -> Request:
    return Request(method="DELETE", path=f"{TRANSCRIPTS}/{quote(transcript_id, safe='')}")


def export(transcript_id: str, kind: str, **params: str | int) -> Request:
    """Another form of a completed transcript: `sentences`, `paragraphs`, `srt`, `vtt` or `redacted-audio`."""
    return Request(method="GET", path=f"{TRANSCRIPTS}/{quote(transcript_id, safe='')}/{kind}", params=params)


def post_transcript(body: Mapping[str, Any]) -> Request:
    return Request(method="POST", path=TRANSCRIPTS, json=body)


def list_transcripts(
    *,
    status: TranscriptStatus | None = None,
    before_id: str | None = None,
    limit: int = PAGE_SIZE,
    created_on: str | None = None,
) -> Request:
    params = {
        "limit": limit,
        "status": status and status.value,
        "before_id": before_id,
        "created_on": created_on,
    }
    return Request(method="GET", path=TRANSCRIPTS, params={k: v for k, v in params.items() if v is not None})


def read_object(request: Request, answer: Answer) -> Mapping[str, Any]:
    """The JSON object of an answer.

    Raises what its status code means, and TransportError if there is no object.
    """
    if not 200 <= answer.status_code < 300:
        raise status_error(request, answer)
    try:
        body = read_json(answer.body)
    except ValueError as error:
        raise TransportError(f"{request}: the answer is not JSON") from error
    if not isinstance(body, Mapping):
        raise TransportError(f"{request}: the answer is not a JSON object")
    return body


def read_text(request: Request, answer: Answer) -> str:
    """The text of an answer that is not JSON.

    Raises what its status code means, and TransportError if it is no text.
    """
    if not 200 <= answer.status_code < 300:
        raise status_error(request, answer)
    try:
        return answer.body.decode()
    except UnicodeDecodeError as error:
        raise TransportError(f"{request}: the answer is not text") from error


def read_transcript(request: Request, answer: Answer) -> Transcript:
    """The transcript of an answer to POST or GET by id."""
    try:
        return Transcript.from_api(read_object(request, answer))
    except ValueError as error:
        raise TransportError(f"{request}: the answer is no transcript") from error


def read_page(request: Request, answer: Answer) -> Page:
    """The page of an answer to the list request. A row without an id is skipped."""
    body = read_object(request, answer)
    rows, details = body.get("transcripts"), body.get("page_details")
    if not isinstance(rows, list):
        raise TransportError(f"{request}: the answer has no list of transcripts")
    items = tuple(_read_row(row) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))
    has_older = isinstance(details, dict) and details.get("prev_url") is not None
    return Page(items=items, older=items[-1].id if items and has_older else None)


def read_upload_url(request: Request, answer: Answer) -> str:
    """The URL of an uploaded file, which only AssemblyAI can read."""
    url = read_object(request, answer).get("upload_url")
    if not isinstance(url, str) or not url.startswith("http"):
        raise TransportError(f"{request}: the answer has no upload_url")
    return url


def _read_row(row: Mapping[str, Any]) -> ListedTranscript:
    return ListedTranscript(
        id=row["id"],
        status=TranscriptStatus.read(row.get("status")),
        created=_read_time(row.get("created")),
        completed=_read_time(row.get("completed")),
        audio_url=str(row.get("audio_url")),
    )


def _read_time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
