"""Finds recordings in a folder, an object store or a manifest, with what is said about them."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from assemblyai_provider.models import strip_url_queries
from call_sentiment.folders import AUDIO_SUFFIXES, FolderContents, sort_files
from call_sentiment.jsontext import clean_text
from call_sentiment.locations import (
    Listing,
    LocationError,
    file_version,
    folder_versions,
    is_web_url,
    list_files,
    local_path,
    open_file,
)
from call_sentiment.sidecars import CallFacts, SidecarError, read_facts

_MAX_CALL_ID_BYTES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording that was found.

    :param call_id: from the sidecar or manifest, else `address`.
    :param recording: where the audio is: local path, object-storage URI or http(s) URL (with its query).
    :param address: the same without what may be secret in it.
    :param source: the file, or `<manifest>:<line>`, that told of it; the name it fails under if refused.
    :param refusal: why it cannot be transcribed as it is, or None.
    :param version: the version of the file's content, None where that cannot be told.
    :param sidecar_version: the same of its sidecar, None where it has none.
    """

    call_id: str
    recording: str
    address: str
    source: str
    facts: CallFacts = field(default_factory=CallFacts)
    refusal: str | None = None
    version: str | None = None
    sidecar_version: str | None = None


class FoundRecording(NamedTuple):
    """A recording whose facts are not read yet: `read` does that, and never raises."""

    address: str
    version: str | None
    sidecar_version: str | None
    read: Callable[[], Recording]


@dataclass(frozen=True, slots=True)
class FoundRecordings:
    """The recordings of a location in the order of their names (of the lines, for a manifest).

    :param recordings: to be iterated once.
    :param remarks: which files are not used and why, a line each.
    :param in_manifest: they may be anywhere, and one line may contradict another.
    """

    recordings: Iterable[FoundRecording]
    remarks: list[str] = field(default_factory=list)
    in_manifest: bool = False


def find_recordings(location: str) -> FoundRecordings:
    """List the recordings of `location`; their sidecars are read later, one by one.

    `location` is a folder or object-store prefix (searched with all its subfolders for audio files; hidden
    ones are passed over), or a manifest `*.jsonl`. A bad sidecar or line gives a recording with a `refusal`.
    Raises LocationError.
    """
    if not location.strip():
        raise LocationError(
            "no recordings location given: name a folder, an object-store prefix or a manifest"
        )
    try:
        if location.lower().endswith(".jsonl") and not os.path.isdir(local_path(location) or ""):
            return FoundRecordings(list(_from_manifest(location)), in_manifest=True)
        return _from_folder(location)
    except FileNotFoundError as error:
        raise LocationError(
            f"recordings location {location!r} does not exist: create it or correct it"
        ) from error
    except OSError as error:
        raise LocationError(f"recordings location {location!r} cannot be read: {error}") from error


def public_address(recording: str) -> str:
    """`recording` as it may be stored and shown: an http(s) URL loses query, fragment and user info."""
    return strip_url_queries(recording) if is_web_url(recording) else recording


def short_name(name: str) -> str:
    """A name that fits into an index: beyond a thousand bytes, its hash."""
    if len(name.encode(errors="replace")) <= _MAX_CALL_ID_BYTES:
        return name
    return "sha256:" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def _from_folder(location: str) -> FoundRecordings:
    base = location.rstrip("/")
    listing = list_files(base or "/")
    contents = sort_files(listing)
    return FoundRecordings(_found_files(base, listing, contents), contents.remarks())


def _found_files(base: str, listing: Listing, contents: FolderContents) -> Iterator[FoundRecording]:
    # One at a time: in a large folder most are known, and nothing of them is kept.
    for name in contents.audio:
        sidecar = contents.sidecars.get(name)
        version = listing.versions[name]
        sidecar_version = None if sidecar is None else listing.versions[sidecar]
        read = partial(_read_file, base, name, sidecar, version, sidecar_version)
        yield FoundRecording(f"{base}/{name}", version, sidecar_version, read)


def _read_file(
    base: str, name: str, sidecar: str | None, version: str, sidecar_version: str | None
) -> Recording:
    recording = f"{base}/{name}"
    if clean_text(recording) != recording:
        name = clean_text(recording)
        return _refused(name, name, "rename the file: its name is not UTF-8")
    try:
        content = {} if sidecar is None else _read_json(f"{base}/{sidecar}")
        found = _recording(recording, recording, read_facts(content))
    except (ValueError, RecursionError) as error:
        found = _refused(recording, recording, f"sidecar {sidecar}: {_explain(error)}")
    except OSError as error:
        found = _refused(recording, recording, f"sidecar {sidecar} cannot be read: {error.strerror or error}")
    return replace(found, version=version, sidecar_version=sidecar_version)


def _read_json(location: str) -> object:
    with open_file(location) as file:
        return json.loads(file.read())


def _from_manifest(location: str) -> Iterator[FoundRecording]:
    folders: dict[str, dict[str, str]] = {}
    with open_file(location) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                found = _read_line(location, f"{location}:{number}", line)
                found = replace(found, version=None if found.refusal else _version(found.recording, folders))
                yield FoundRecording(found.address, found.version, None, partial(replace, found))


def _version(recording: str, folders: dict[str, dict[str, str]]) -> str | None:
    """The version of a file anywhere; the objects of one folder of a store are asked for in one request."""
    if is_web_url(recording) or local_path(recording) is not None:
        return file_version(recording)
    folder = recording.rpartition("/")[0]
    if folder not in folders:
        folders[folder] = folder_versions(folder)
    return folders[folder].get(recording)


def _read_line(location: str, source: str, line: bytes) -> Recording:
    try:
        content = json.loads(line)
        facts = read_facts(content)
        recording = facts.metadata.get("recording")
        if not isinstance(recording, str) or not recording.strip():
            raise SidecarError('needs "recording", the path or address of the audio')
    except (ValueError, RecursionError) as error:
        return _refused(source, source, f"manifest line: {_explain(error)}")
    if "://" not in recording and not os.path.isabs(recording):
        # What stands in a manifest is meant from where the manifest is.
        recording = f"{location.rpartition('/')[0]}/{recording}" if "/" in location else recording
    metadata = {key: value for key, value in facts.metadata.items() if key != "recording"}
    return _recording(clean_text(recording), source, replace(facts, metadata=metadata))


def _recording(recording: str, source: str, facts: CallFacts) -> Recording:
    address = public_address(recording)
    if facts.call_id is None and address != recording:
        suffix = posixpath.splitext(urlsplit(address).path)[1].lower()
        if suffix not in AUDIO_SUFFIXES:
            reason = (
                "give it a call_id: only the query of its address, which is not kept, tells it from others"
            )
            return _refused(source, address, reason)
    return Recording(
        call_id=facts.call_id or short_name(address),
        recording=recording,
        address=address,
        source=short_name(source),
        facts=facts,
    )


def _refused(source: str, address: str, reason: str) -> Recording:
    return Recording(
        call_id=short_name(source),
        recording=address,
        address=address,
        source=short_name(source),
        refusal=reason,
    )


def _explain(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error)
