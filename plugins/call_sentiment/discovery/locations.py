"""Lists, describes and opens files in folders and object stores."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any, NamedTuple, cast
from urllib.parse import unquote

from airflow.sdk import ObjectStoragePath

from assemblyai_provider.models import is_web_url
from call_sentiment.exceptions import LocationError

_CHUNK_BYTES = 1 << 20
# What object stores call the fingerprint of an object, and the time at which it was written.
_FINGERPRINTS = ("ETag", "etag", "md5Hash", "content_md5", "checksum")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


class Listing(NamedTuple):
    """The versions of the files of a folder by their path below it, and its linked folders, not entered.

    A version is the size and what changes with the content: the time of change, or an object store's etag.
    """

    versions: dict[str, str]
    linked_folders: list[str]


class Digests(NamedTuple):
    """SHA-256 (hex) of a whole file, and of its first bytes where that was asked for."""

    whole: str
    start: str | None


def local_path(location: str) -> str | None:
    """The path of a local location (a `file://` URI too), None for an object store or the web.

    A path is taken literally. So is a `file://` URI if that path exists; otherwise it is percent-decoded.
    """
    scheme, separator, rest = location.partition("://")
    if not separator:
        return location
    if scheme.lower() not in ("file", "local"):
        return None
    return rest if os.path.lexists(rest) else unquote(rest)


def decode_local(location: str) -> str:
    """A percent-encoded `file://` URI in decoded form, so that paths can be appended to it."""
    path = local_path(location)
    return location if path is None or location.endswith(path) else f"file://{path}"


def list_files(location: str) -> Listing:
    """All files below a folder or object-store prefix. Raises LocationError or OSError."""
    path = local_path(location)
    if path is None:
        return Listing(_list_store(*_open_store(location)), [])
    if not os.path.isdir(path):
        raise LocationError(
            f"recordings location {location!r} is not a folder: create it, or name a folder, an object-store "
            "prefix or a manifest ending in .jsonl"
        )
    listing = Listing({}, [])
    _list_local(path, "", listing)
    return listing


def file_version(location: str) -> str | None:
    """The version of one file, None where the file is missing or has no known version (web URLs)."""
    if is_web_url(location):
        return None
    path = local_path(location)
    try:
        if path is not None:
            return _local_version(os.stat(path))
        store, key = _open_store(location)
        return _store_version(store.info(key))
    except (OSError, LocationError):
        return None


def folder_versions(location: str) -> dict[str, str]:
    """Versions of the objects directly below an object-store prefix, by URI; empty where it has none."""
    try:
        store, key = _open_store(location)
        infos = store.ls(key, detail=True)
    except (OSError, LocationError):
        return {}
    base = location.rstrip("/")
    return {
        f"{base}/{info['name'].rsplit('/', 1)[-1]}": _store_version(info)
        for info in infos
        if info.get("type") != "directory"
    }


def size_of(version: str) -> int:
    """The file's size in bytes."""
    return int(version.partition(":")[0])


def changed_at(location: str) -> float | None:
    """Unix time of a local file's last change; None where files appear whole (object stores, the web)."""
    path = local_path(location)
    try:
        found = None if path is None else os.stat(path)
    except OSError:
        return None
    # A copy may have any modification time, even a future one; the time of its inode cannot be set.
    return None if found is None else min(found.st_mtime, found.st_ctime)


def open_file(location: str) -> IO[bytes]:
    """Open a file for reading. Raises LocationError or OSError."""
    path = local_path(location)
    if path is not None:
        return open(path, "rb")
    store, key = _open_store(location)
    return cast("IO[bytes]", store.open(key, "rb"))


def is_readable(location: str) -> bool:
    """Whether the file is there and its first byte can be read, if it has one."""
    try:
        with open_file(location) as file:
            file.read(1)
    except (OSError, LocationError):
        return False
    return True


def read_digests(location: str, start_bytes: int | None = None) -> Digests | None:
    """Hash a file, and its first `start_bytes` bytes; None where it cannot be read."""
    try:
        with open_file(location) as file:
            return _digests(file, start_bytes or 0)
    except (OSError, LocationError):
        return None


def _digests(file: IO[bytes], start_bytes: int) -> Digests:
    whole, start = hashlib.sha256(), None
    left = start_bytes
    while block := file.read(min(left, _CHUNK_BYTES) if left else _CHUNK_BYTES):
        whole.update(block)
        if left and not (left := left - len(block)):
            start = whole.hexdigest()
    return Digests(whole.hexdigest(), start)


def _list_local(path: str, prefix: str, listing: Listing) -> None:
    folders = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
                continue
            try:
                found = entry.stat()
            except OSError:
                continue  # deleted meanwhile, or a broken link
            if stat.S_ISREG(found.st_mode):
                listing.versions[prefix + entry.name] = _local_version(found)
            elif stat.S_ISDIR(found.st_mode):
                # The link may lead to a folder that contains it.
                listing.linked_folders.append(prefix + entry.name)
    for name in folders:
        _list_local(os.path.join(path, name), f"{prefix}{name}/", listing)


def _local_version(found: os.stat_result) -> str:
    return f"{found.st_size}:{found.st_mtime_ns}"


def _list_store(store: Any, key: str) -> dict[str, str]:
    prefix = key.rstrip("/") + "/"
    infos: Iterator[tuple[str, Mapping[str, Any]]] = store.find(key, detail=True).items()
    return {
        name.removeprefix(prefix): _store_version(info) for name, info in infos if name.startswith(prefix)
    }


def _store_version(info: Mapping[str, Any]) -> str:
    fingerprint = next((info[name] for name in (*_FINGERPRINTS, *_TIMES) if info.get(name)), "")
    if isinstance(fingerprint, datetime):
        fingerprint = fingerprint.timestamp()
    return f"{int(info.get('size') or 0)}:{fingerprint}"


def _open_store(location: str) -> tuple[Any, str]:
    """The filesystem of an object store, and the path on it; the key is taken literally."""
    scheme, _, rest = location.partition("://")
    bucket, _, key = rest.partition("/")
    try:
        root = ObjectStoragePath(f"{scheme}://{bucket}")
        # Looked up here, because here the error means a missing filesystem and not a missing file.
        return root.fs, f"{root.path.rstrip('/')}/{key}" if key else root.path
    except (ValueError, ImportError) as error:
        raise LocationError(
            f"recordings location {location!r} cannot be opened ({error}): install the Airflow provider that "
            f"brings {scheme}:// (apache-airflow-providers-amazon for s3, -google for gs) or correct it"
        ) from error
