"""Compares the file at an address with the recording that its call had there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from call_sentiment.discovery.known_calls import KnownCall
from call_sentiment.discovery.locations import Digests, read_digests, size_of
from call_sentiment.discovery.recordings import Recording

MAX_READS = 1000
"""Files read again in one run because they changed; the rest waits for the next run."""


class Audio(Enum):
    """What a file holds, beside what its call had."""

    SAME = auto()
    GROWN = auto()  # it begins with what the call had
    OTHER = auto()
    UNREADABLE = auto()  # not now; a later run compares it


class Comparison(NamedTuple):
    """The audio of a file, and the number that it has among the recordings of the call."""

    audio: Audio
    number: int


@dataclass(slots=True)
class Comparer:
    """Reads changed files, each once, and compares them.

    :param passed_over, postponed: recordings that were not read, and why; a later run looks at them again.
    """

    passed_over: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    _digests: dict[str, Digests | None] = field(default_factory=dict)

    def compare(self, found: Recording, known: KnownCall) -> Comparison:
        """Compare a file with the call whose address it has; it is read only where its version differs."""
        same = Comparison(Audio.SAME, known.recording_number)
        if found.version is None or known.is_open or found.version == known.recording_version:
            return same
        if known.live and known.recording_version is None:
            return same
        if known.live and not size_of(found.version):
            self.passed_over.append(f"{found.address} is empty now")
            return Comparison(Audio.UNREADABLE, 0)
        digests = self.read(found, known)
        if digests is None:
            return Comparison(Audio.UNREADABLE, 0)
        if digests.whole in known.contents:
            return Comparison(Audio.SAME, known.contents[digests.whole])
        is_grown = digests.start is not None and digests.start in known.contents
        return Comparison(Audio.GROWN if is_grown else Audio.OTHER, known.recording_number + 1)

    def read(self, found: Recording, known: KnownCall | None = None) -> Digests | None:
        """Hash a file, and as many of its first bytes as the call's recording had. None if unreadable."""
        if found.recording not in self._digests:
            if len(self._digests) >= MAX_READS:
                self.postponed.append(found.address)
                return None
            version = known.recording_version if known else None
            start_bytes = None if version is None else size_of(version)
            digests = self._digests[found.recording] = read_digests(found.recording, start_bytes)
            if digests is None:
                self.passed_over.append(f"{found.address} cannot be read")
        return self._digests[found.recording]
