"""The route that AssemblyAI calls when a job has ended.

The body, the header and the retries of the call: https://www.assemblyai.com/docs/guides/webhooks.
"""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Mapping
from functools import lru_cache

from airflow.models import Connection
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from assemblyai_provider._connection.fields import transcript_options
from assemblyai_provider._webhooks.notices import Notice, NoticeQueue
from assemblyai_provider.compat import AirflowNotFoundException
from assemblyai_provider.exceptions import ConfigurationError

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16_384
SECRET_LIFETIME_S = 30
"""For how long a connection is not read again. A call with a wrong secret must cost next to nothing."""

ACCEPTED, NOT_A_NOTICE, REFUSED, TOO_LARGE = 202, 400, 403, 413


def make_app() -> Starlette:
    """The application, without a prefix. AssemblyAI repeats a call until it is answered with 2xx or 4xx."""
    queue = NoticeQueue()

    async def receive(request: Request) -> Response:
        return Response(status_code=await _receive(request, queue))

    return Starlette(routes=[Route("/webhooks/{conn_id}", receive, methods=["POST"])])


async def _receive(request: Request, queue: NoticeQueue) -> int:
    conn_id = request.path_params["conn_id"]
    # A refusal is the same for a wrong secret and an unknown connection: it does not tell which ids exist.
    if not await run_in_threadpool(_is_authentic, conn_id, request.headers):
        return REFUSED
    try:
        body = await _read_body(request)
    except ClientDisconnect:
        return NOT_A_NOTICE
    if body is None:
        return TOO_LARGE
    transcript_id, is_notice = _read_notice(body)
    if transcript_id:
        queue.put(Notice(conn_id, transcript_id))
    return ACCEPTED if is_notice else NOT_A_NOTICE


def _is_authentic(conn_id: str, headers: Mapping[str, str]) -> bool:
    header = _secret_header(conn_id, int(time.monotonic() // SECRET_LIFETIME_S))
    if header is None:
        return False
    name, secret = header
    return hmac.compare_digest(headers.get(name, "").encode(), secret.encode())


@lru_cache(maxsize=64)
def _secret_header(conn_id: str, period: int) -> tuple[str, str] | None:
    """The header that proves a call to be AssemblyAI's, and its value; None if it is not set."""
    try:
        options = transcript_options(Connection.get_connection_from_secrets(conn_id))
    except (AirflowNotFoundException, ConfigurationError) as error:
        log.warning("A webhook was refused: %s", error)
        return None
    name, secret = options.get("webhook_auth_header_name"), options.get("webhook_auth_header_value")
    if not name or not secret:
        log.warning(
            "A webhook was refused: Airflow connection %r, extra webhook_secret: is not set, so nobody can"
            " tell who calls. Set it with webhook_auth_header_name.",
            conn_id,
        )
        return None
    return name, secret


async def _read_body(request: Request) -> bytes | None:
    """The body, or None if it is too large to be a notice."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _read_notice(body: bytes) -> tuple[str | None, bool]:
    """The id of the job that has ended, and whether it is a notice of AssemblyAI at all.

    A notice of redacted audio names no transcript, and nobody waits for it.
    """
    try:
        notice = json.loads(body)
    except ValueError:
        return None, False
    if not isinstance(notice, dict) or not isinstance(notice.get("status"), str):
        return None, False
    transcript_id = notice.get("transcript_id")
    return (transcript_id if isinstance(transcript_id, str) and transcript_id else None), True
