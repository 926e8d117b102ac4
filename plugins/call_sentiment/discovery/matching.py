"""Decides which call a recording belongs to. A recording is its bytes; names only suggest where to look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from assemblyai_provider.models import is_web_url
from call_sentiment.discovery.known_calls import KnownCall
from call_sentiment.discovery.locations import Digests, file_version, read_digests, size_of
from call_sentiment.discovery.recordings import Recording, public_address, short_name

MAX_READS = 1000
"""Files read again in one run because they changed; the rest waits for the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What to do with a recording.

    :param recording: with the call id it goes under, and a refusal where it cannot be used.
    :param known: the call it belongs to, None for a new one.
    :param number: which recording of that call it is; a higher one than the call had: other audio.
    :param rename: the call goes by `known.call_id` so far.
    :param adopt: call that had this audio before, and its SHA-256: its transcripts of it become this call's.
    """

    recording: Recording
    known: KnownCall | None = None
    number: int = 1
    rename: bool = False
    adopt: tuple[str, str] | None = None


class _Audio(Enum):
    SAME, GROWN, OTHER, UNREADABLE = auto(), auto(), auto(), auto()


@dataclass(slots=True)
class Matcher:
    """Matches recordings of one location, in their order.

    :param by_address, by_call_id: calls of the ledger.
    :param find_by_content: finds a call of it that has a live transcript of a SHA-256.
    :param replaced: call ids whose recording's place holds other audio now.
    :param moved: call ids whose recording was found at another place.
    :param passed_over, postponed: recordings that are not matched, and why; a later run looks at them again.
    """

    by_address: Mapping[str, KnownCall]
    by_call_id: Mapping[str, KnownCall]
    find_by_content: Callable[[str], KnownCall | None]
    replaced: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    passed_over: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    _reads: dict[str, Digests | None] = field(default_factory=dict)
    _taken: dict[str, str] = field(default_factory=dict)
    _listed: dict[str, str] = field(default_factory=dict)

    def match(self, found: Iterable[Recording]) -> list[Match]:
        """One match for each recording; those that repeat another or cannot be read now are left out."""
        matches = []
        for recording in found:
            if self._is_repetition(recording) or self._has_live_call(recording):
                continue
            match = self._refuse(recording) or self._match(recording)
            if match is None:
                continue
            if match.recording.refusal is None:
                self._taken[match.recording.call_id] = recording.recording
                self._listed[recording.recording] = match.recording.call_id
            matches.append(match)
        return matches

    def _is_repetition(self, found: Recording) -> bool:
        return found.refusal is None and self._taken.get(found.call_id) == found.recording

    def _has_live_call(self, found: Recording) -> bool:
        """Whether it is refused, but its call was transcribed before its sidecar went bad."""
        known = self.by_address.get(found.address)
        if found.refusal is None or known is None or not known.live:
            return False
        self.passed_over.append(f"{found.address} ({found.refusal}; call {known.call_id} keeps its facts)")
        return True

    def _refuse(self, found: Recording) -> Match | None:
        if found.refusal is not None:
            return Match(recording=found)
        if (other := self._listed.get(found.recording)) is not None:
            return _refuse(found, f"{found.address} is listed as call {other} already: remove one of the two")
        if found.facts.call_id and (owner := self._taken.get(found.call_id)) is not None:
            return _refuse(found, _belongs_to(found, public_address(owner)))
        return None

    def _match(self, found: Recording) -> Match | None:
        known = self.by_address.get(found.address) or self.by_call_id.get(found.call_id)
        if known is None or known.recording != found.address or known.call_id in self.moved:
            return self._match_new_address(found)
        audio, number = self._compare(found, known)
        if audio is _Audio.UNREADABLE:
            return None
        given = found.facts.call_id
        if audio is _Audio.SAME or not known.live:
            return self._keep(found, known, number)
        if given == known.call_id or (audio is _Audio.GROWN and given is None):
            return self._take_audio(found_as(found, known.call_id), known, number)
        self.replaced.add(known.call_id)
        return self._match_new_address(found)

    def _take_audio(self, found: Recording, known: KnownCall, number: int) -> Match:
        """The call has other audio now: its own, or what another call has had and has no more."""
        digests = self._read(found)
        former = None if digests is None else self.find_by_content(digests.whole)
        if digests is None or former is None or former.under_way or not self._has_left(former):
            return Match(recording=found, known=known, number=number)
        return Match(recording=found, known=known, number=number, adopt=(former.call_id, digests.whole))

    def _keep(self, found: Recording, known: KnownCall, number: int) -> Match:
        """It is the call's recording; the sidecar may give the call another name."""
        given = found.facts.call_id
        if given is None or given == known.call_id:
            return Match(recording=found_as(found, known.call_id), known=known, number=number)
        if given not in self.by_call_id:
            return Match(recording=found, known=known, number=number, rename=True)
        owner = self.by_call_id[given].recording
        notice = f"the sidecar's call_id {given} is not used: it belongs to {owner}"
        facts = replace(found.facts, notices=(*found.facts.notices, notice))
        return Match(
            recording=found_as(replace(found, facts=facts), known.call_id), known=known, number=number
        )

    def _match_new_address(self, found: Recording) -> Match | None:
        owner = self.by_call_id.get(found.call_id)
        if found.facts.call_id is not None:
            return Match(recording=found) if owner is None else self._match_owner(found, owner)
        if owner is None and not self.replaced:
            return Match(recording=found)
        # Audio changes places here (voicemail systems renumber their files), so the bytes decide.
        digests = self._read(found)
        if digests is None:
            return None
        original = self.find_by_content(digests.whole)
        if original is not None and self._has_left(original):
            return self._move(found, original, original.contents[digests.whole])
        name = found.call_id if owner is None else f"{found.address}#{digests.whole[:12]}"
        return Match(recording=found_as(found, short_name(name)))

    def _match_owner(self, found: Recording, owner: KnownCall) -> Match | None:
        """The call id is that of a recording elsewhere: it moved if that is gone and has the same bytes."""
        if not self._has_left(owner):
            return _refuse(found, _belongs_to(found, owner.recording))
        if not owner.paid and not owner.contents:
            return self._move(found, owner, owner.recording_number)
        digests = self._read(found)
        if digests is None:
            return None
        if digests.whole in owner.contents:
            return self._move(found, owner, owner.contents[digests.whole])
        return _refuse(
            found, f"{_belongs_to(found, owner.recording)} (that file is gone, and its audio was another)"
        )

    def _move(self, found: Recording, call: KnownCall, number: int) -> Match:
        self.moved.add(call.call_id)
        return Match(recording=found_as(found, call.call_id), known=call, number=number)

    def _has_left(self, call: KnownCall) -> bool:
        """Whether the call's recording is certainly not where it was."""
        if call.recording_replaced or call.call_id in self.replaced:
            return True
        if is_web_url(call.recording):
            return False
        version = file_version(call.recording)
        return version is None or call.recording_version not in (None, version)

    def _compare(self, found: Recording, known: KnownCall) -> tuple[_Audio, int]:
        """What the file holds, beside what the call was; and which recording of the call that makes it."""
        same = _Audio.SAME, known.recording_number
        if found.version is None or known.under_way or found.version == known.recording_version:
            return same
        if known.live and known.recording_version is None:
            return same
        if known.live and not size_of(found.version):
            self.passed_over.append(f"{found.address} is empty now")
            return _Audio.UNREADABLE, 0
        digests = self._read(found, known)
        if digests is None:
            return _Audio.UNREADABLE, 0
        if digests.whole in known.contents:
            return _Audio.SAME, known.contents[digests.whole]
        grown = digests.start is not None and digests.start in known.contents
        return _Audio.GROWN if grown else _Audio.OTHER, known.recording_number + 1

    def _read(self, found: Recording, known: KnownCall | None = None) -> Digests | None:
        if found.recording not in self._reads:
            if len(self._reads) >= MAX_READS:
                self.postponed.append(found.address)
                return None
            version = known.recording_version if known else None
            self._reads[found.recording] = read_digests(
                found.recording, None if version is None else size_of(version)
            )
            if self._reads[found.recording] is None:
                self.passed_over.append(f"{found.address} cannot be read")
        return self._reads[found.recording]


def found_as(found: Recording, call_id: str) -> Recording:
    """The recording under the id of its call."""
    return replace(found, call_id=call_id)


def _refuse(found: Recording, reason: str) -> Match:
    return Match(recording=replace(found, call_id=found.source, refusal=reason))


def _belongs_to(found: Recording, owner: str) -> str:
    return f"call id {found.call_id} belongs to {owner} already: give {found.address} a call_id of its own"
