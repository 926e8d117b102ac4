"""Finds recordings in a folder, an object store or a manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from assemblyai_provider.models import is_web_url
from call_sentiment.discovery.folders import FolderContents, sort_files
from call_sentiment.discovery.locations import (
    Listing,
    decode_local,
    file_version,
    folder_versions,
    list_files,
    local_path,
    open_file,
)
from call_sentiment.discovery.recordings import Recording, explain, make_recording, refuse_recording
from call_sentiment.discovery.sidecars import read_facts, unique_fields
from call_sentiment.exceptions import LocationError, SidecarError
from call_sentiment.jsontext import clean_text


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
    :param prefix: what all addresses begin with; None for a manifest, where they may be anywhere and one line
        may contradict another.
    :param remarks: which files are not used and why, a line each.
    """

    recordings: Iterable[FoundRecording]
    prefix: str | None
    remarks: list[str] = field(default_factory=list)


NOTHING_LISTED = FoundRecordings((), None)
"""What there is where no location is searched."""


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
            return FoundRecordings(list(_from_manifest(location)), None)
        return _from_folder(location)
    except FileNotFoundError as error:
        raise LocationError(
            f"recordings location {location!r} does not exist: create it or correct it"
        ) from error
    except OSError as error:
        raise LocationError(f"recordings location {location!r} cannot be read: {error}") from error


def _from_folder(location: str) -> FoundRecordings:
    base = decode_local(location).rstrip("/")
    listing = list_files(base or "/")
    contents = sort_files(listing)
    return FoundRecordings(_found_files(base, listing, contents), f"{base}/", contents.remarks())


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
        return refuse_recording(name, name, "rename the file: its name is not UTF-8")
    try:
        content = {} if sidecar is None else _read_json(f"{base}/{sidecar}")
        found = make_recording(recording, recording, read_facts(content))
    except (ValueError, RecursionError) as error:
        found = refuse_recording(recording, recording, f"sidecar {sidecar}: {explain(error)}")
    except OSError as error:
        found = refuse_recording(
            recording, recording, f"sidecar {sidecar} cannot be read: {error.strerror or error}"
        )
    return replace(found, version=version, sidecar_version=sidecar_version)


def _read_json(location: str) -> object:
    with open_file(location) as file:
        return _parse(file.read())


def _parse(text: bytes) -> object:
    return json.loads(text, object_pairs_hook=unique_fields)


def _from_manifest(location: str) -> Iterator[FoundRecording]:
    location = decode_local(location)
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
        facts = read_facts(_parse(line), also_known=["recording"])
        recording = facts.metadata.get("recording")
        if not isinstance(recording, str) or not recording.strip():
            needed = 'needs "recording", the path or address of the audio'
            raise SidecarError("; ".join([needed, *facts.notices]))
    except (ValueError, RecursionError) as error:
        return refuse_recording(source, source, f"manifest line: {explain(error)}")
    recording = recording.strip()
    if "://" not in recording and not os.path.isabs(recording):
        # A relative path in a manifest is relative to the folder of the manifest.
        recording = f"{location.rpartition('/')[0]}/{recording}" if "/" in location else recording
    metadata = {key: value for key, value in facts.metadata.items() if key != "recording"}
    return make_recording(clean_text(recording), source, replace(facts, metadata=metadata))
