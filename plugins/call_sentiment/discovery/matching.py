"""Decides which call a recording belongs to. A recording is its bytes; names only suggest where to look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from assemblyai_provider.models import is_web_url
from call_sentiment.discovery.comparison import Audio, Comparer
from call_sentiment.discovery.known_calls import KnownCall
from call_sentiment.discovery.locations import file_version
from call_sentiment.discovery.recordings import Recording, public_address, short_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A recording, and the call it belongs to.

    :param recording: with the id of its call, and with a refusal where it cannot be used.
    :param known: its call in the ledger, None for a new one.
    :param number: which recording of the call it is; above that of the known call for other audio.
    :param rename: the ledger has the call under `known.call_id`, to be renamed.
    :param adopt: call that had this audio before, and its SHA-256: this call takes over its transcripts.
    """

    recording: Recording
    known: KnownCall | None = None
    number: int = 1
    rename: bool = False
    adopt: tuple[str, str] | None = None


@dataclass(slots=True)
class Matcher:
    """Matches the recordings of one location, in their order.

    :param by_address, by_call_id: calls of the ledger.
    :param find_by_content: finds a call of the ledger that has a live transcript of a SHA-256.
    :param comparer: its `passed_over` and `postponed` list what is not matched now.
    :param replaced: ids of calls whose address holds other audio now.
    :param moved: ids of calls whose recording was found at another address.
    """

    by_address: Mapping[str, KnownCall]
    by_call_id: Mapping[str, KnownCall]
    find_by_content: Callable[[str], KnownCall | None]
    comparer: Comparer = field(default_factory=Comparer)
    replaced: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    _recording_by_call_id: dict[str, str] = field(default_factory=dict)
    _call_id_by_recording: dict[str, str] = field(default_factory=dict)

    def match(self, found: Iterable[Recording]) -> list[Match]:
        """One match for each recording; those that repeat another or cannot be read now are left out."""
        matches = []
        for recording in found:
            if self._is_repetition(recording) or self._has_live_call(recording):
                continue
            match = self._refuse_beside_others(recording) or self._match(recording)
            if match is None:
                continue
            if match.recording.refusal is None:
                self._recording_by_call_id[match.recording.call_id] = recording.recording
                self._call_id_by_recording[recording.recording] = match.recording.call_id
            matches.append(match)
        return matches

    def _is_repetition(self, found: Recording) -> bool:
        return found.refusal is None and self._recording_by_call_id.get(found.call_id) == found.recording

    def _has_live_call(self, found: Recording) -> bool:
        """Whether a refused recording has a call with a transcript: its sidecar became unusable later."""
        known = self.by_address.get(found.address)
        if found.refusal is None or known is None or not known.live:
            return False
        self.comparer.passed_over.append(
            f"{found.address} ({found.refusal}; call {known.call_id} keeps its facts)"
        )
        return True

    def _refuse_beside_others(self, found: Recording) -> Match | None:
        """Refuse a recording for its facts, or for what was listed before it; None where it is usable."""
        if found.refusal is not None:
            return Match(recording=found)
        if (other := self._call_id_by_recording.get(found.recording)) is not None:
            return _refuse(found, f"{found.address} is listed as call {other} already: remove one of the two")
        if found.facts.call_id and (owner := self._recording_by_call_id.get(found.call_id)) is not None:
            return _refuse(found, _id_is_taken(found, public_address(owner)))
        return None

    def _match(self, found: Recording) -> Match | None:
        """The call at the same address, unless that has other audio now; else what the call id suggests."""
        known = self.by_address.get(found.address) or self.by_call_id.get(found.call_id)
        if known is None or known.recording != found.address or known.call_id in self.moved:
            return self._match_new_address(found)
        audio, number = self.comparer.compare(found, known)
        if audio is Audio.UNREADABLE:
            return None
        given_id = found.facts.call_id
        if audio is Audio.SAME or not known.live:
            return self._keep_call(found, known, number)
        if given_id == known.call_id or (audio is Audio.GROWN and given_id is None):
            return self._take_other_audio(with_call_id(found, known.call_id), known, number)
        self.replaced.add(known.call_id)
        return self._match_new_address(found)

    def _keep_call(self, found: Recording, known: KnownCall, number: int) -> Match:
        """The recording is the call's. Its sidecar may rename the call, unless the id is another call's."""
        given_id = found.facts.call_id
        if given_id is None or given_id == known.call_id:
            return Match(recording=with_call_id(found, known.call_id), known=known, number=number)
        if given_id not in self.by_call_id:
            return Match(recording=found, known=known, number=number, rename=True)
        owner = self.by_call_id[given_id].recording
        notice = f"the sidecar's call_id {given_id} is not used: it belongs to {owner}"
        facts = replace(found.facts, notices=(*found.facts.notices, notice))
        recording = with_call_id(replace(found, facts=facts), known.call_id)
        return Match(recording=recording, known=known, number=number)

    def _take_other_audio(self, found: Recording, known: KnownCall, number: int) -> Match:
        """The call has other audio now. If another call had it and lost it, its transcripts are adopted."""
        match = Match(recording=found, known=known, number=number)
        digests = self.comparer.read(found)
        former = None if digests is None else self.find_by_content(digests.whole)
        if digests is None or former is None or former.is_open or not self._has_lost_recording(former):
            return match
        return replace(match, adopt=(former.call_id, digests.whole))

    def _match_new_address(self, found: Recording) -> Match | None:
        """No call has this recording: it is a new call, or the recording of a call that moved."""
        owner = self.by_call_id.get(found.call_id)
        if found.facts.call_id is not None:
            return Match(recording=found) if owner is None else self._match_taken_id(found, owner)
        if owner is None and not self.replaced:
            return Match(recording=found)
        # Recordings change their names here (voicemail systems renumber their files), so the bytes decide.
        digests = self.comparer.read(found)
        if digests is None:
            return None
        original = self.find_by_content(digests.whole)
        if original is not None and self._has_lost_recording(original):
            return self._move(found, original, original.contents[digests.whole])
        name = found.call_id if owner is None else f"{found.address}#{digests.whole[:12]}"
        return Match(recording=with_call_id(found, short_name(name)))

    def _match_taken_id(self, found: Recording, owner: KnownCall) -> Match | None:
        """A call at another address has this call id: the recording moved, or the id is refused."""
        if not self._has_lost_recording(owner):
            return _refuse(found, _id_is_taken(found, owner.recording))
        # Nothing of it was ever sent, so there are no bytes to compare and nothing to pay twice.
        if not owner.paid and not owner.contents:
            return self._move(found, owner, owner.recording_number)
        digests = self.comparer.read(found)
        if digests is None:
            return None
        if digests.whole in owner.contents:
            return self._move(found, owner, owner.contents[digests.whole])
        return _refuse(
            found, f"{_id_is_taken(found, owner.recording)} (that file is gone and had other audio)"
        )

    def _move(self, found: Recording, call: KnownCall, number: int) -> Match:
        self.moved.add(call.call_id)
        return Match(recording=with_call_id(found, call.call_id), known=call, number=number)

    def _has_lost_recording(self, call: KnownCall) -> bool:
        """Whether the call's recording is certainly no longer at its address."""
        if call.recording_replaced or call.call_id in self.replaced:
            return True
        if is_web_url(call.recording):
            return False
        version = file_version(call.recording)
        return version is None or call.recording_version not in (None, version)


def with_call_id(found: Recording, call_id: str) -> Recording:
    """The recording under the id of its call."""
    return replace(found, call_id=call_id)


def _refuse(found: Recording, reason: str) -> Match:
    return Match(recording=replace(found, call_id=found.source, refusal=reason))


def _id_is_taken(found: Recording, owner: str) -> str:
    return f"call id {found.call_id} belongs to {owner} already: give {found.address} a call_id of its own"
