"""The recordings of calls as sound: whether one can be played, and the part of it that a player asks for."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from functools import cache
from typing import IO, NamedTuple

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from assemblyai_provider.models import is_web_url
from call_sentiment.discovery.folders import AUDIO_SUFFIXES
from call_sentiment.discovery.locations import file_version, local_path, open_file

CHUNK_BYTES = 256 * 1024
READERS = 8
"""Threads that read recordings at the same time, besides those that serve the rest of the api-server."""
LOOK_TIMEOUT_S = 2.0
"""How long a page waits for an object store to say whether a recording is there."""

GONE = "The recording is not there any more"
NOT_FETCHED = "The recording lies at a web address, which these pages do not fetch"
NO_AUDIO = "The recording's name does not end like that of an audio file, so it is not played"

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
# What browsers play. Others are offered to be saved, as bytes.
_TYPES = {
    **dict.fromkeys((".mp3", ".mp2", ".mpga", ".mpeg", ".mpg"), "audio/mpeg"),
    **dict.fromkeys((".wav", ".wave"), "audio/wav"),
    **dict.fromkeys((".m4a", ".m4b", ".m4p", ".m4r", ".m4v", ".mp4", ".mov"), "audio/mp4"),
    **dict.fromkeys((".ogg", ".oga", ".opus", ".mogg"), "audio/ogg"),
    **dict.fromkeys((".webm", ".mka", ".mkv"), "audio/webm"),
    ".aac": "audio/aac",
    ".flac": "audio/flac",
}


class Part(NamedTuple):
    """The bytes of a file from `first` to before `end`."""

    first: int
    end: int


class UnsatisfiableError(ValueError):
    """A range that begins behind the end of the file."""


def find_problem(recording: str, version: str | None, replaced: bool) -> str | None:
    """Why a recording cannot be played; None where it can, or where its store does not say in time.

    :param version: the version that was transcribed, None where that is not known.
    :param replaced: whether its place holds the audio of another call now.
    """
    if is_web_url(recording):
        return NOT_FETCHED
    if _suffix(recording) not in AUDIO_SUFFIXES:
        return NO_AUDIO
    if replaced:
        return GONE
    path = local_path(recording)
    if path is not None:
        return _compare(_regular_file_version(recording, path), version)
    try:
        return _compare(_lookers().submit(file_version, recording).result(LOOK_TIMEOUT_S), version)
    except TooSlowError:
        return None
    except Exception as error:  # noqa: BLE001 - each store raises its own
        # Not str(error): it may name keys.
        return f"The recording's object store does not answer ({type(error).__name__}): check its connection"


def _compare(found: str | None, version: str | None) -> str | None:
    return GONE if found is None or version not in (None, found) else None


def _regular_file_version(recording: str, path: str) -> str | None:
    # To open a pipe would wait for its writer.
    return file_version(recording) if os.path.isfile(path) else None


@cache
def _lookers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, "call-sentiment-look")


def _suffix(recording: str) -> str:
    return posixpath.splitext(recording)[1].lower()


def media_type(recording: str) -> str:
    """The content type of a recording, from its suffix."""
    return _TYPES.get(_suffix(recording), "application/octet-stream")


def open_recording(recording: str) -> tuple[IO[bytes], int]:
    """Open a recording; with its size in bytes. Raises OSError, LocationError or what its store raises."""
    file = open_file(recording)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return file, size


def read_range(header: str | None, size: int) -> Part | None:
    """The part that a Range header asks for; None for the whole file. Raises UnsatisfiableError.

    A header that asks for several parts, or that makes no sense, is ignored, as RFC 9110 allows.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        part = Part(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        part = Part(int(first), min(size, int(last) + 1) if last else size)
    if part.first >= part.end:
        raise UnsatisfiableError(header)
    return part


class RecordingResponse(StreamingResponse):
    """Streams a part of an open file, and closes it however the answer ends."""

    def __init__(
        self, file: IO[bytes], part: Part, status_code: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(_chunks(file, part), status_code, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _chunks(file: IO[bytes], part: Part) -> AsyncIterator[bytes]:
    await to_thread.run_sync(file.seek, part.first, limiter=readers())
    left = part.end - part.first
    while left > 0:
        chunk = await to_thread.run_sync(file.read, min(CHUNK_BYTES, left), limiter=readers())
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


@cache
def readers() -> CapacityLimiter:
    """The limit of threads that read recordings."""
    return CapacityLimiter(READERS)
