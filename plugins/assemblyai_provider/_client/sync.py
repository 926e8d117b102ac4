"""The workers' client of the AssemblyAI API: it uploads, submits and reads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests

from assemblyai_provider._client import core
from assemblyai_provider._client.audio_file import CHANGED, AudioFile, HashingBody
from assemblyai_provider._client.rate_limiter import Backoff, RateLimiter, shared_limiter
from assemblyai_provider._client.transport_errors import transport_error
from assemblyai_provider.exceptions import (
    NotConnectedError,
    RateLimitedError,
    TransportError,
)
from assemblyai_provider.models import Transcript, TranscriptStatus

T = TypeVar("T")

# Seconds to connect and to wait for the answer. urllib3 applies the first to every write as well, so a slow
# upload needs a long one.
TIMEOUT_S = (10.0, 60.0)
UPLOAD_TIMEOUT_S = (120.0, 300.0)
UPLOAD_TRIES = 3
POOL_SIZE = 32
UPLOAD_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded file: its URL for AssemblyAI and the SHA-256 (hex) of its bytes."""

    url: str
    content_sha256: str


class _ApiKeyAuth(requests.auth.AuthBase):
    """Sends the key without `Bearer`.

    A plain header would be replaced by the entry of a .netrc file.
    """

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._api_key
        return request


class AssemblyAIClient:
    """Blocking client for several threads. Raises `exceptions.AssemblyAIError`.

    Reads, deletions and uploads are retried after faults; submissions are not: `_submission.lost_answers`.

    :param limiter, sleep, uniform, now: the request rate, how to wait (seconds), the jitter, the UTC clock.
    """

    def __init__(
        self,
        settings: core.ClientSettings,
        *,
        limiter: RateLimiter | None = None,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._limiter = limiter or shared_limiter(
            settings.base_url, settings.api_key, settings.request_budget
        )
        self.sleep, self.now = sleep, now
        self._uniform = uniform
        self.requests_sent = 0
        self._count_lock = threading.Lock()
        self._session = requests.Session()
        self._session.auth = _ApiKeyAuth(settings.api_key)
        self._session.mount("http", requests.adapters.HTTPAdapter(pool_maxsize=POOL_SIZE))

    def close(self) -> None:
        """Close the HTTP connections."""
        self._session.close()

    def get_transcript(self, transcript_id: str) -> Transcript:
        """The job as it is now. Raises TranscriptNotFoundError for an unknown id."""
        request = core.get_transcript(transcript_id)
        return self._read(request, core.read_transcript)

    def delete_transcript(self, transcript_id: str) -> None:
        """Delete; what the answer shows is no proof (see `hooks.AssemblyAIHook.delete_transcript`)."""
        self._read(core.delete_transcript(transcript_id), core.read_object)

    def get_export(self, transcript_id: str, kind: str, **params: str | int) -> Mapping[str, Any]:
        """A completed transcript in another form, as a JSON object."""
        return self._read(core.export(transcript_id, kind, **params), core.read_object)

    def get_subtitles(self, transcript_id: str, kind: str, **params: str | int) -> str:
        """A completed transcript as a file of subtitles."""
        return self._read(core.export(transcript_id, kind, **params), core.read_text)

    def list_transcripts(
        self,
        *,
        status: TranscriptStatus | None = None,
        before_id: str | None = None,
        limit: int = core.PAGE_SIZE,
        created_on: str | None = None,
    ) -> core.Page:
        """One page of the account's jobs of the last 90 days, newest first."""
        request = core.list_transcripts(
            status=status, before_id=before_id, limit=limit, created_on=created_on
        )
        return self._read(request, core.read_page)

    def upload(self, audio_file: AudioFile) -> Upload:
        """Stream a file to AssemblyAI; a fault or a change restarts it."""
        backoff = self._backoff(max_tries=UPLOAD_TRIES, base_s=UPLOAD_PAUSE_S)
        while True:
            try:
                return self._upload(audio_file)
            except TransportError as error:
                self.sleep(backoff.delay_after(error))

    def _upload(self, audio_file: AudioFile) -> Upload:
        version = audio_file.version()
        with audio_file.open() as file:
            body = HashingBody(file, version.size)
            answer = self._send(core.UPLOAD, data=body, timeout=UPLOAD_TIMEOUT_S)
        url = core.read_upload_url(core.UPLOAD, answer)
        if audio_file.version() != version:
            raise TransportError(CHANGED)
        return Upload(url=url, content_sha256=body.sha256)

    def post_transcript(self, body: dict[str, Any], before_post: Callable[[], None]) -> str:
        """Submit a job and return its id.

        Retried only while AssemblyAI certainly has not accepted it.

        Raises NotConnectedError or RateLimitedError if it never did, TransportError if that is unknown.

        :param before_post: called before each POST.
        """
        request, backoff = core.post_transcript(body), self._backoff()
        while True:
            before_post()
            try:
                return core.read_transcript(request, self._send(request)).id
            except (NotConnectedError, RateLimitedError) as error:
                self.sleep(backoff.delay_after(error))

    def _read(self, request: core.Request, read: Callable[[core.Request, core.Answer], T]) -> T:
        backoff = self._backoff()
        while True:
            try:
                return read(request, self._send(request))
            except TransportError as error:
                self.sleep(backoff.delay_after(error))

    def _backoff(self, **limits: Any) -> Backoff:
        return Backoff(limiter=self._limiter, uniform=self._uniform, **limits)

    def _send(
        self, request: core.Request, *, data: Any = None, timeout: tuple[float, float] = TIMEOUT_S
    ) -> core.Answer:
        if (delay := self._limiter.reserve()) > 0:
            self.sleep(delay)
        with self._count_lock:
            self.requests_sent += 1
        try:
            response = self._session.request(
                request.method,
                self.settings.base_url + request.path,
                params=dict(request.params),
                json=request.json,
                data=data,
                headers={"Content-Type": "application/octet-stream"} if data is not None else None,
                timeout=timeout,
                # A redirect would send the key to another host.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise transport_error(request, error) from None
        return core.Answer(
            status_code=response.status_code,
            retry_after=response.headers.get("Retry-After"),
            body=response.content,
        )
