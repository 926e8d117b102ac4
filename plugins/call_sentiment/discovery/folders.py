"""Sorts the files of a folder into recordings, their sidecars and others."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from call_sentiment.discovery.locations import Listing

# fmt: off
AUDIO_SUFFIXES = frozenset({
    # https://www.assemblyai.com/docs/faq/what-audio-and-video-file-types-are-supported-by-your-api
    ".3ga", ".8svx", ".aac", ".ac3", ".aif", ".aiff", ".alac", ".amr", ".ape", ".au", ".dss", ".flac", ".flv",
    ".m2ts", ".m4a", ".m4b", ".m4p", ".m4r", ".m4v", ".mogg", ".mov", ".mp2", ".mp3", ".mp4", ".mpga", ".mts",
    ".mxf", ".oga", ".ogg", ".opus", ".qcp", ".ts", ".tta", ".voc", ".wav", ".webm", ".wma", ".wv",
    # Other names of such files.
    ".3gp", ".aifc", ".mka", ".mkv", ".mpeg", ".mpg", ".wave",
})
# fmt: on
SIDECAR_SUFFIX = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What a folder holds, by paths below it.

    :param audio: recordings, in the order of their names.
    :param sidecars: the sidecar of each recording that has one.
    :param passed_over: other files, counted by suffix.
    :param stray_sidecars: `.json` files that belong to no recording.
    :param linked_folders: folders reached by a link only, which are not searched.
    """

    audio: list[str] = field(default_factory=list)
    sidecars: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    stray_sidecars: list[str] = field(default_factory=list)
    linked_folders: list[str] = field(default_factory=list)

    def remarks(self) -> list[str]:
        """Lines for the user about files that are not used, with their names."""
        remarks = []
        if self.passed_over:
            counts = ", ".join(f"{suffix} ({count})" for suffix, count in sorted(self.passed_over.items()))
            remarks.append(f"{self.passed_over.total()} files passed over: {counts}")
        if self.stray_sidecars:
            remarks.append(
                f"{len(self.stray_sidecars)} .json files belong to no recording: "
                f"{_list_names(self.stray_sidecars)}. Give each the name of its recording"
            )
        if self.linked_folders:
            remarks.append(
                f"{len(self.linked_folders)} linked folders are not entered: "
                f"{_list_names(self.linked_folders)}. Name each as a location of its own"
            )
        return remarks


def sort_files(listing: Listing) -> FolderContents:
    """Sort the files of a folder. Hidden ones, and those in hidden folders, are passed over."""
    contents = FolderContents(linked_folders=sorted(listing.linked_folders))
    sidecars = []
    for name in sorted(listing.versions):
        suffix = name[name.rfind(".") :].lower() if "." in name else ""
        if name.startswith(".") or "/." in name:
            contents.passed_over["hidden"] += 1
        elif suffix in AUDIO_SUFFIXES:
            contents.audio.append(name)
        elif suffix == SIDECAR_SUFFIX:
            sidecars.append(name)
        else:
            contents.passed_over["no suffix" if not suffix or "/" in suffix else suffix] += 1
    contents.sidecars.update(match_sidecars(contents.audio, sidecars))
    contents.stray_sidecars.extend(sorted(set(sidecars).difference(contents.sidecars.values())))
    return contents


def match_sidecars(recordings: Iterable[str], sidecars: Iterable[str]) -> dict[str, str]:
    """The sidecar of each recording that has one, by the recording's name.

    A sidecar has its recording's name, with or without the recording's suffix, and `.json`: `4711.mp3.json`
    or `4711.json` for `4711.mp3`, the former first. Without such a file, one that differs in case or
    Unicode form is taken, unless it is another recording's.
    """
    exact = set(sidecars)
    owned = {}
    others = []
    for name in recordings:
        whole, stem = name + SIDECAR_SUFFIX, name[: name.rindex(".")] + SIDECAR_SUFFIX
        if whole in exact or stem in exact:
            owned[name] = whole if whole in exact else stem
        else:
            others.append((name, whole, stem))
    free = {
        _fold_case(sidecar): sidecar for sidecar in sorted(exact.difference(owned.values()), reverse=True)
    }
    for name, whole, stem in others if free else ():
        if sidecar := free.get(_fold_case(whole)) or free.get(_fold_case(stem)):
            owned[name] = sidecar
    return owned


def _fold_case(path: str) -> str:
    folder, _, name = path.rpartition("/")
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    return f"{folder}/{name.casefold()}"


def _list_names(names: Iterable[str], most: int = 10) -> str:
    shown = list(names)
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
