"""Finds recordings in a folder, an object store or a manifest, with what is said about them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from airflow.sdk import ObjectStoragePath

from assemblyai_provider.models import strip_url_queries
from call_sentiment.jsontext import clean_text
from call_sentiment.sidecars import CallFacts, SidecarError, read_facts

# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".3ga", ".3gp", ".aac", ".ac3", ".aif", ".aiff", ".alac", ".amr", ".ape", ".au", ".flac", ".m2ts", ".m4a",
    ".m4b", ".m4v", ".mka", ".mov", ".mp2", ".mp3", ".mp4", ".mpga", ".mts", ".mxf", ".oga", ".ogg", ".opus",
    ".qcp", ".ts", ".tta", ".wav", ".webm", ".wma", ".wv",
})
# fmt: on
_MAX_CALL_ID_BYTES = 1000


class LocationError(ValueError):
    """A recordings location that cannot be listed. The message says what to correct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording that was found.

    :param call_id: from the sidecar or manifest, else `address`.
    :param recording: where the audio is: local path, object-storage URI or http(s) URL (with its query).
    :param address: the same without what may be secret in it.
    :param source: the file, or `<manifest>:<line>`, that told of it; the name it fails under if refused.
    :param refusal: why it cannot be transcribed as it is, or None.
    """

    call_id: str
    recording: str
    address: str
    source: str
    facts: CallFacts
    refusal: str | None = None


def discover_recordings(location: str, known: Collection[str] = frozenset()) -> Iterator[Recording]:
    """Yield the recordings of `location` in the order of their names (of the lines, for a manifest).

    `location` is a folder or object-store prefix (searched with all its subfolders for audio files; a hidden
    one is passed over), or a manifest `*.jsonl`. Recordings of a folder that are in `known` are left out
    before their sidecar is read. A bad sidecar or line yields a recording with a `refusal`. Raises
    LocationError.
    """
    if not location.strip():
        raise LocationError(
            "no recordings location given: name a folder, an object-store prefix or a manifest"
        )
    try:
        if location.lower().endswith(".jsonl"):
            yield from _from_manifest(location)
        else:
            yield from _from_folder(location, known)
    except FileNotFoundError as error:
        raise LocationError(
            f"recordings location {location!r} does not exist: create it or correct it"
        ) from error
    except OSError as error:
        raise LocationError(f"recordings location {location!r} cannot be read: {error}") from error


def public_address(recording: str) -> str:
    """`recording` as it may be stored and shown: an http(s) URL loses query, fragment and user info."""
    return strip_url_queries(recording) if _is_web(recording) else recording


def _from_folder(location: str, known: Collection[str]) -> Iterator[Recording]:
    base = location.rstrip("/") or "/"
    root = _open(base)
    local = root.protocol in ("", "file")
    if local and not os.path.isdir(root.path):
        raise LocationError(
            f"recordings location {location!r} is not a folder: create it, or name a folder, an object-store "
            "prefix or a manifest ending in .jsonl"
        )
    top = os.path.abspath(root.path) if local else str(root.path)
    prefix = top.rstrip("/") + "/"
    names = {path.removeprefix(prefix) for path in root.fs.find(top)}
    for name in sorted(names):
        path = PurePosixPath(name)
        recording = f"{base.rstrip('/')}/{name}"
        hidden = any(part.startswith(".") for part in path.parts)
        if path.suffix.lower() not in AUDIO_SUFFIXES or hidden or recording in known:
            continue
        if clean_text(name) != name:
            yield _refused(
                clean_text(recording), clean_text(recording), "rename the file: its name is not UTF-8"
            )
            continue
        sidecar = str(path.with_suffix(".json"))
        yield _read_recording(root, recording, sidecar if sidecar in names else None)


def _read_recording(root: ObjectStoragePath, recording: str, sidecar: str | None) -> Recording:
    try:
        content = {} if sidecar is None else json.loads((root / sidecar).read_bytes())
        return _recording(recording, recording, read_facts(content))
    except (ValueError, RecursionError) as error:
        return _refused(recording, recording, f"sidecar {sidecar}: {_tell(error)}")
    except OSError as error:
        return _refused(recording, recording, f"sidecar {sidecar} cannot be read: {error.strerror or error}")


def _from_manifest(location: str) -> Iterator[Recording]:
    manifest = _open(location)
    with manifest.fs.open(manifest.path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read_line(location, f"{location}:{number}", line)


def _read_line(location: str, source: str, line: bytes) -> Recording:
    try:
        content = json.loads(line)
        facts = read_facts(content)
        recording = facts.metadata.get("recording")
        if not isinstance(recording, str) or not recording:
            raise SidecarError('needs "recording", the path or address of the audio')
    except (ValueError, RecursionError) as error:
        return _refused(source, source, f"manifest line: {_tell(error)}")
    if "://" not in recording and not os.path.isabs(recording):
        # What stands in a manifest is meant from where the manifest is.
        recording = f"{location.rpartition('/')[0]}/{recording}" if "/" in location else recording
    metadata = {key: value for key, value in facts.metadata.items() if key != "recording"}
    return _recording(clean_text(recording), source, replace(facts, metadata=metadata))


def _recording(recording: str, source: str, facts: CallFacts) -> Recording:
    address = public_address(recording)
    if facts.call_id is None and address != recording:
        suffix = PurePosixPath(urlsplit(address).path).suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            reason = (
                "give it a call_id: only the query of its address, which is not kept, tells it from others"
            )
            return _refused(source, address, reason)
    return Recording(
        call_id=facts.call_id or _short(address),
        recording=recording,
        address=address,
        source=_short(source),
        facts=facts,
    )


def _refused(source: str, recording: str, reason: str) -> Recording:
    return Recording(
        call_id=_short(source),
        recording=recording,
        address=recording,
        source=_short(source),
        facts=CallFacts(),
        refusal=reason,
    )


def _open(location: str) -> ObjectStoragePath:
    try:
        path = ObjectStoragePath(location)
        path.fs  # noqa: B018 - looked up here, where a missing filesystem can be told from a missing file
    except (ValueError, ImportError) as error:
        scheme = location.partition("://")[0]
        raise LocationError(
            f"recordings location {location!r} cannot be opened ({error}): install the Airflow provider that "
            f"brings {scheme}:// (apache-airflow-providers-amazon for s3, -google for gs) or correct it"
        ) from error
    return path


def _is_web(recording: str) -> bool:
    return recording.lower().startswith(("http://", "https://"))


def _short(name: str) -> str:
    """A name that fits into an index: beyond a thousand bytes, its hash."""
    if len(name.encode(errors="replace")) <= _MAX_CALL_ID_BYTES:
        return name
    return "sha256:" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def _tell(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error)
