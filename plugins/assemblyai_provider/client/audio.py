"""Recordings as streams: local files and object storage alike, never whole in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from assemblyai_provider.exceptions import TransportError, UploadRefusedError
from assemblyai_provider.models import strip_url_queries

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

MAX_UPLOAD_BYTES = 2_200_000_000
"""AssemblyAI's limit for an upload (5 GB hold for a file it fetches itself by URL)."""

CHUNK_BYTES = 1 << 20

_UNREADABLE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


def is_web_url(recording: str) -> bool:
    """Whether AssemblyAI can fetch the recording itself, so that it is submitted as it is."""
    return recording.lower().startswith(("http://", "https://"))


class Recording:
    """A file to upload. Opened anew for every try.

    Raises UploadRefusedError if it is missing, unreadable, empty or too large, before anything is sent.

    :param location: a local path, or a URI that Airflow's ObjectStoragePath understands.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = _path(location)
        try:
            self.size = int(self._path.stat().st_size)
        except _UNREADABLE as error:
            raise self._refused(type(error).__name__) from error
        except OSError as error:
            raise TransportError(f"{strip_url_queries(location)}: {type(error).__name__}") from error
        if self.size == 0:
            raise self._refused("the file is empty")
        if self.size > MAX_UPLOAD_BYTES:
            raise self._refused(f"{self.size} bytes are more than AssemblyAI takes ({MAX_UPLOAD_BYTES})")

    def open(self) -> IO[bytes]:
        """Open it at its first byte."""
        try:
            return self._path.open("rb")  # type: ignore[no-any-return,unused-ignore]
        except _UNREADABLE as error:
            raise self._refused(type(error).__name__) from error
        except OSError as error:
            raise TransportError(f"{strip_url_queries(self.location)}: {type(error).__name__}") from error

    def _refused(self, reason: str) -> UploadRefusedError:
        return UploadRefusedError(f"{strip_url_queries(self.location)}: {reason}")


def _path(location: str) -> Path | ObjectStoragePath:
    if "://" not in location:
        return Path(location)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(location)


class HashingBody:
    """A request body of known length that takes its own SHA-256 on the way out.

    :param file: where the bytes come from.
    :param size: how many there must be. A file that changes meanwhile is a TransportError: the next try sees
        the whole of it.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self._hash = hashlib.sha256()
        self.len = size  # requests reads it to send a Content-Length instead of chunks

    @property
    def sha256(self) -> str:
        """Hex digest of what has been read so far."""
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (all that is left if negative)."""
        block = self._file.read(self._left if size < 0 else min(size, self._left))
        if self._left and not block:
            raise TransportError("the recording became shorter while it was read")
        self._left -= len(block)
        self._hash.update(block)
        return block

    def __iter__(self) -> Iterator[Any]:
        while block := self.read(CHUNK_BYTES):
            yield block
