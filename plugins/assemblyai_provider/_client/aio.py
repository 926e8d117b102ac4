"""The triggerer's client of the AssemblyAI API: reads only, on asyncio.

Why there are two HTTP libraries, both dependencies of Airflow itself: `requests` serves the workers (`sync`).
It streams an upload from a blocking file and takes proxies and certificates from the usual variables. It has
no asyncio client, which the triggerer needs; `httpx` has one. `transport_errors` maps the errors of both.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx

from assemblyai_provider._client import core
from assemblyai_provider._client.rate_limiter import Backoff, RateLimiter, shared_limiter
from assemblyai_provider._client.transport_errors import transport_error
from assemblyai_provider.exceptions import TransportError
from assemblyai_provider.models import Transcript, TranscriptStatus

T = TypeVar("T")

TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class AsyncAssemblyAIClient:
    """The reads of `AssemblyAIClient` for asyncio; an async context manager.

    :param transport: replaces the network, for tests.
    :param limiter, sleep, uniform: the request rate, how to wait (seconds) and the jitter.
    """

    def __init__(
        self,
        settings: core.ClientSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limiter: RateLimiter | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.settings = settings
        self.requests_sent = 0
        """Requests sent so far, retries included."""
        self._limiter = limiter or shared_limiter(
            settings.base_url, settings.api_key, settings.request_budget
        )
        self._sleep, self._uniform = sleep, uniform
        self._http = httpx.AsyncClient(
            base_url=settings.base_url,
            headers={"Authorization": settings.api_key},
            timeout=TIMEOUT,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get_transcript(self, transcript_id: str) -> Transcript:
        """The job as it is now. Raises TranscriptNotFoundError for an unknown id."""
        request = core.get_transcript(transcript_id)
        return await self._get(request, core.read_transcript)

    async def list_transcripts(
        self,
        *,
        status: TranscriptStatus | None = None,
        before_id: str | None = None,
        limit: int = core.PAGE_SIZE,
    ) -> core.Page:
        """One page of the account's jobs of the last 90 days, newest first."""
        request = core.list_transcripts(status=status, before_id=before_id, limit=limit)
        return await self._get(request, core.read_page)

    async def _get(self, request: core.Request, read: Callable[[core.Request, core.Answer], T]) -> T:
        backoff = Backoff(limiter=self._limiter, uniform=self._uniform)
        while True:
            try:
                return read(request, await self._send(request))
            except TransportError as error:
                await self._sleep(backoff.delay_after(error))

    async def _send(self, request: core.Request) -> core.Answer:
        if (delay := self._limiter.reserve()) > 0:
            await self._sleep(delay)
        self.requests_sent += 1
        try:
            response = await self._http.request(request.method, request.path, params=dict(request.params))
        except httpx.HTTPError as error:
            raise transport_error(request, error) from None
        return core.Answer(
            status_code=response.status_code,
            retry_after=response.headers.get("Retry-After"),
            body=response.content,
        )
