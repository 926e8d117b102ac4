"""The AssemblyAI API without input or output: requests as values, answers judged once for both drivers.

Paths, codes and texts are those of https://www.assemblyai.com/docs/api-reference. Where its pages disagree
both versions are accepted: an exceeded rate is 429 or 403, an unknown transcript 404 or 400.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from assemblyai_provider.client.limiter import WINDOW_S
from assemblyai_provider.exceptions import (
    AccountError,
    AssemblyAIError,
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    RequestRefusedError,
    TranscriptNotFoundError,
    TransportError,
    UploadRefusedError,
)
from assemblyai_provider.models import (
    DELETED_AUDIO_URL,
    Transcript,
    TranscriptStatus,
    strip_url_queries,
)

DEFAULT_BASE_URL = "https://api.assemblyai.com"
PAGE_SIZE = 200
CLOCK_MARGIN = timedelta(minutes=5)
"""How far AssemblyAI's clock and ours may differ when a submission is looked for in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Where to speak and as whom, how often (requests per five minutes), and what to wait, in seconds."""

    base_url: str
    api_key: str = field(repr=False)
    request_budget: int = 20_000
    poll_interval_s: float = 5.0
    reconcile_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready for either driver."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the code, the `Retry-After` header and the body."""

    status_code: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTranscript:
    """One row of the list. `created` is aware UTC, or None if it could not be read."""

    id: str
    status: TranscriptStatus
    created: datetime | None
    audio_url: str = field(repr=False)

    @property
    def deleted(self) -> bool:
        """Whether it was deleted, although its status still says `completed`."""
        return self.audio_url == DELETED_AUDIO_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list, newest first; `older` is the `before_id` of the page that follows."""

    items: tuple[ListedTranscript, ...]
    older: str | None

    @property
    def oldest(self) -> datetime | None:
        """When the oldest job of the page was created."""
        return min((item.created for item in self.items if item.created), default=None)


_TRANSCRIPTS = "/v2/transcript"
UPLOAD = Request(method="POST", path="/v2/upload")


def get_transcript(transcript_id: str) -> Request:
    return Request(method="GET", path=f"{_TRANSCRIPTS}/{quote(transcript_id, safe='')}")


def post_transcript(body: Mapping[str, Any]) -> Request:
    return Request(method="POST", path=_TRANSCRIPTS, json=body)


def list_transcripts(
    *, status: TranscriptStatus | None = None, before_id: str | None = None, limit: int = PAGE_SIZE
) -> Request:
    given = {"limit": limit, "status": status and status.value, "before_id": before_id}
    return Request(method="GET", path=_TRANSCRIPTS, params={k: v for k, v in given.items() if v is not None})


def read_object(request: Request, answer: Answer) -> dict[str, Any]:
    """The JSON object of a good answer; raises the error that a bad one stands for."""
    if not 200 <= answer.status_code < 300:
        raise _error(request, answer)
    try:
        body = json.loads(answer.body)
    except ValueError as error:
        raise TransportError(f"{request}: the answer is not JSON") from error
    if not isinstance(body, dict):
        raise TransportError(f"{request}: the answer is not a JSON object")
    return body


def read_transcript(request: Request, answer: Answer) -> Transcript:
    """The transcript of an answer to POST or GET by id."""
    try:
        return Transcript.from_api(read_object(request, answer))
    except ValueError as error:
        raise TransportError(f"{request}: {error}") from error


def read_page(request: Request, answer: Answer) -> Page:
    """The page of an answer to the list request. A row without an id is passed over."""
    body = read_object(request, answer)
    rows, details = body.get("transcripts"), body.get("page_details")
    if not isinstance(rows, list):
        raise TransportError(f"{request}: the answer has no list of transcripts")
    items = tuple(_listed(row) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))
    more = isinstance(details, dict) and details.get("prev_url") is not None
    return Page(items=items, older=items[-1].id if items and more else None)


def read_upload_url(request: Request, answer: Answer) -> str:
    """The address at which AssemblyAI alone can read what was uploaded."""
    url = read_object(request, answer).get("upload_url")
    if not isinstance(url, str) or not url.startswith("http"):
        raise TransportError(f"{request}: the answer has no upload_url")
    return url


def _listed(row: Mapping[str, Any]) -> ListedTranscript:
    try:
        created = datetime.fromisoformat(str(row.get("created")))
    except ValueError:
        created = None
    if created is not None and created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    status = TranscriptStatus.read(row.get("status"))
    return ListedTranscript(id=row["id"], status=status, created=created, audio_url=str(row.get("audio_url")))


def _error_text(answer: Answer) -> str:
    """AssemblyAI's own explanation. A page of some proxy is no explanation and may hold anything."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return strip_url_queries(error)[:500] if isinstance(error, str) else ""


def _retry_after(answer: Answer) -> float | None:
    """Whole seconds, as AssemblyAI sends it; never longer than the window its limit is counted over."""
    header = answer.retry_after or ""
    return min(float(header), WINDOW_S) if header.isdecimal() else None


def _error(request: Request, answer: Answer) -> AssemblyAIError:
    code, text = answer.status_code, _error_text(answer)
    message = f"{request} answered {code}" + (f": {text}" if text else "")
    if code == 401:
        return AuthenticationError(
            f"{message}. Correct the API key (password) of the Airflow connection, and see that its"
            " host is the region the key belongs to."
        )
    if code == 429 or (code == 403 and "cannot access" not in text.lower()):
        return RateLimitedError(message, _retry_after(answer))
    return _refusal(request, code, text.lower(), message) or TransportError(message)


def _refusal(request: Request, code: int, text: str, message: str) -> AssemblyAIError | None:
    """The error that blames the request; None where a retry may help (5xx, a wrong host, a broken upload)."""
    if code == 402 or (code == 400 and "account balance" in text):
        return AccountError(f"{message} (AssemblyAI account)")
    if request.path.startswith(f"{_TRANSCRIPTS}/") and (code == 404 or "not found" in text):
        return TranscriptNotFoundError(message)
    if code == 400 and "speech_model" in text:
        return ConfigurationError(f"{message}. Correct speech_models in the extra of the Airflow connection.")
    if request == UPLOAD:
        return UploadRefusedError(message) if code in {400, 403, 413, 415} else None
    return RequestRefusedError(message) if code in {400, 403, 409, 413, 415, 422} else None
