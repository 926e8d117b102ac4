"""Audio files as streams, from local disk and object storage."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from assemblyai_provider.exceptions import TransportError, UploadRefusedError
from assemblyai_provider.models import strip_url_queries

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

MAX_UPLOAD_BYTES = 2_200_000_000
"""AssemblyAI's limit for an upload; for a file it fetches by URL the limit is 5 GB."""

CHUNK_BYTES = 1 << 20

CHANGED = "the recording changed while it was uploaded: move it into place only when it is complete"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Fields in which object stores name a version, without case, underscores and hyphens.
_VERSION_FIELDS = frozenset(
    {"etag", "mtime", "lastmodified", "updated", "created", "generation", "versionid", "md5hash"}
)
_UNREADABLE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Version:
    """The size and version fields of a file; they differ once it has changed."""

    size: int
    fields: tuple[object, ...]


class AudioFile:
    """A file to upload, checked and opened again for every try.

    Raises UploadRefusedError before anything is sent if it is missing, unreadable, empty or too large.

    :param location: a local path, or a URI that Airflow's ObjectStoragePath understands.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = open_location(location)
        self.version()

    def version(self) -> Version:
        """The version of the file now."""
        with self._map_errors():
            version = _version(self._path)
        if version.size == 0:
            raise self._refusal("the file is empty")
        if version.size > MAX_UPLOAD_BYTES:
            raise self._refusal(f"{version.size} bytes are more than AssemblyAI takes ({MAX_UPLOAD_BYTES})")
        return version

    def open(self) -> IO[bytes]:
        """The file, open at its first byte."""
        with self._map_errors():
            return self._path.open("rb")  # type: ignore[no-any-return,unused-ignore]

    @contextmanager
    def _map_errors(self) -> Iterator[None]:
        try:
            yield
        except _UNREADABLE as error:
            raise self._refusal(type(error).__name__) from error
        except OSError as error:
            raise TransportError(f"{strip_url_queries(self.location)}: {type(error).__name__}") from error

    def _refusal(self, reason: str) -> UploadRefusedError:
        return UploadRefusedError(f"{strip_url_queries(self.location)}: {reason}")


def open_location(location: str) -> Path | ObjectStoragePath:
    """The path of a local file, or of an object by its URI."""
    if not _URI.match(location):
        return Path(location)
    scheme, _, rest = location.partition("://")
    if scheme.lower() == "file":
        # A URI should be percent-encoded; many are not, and a name may hold a percent sign.
        return Path(rest if os.path.exists(rest) else unquote(rest))
    from airflow.sdk import ObjectStoragePath

    bucket, _, key = rest.partition("/")
    if not key or key.startswith("/"):
        return ObjectStoragePath(location)
    # Joined, a key keeps a `?` or `#` at its end; in a URI it would be an empty query or fragment.
    return ObjectStoragePath(f"{scheme}://{bucket}") / key


def _version(path: Path | ObjectStoragePath) -> Version:
    # Before universal_pathlib 0.3, as with Airflow 3.0, an ObjectStoragePath is a Path too.
    if isinstance(path, Path) and not hasattr(path, "fs"):
        stat = path.stat()
        return Version(stat.st_size, (stat.st_mtime_ns, stat.st_ino))
    store = cast("ObjectStoragePath", path)
    # Without this, fsspec may answer from a cached listing.
    store.fs.invalidate_cache(store.path)
    info = store.fs.info(store.path)
    fields = tuple(
        (name, info[name]) for name in sorted(info) if re.sub("[_-]", "", name).lower() in _VERSION_FIELDS
    )
    return Version(int(info["size"] or 0), fields)


class HashingBody:
    """A request body of known length that computes its SHA-256 while it is sent.

    :param file: the source of the bytes.
    :param size: how many bytes it must hold. With more or fewer, `read` raises TransportError before the last
        block, so that the request stays incomplete.
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
            raise TransportError(CHANGED)
        self._left -= len(block)
        if block and not self._left and self._file.read(1):
            raise TransportError(CHANGED)
        self._hash.update(block)
        return block

    def __iter__(self) -> Iterator[Any]:
        while block := self.read(CHUNK_BYTES):
            yield block
