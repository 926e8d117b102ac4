"""The sound of one call."""

from __future__ import annotations

import logging
from typing import IO, Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response

from call_sentiment.database import run_sql
from call_sentiment.pages import audio as recordings
from call_sentiment.pages import guards
from call_sentiment.pages.results import not_found, reading
from call_sentiment.pages.routes.call import CallId

log = logging.getLogger(__name__)

router = APIRouter(dependencies=guards.READ)


@router.api_route("/audio", methods=["GET", "HEAD"])
async def audio(request: Request, id: CallId, range: Annotated[str | None, Header()] = None) -> Response:
    """The recording of a known call, or the part of it that a Range header names.

    Its address comes from the results database; nothing of the request leads to a file.
    """
    recording = await to_thread.run_sync(_find_recording, id)
    try:
        file, size = await to_thread.run_sync(
            recordings.open_recording, recording, limiter=recordings.readers()
        )
    except Exception as error:  # noqa: BLE001 - each object store raises its own
        log.warning("The recording of call %r cannot be opened: %s", id, type(error).__name__)
        raise not_found(f"{recordings.GONE}.") from None
    try:
        part = recordings.read_range(range, size)
    except recordings.UnsatisfiableError:
        file.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    return _answer(request, file, size, part, recordings.media_type(recording))


def _find_recording(call_id: str) -> str:
    """The address of a call's recording. Raises HTTPException where it cannot be played."""
    with reading() as connection:
        found = run_sql(connection, "pages/call_recording", {"call_id": call_id})
    if not found:
        raise not_found("There is no such call.")
    (call,) = found
    problem = recordings.find_problem(
        call["recording"], call["recording_version"], call["recording_replaced"]
    )
    if problem:
        raise not_found(f"{problem}.")
    return str(call["recording"])


def _answer(
    request: Request, file: IO[bytes], size: int, part: recordings.Part | None, media_type: str
) -> Response:
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "inline"}
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.end - 1}/{size}"
    sent = part or recordings.Part(0, size)
    headers["Content-Length"] = str(sent.end - sent.first)
    status_code = 200 if part is None else 206
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status_code, headers=headers, media_type=media_type)
    return recordings.RecordingResponse(file, sent, status_code, headers, media_type)
