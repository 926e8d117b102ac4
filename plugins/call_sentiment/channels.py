"""Reads the roles of audio channels and speaker labels, and compares them with a transcript's."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from assemblyai_provider.models import strip_url_queries
from call_sentiment.exceptions import ChannelsError
from call_sentiment.jsontext import clean_text

# A channel, a speaker label, or both, as AssemblyAI writes them, but for case, space and leading zeros.
_KEY = re.compile(r"(?:0*([1-9][0-9]?)|(0+))?\s*([A-Za-z])?")
# Words for a channel or a label, which cannot be the role of one.
_NO_ROLE = re.compile(
    r".*[0-9]|\s*(left|right|mono|stereo|ch|chan|channel|track|speaker|spk)\b", re.IGNORECASE
)
_CHANNEL_OF_SPEAKER = re.compile(r"\d+")
_SCORED_ROLES = ("agent", "customer")
_LEFT_AND_RIGHT = frozenset("LR")
_SHAPE = 'channels must map channels to roles, like {"1": "agent", "2": "customer"}'
_HOW = 'write "1", "2", ... for channels (1 is the left one, 2 the right) or "A", "B", ... for speaker labels'
_NAME_IT = "name it in the sidecar's channels"
_LISTEN = "nothing to do if nobody else spoke, else check the recording"
_MAX_ROLE_LENGTH = 100
_MAX_SHOWN = 40
_MAX_LISTED = 6


def read_channels(value: Any) -> dict[str, str] | None:
    """Read roles by channel ("1"), by speaker label ("A") or by both ("1A").

    All keys are of one kind. `{"agent": "1"}` has one meaning and is inverted. A channel whose role is
    blank is left out; None where nothing is named. Raises ChannelsError.
    """
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, Mapping):
        raise ChannelsError(_SHAPE)
    channels: dict[str, str] = {}
    for written, role in _pairs(value):
        key = _channel_key(written)
        if key in channels:
            raise ChannelsError(f"channels: {shown(written)} is named twice: remove one")
        channels[key] = _role(role)
    _check_kind(channels)
    return {key: role for key, role in channels.items() if role} or None


def transcript_options(channels: Mapping[str, str] | None) -> dict[str, bool]:
    """Transcript options that make AssemblyAI return these channels ("1"), labels ("A") or both ("1A")."""
    kinds = [_kind(key) for key in channels or ()]
    asked = {"multichannel": any(by_channel for by_channel, _ in kinds)}
    asked["speaker_labels"] = any(by_voice for _, by_voice in kinds)
    return {name: True for name, wanted in asked.items() if wanted}


def notice_roles(channels: Mapping[str, str]) -> list[str]:
    """Notices about roles in `channels` that are probably not as intended."""
    notices = [
        f"channels: role {shown(role)} is neither agent nor customer: agent_score and customer_score do not "
        "count it, speaker_scores has it; write agent or customer if that is meant"
        for role in list(dict.fromkeys(channels.values()))[:_MAX_LISTED]
        if role not in _SCORED_ROLES
    ]
    roles = set(channels.values())
    if len(channels) > 1 and len(roles) == 1 and roles.issubset(_SCORED_ROLES):
        empty = _empty_scores(roles)
        notices.append(
            f"channels: {_listed(channels)} have the same role: {empty}; correct one if it is another's"
        )
    return notices


def find_key(channel: str | None, speaker: str | None, channels: Mapping[str, str]) -> str | None:
    """The key of `channels` that a sentence belongs to: its channel, its label, or both (label `1A`)."""
    for name in (channel, speaker):
        if name is not None and name in channels:
            return name
    if channel:
        both = f"{channel}{speaker}"
        return both if speaker and speaker.isalpha() and both in channels else None
    leading = _CHANNEL_OF_SPEAKER.match(speaker or "")
    return leading[0] if leading and leading[0] in channels else None


def compare_channels(
    channels: Mapping[str, str],
    heard: Collection[tuple[str | None, str | None]],
    audio_channels: float | None,
) -> list[str]:
    """What does not match between the channels that were named and those of the sentences, in one sentence.

    :param heard: channel and speaker of each sentence, each pair once.
    :param audio_channels: how many channels AssemblyAI found in the recording; None where it does not say.
    """
    by_pair = {pair: find_key(*pair, channels) for pair in heard}
    keys = {key for key in by_pair.values() if key is not None}
    unnamed = [pair for pair, key in by_pair.items() if key is None]
    if not unnamed and len(keys) == len(channels):
        return []
    by_channel = any(map(str.isdecimal, channels))
    names = keys.union(_pair_name(pair, by_channel) for pair in unnamed)
    parts = [
        f"channels names {_listed(channels, channels)}, the transcript has {_listed(names)}",
        _empty_scores({channels[key] for key in keys}),
        "what is not named has no role" if unnamed else "",
        _cure(channels, names, audio_channels) or (_NAME_IT if unnamed else _LISTEN),
    ]
    return ["; ".join(filter(None, parts))]


def _pairs(written: Mapping[str, Any]) -> Collection[tuple[Any, Any]]:
    """Key and role, also where the map is inverted: words lead to channels."""
    if any(_key(word) or _NO_ROLE.match(word) for word in written):
        return written.items()
    given = [(value, word) for word, value in written.items() if not is_blank(value)]
    if any(isinstance(value, list) for value, _ in given):
        raise ChannelsError(f'{_SHAPE}; of a list, name each: {{"1": "agent", "2": "agent"}}')
    return given if given and all(_key(value) for value, _ in given) else written.items()


def _key(value: Any) -> str | None:
    """`value` as AssemblyAI writes a channel, a speaker label or both; a channel 0 stays one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    match = _KEY.fullmatch(clean_text(str(value)).strip())
    if match is None or not match[0]:
        return None
    return (match[1] or ("0" if match[2] else "")) + (match[3] or "").upper()


def _channel_key(written: Any) -> str:
    key = _key(written)
    if key is None:
        raise ChannelsError(f"channels: {shown(written)} is neither a channel nor a speaker label: {_HOW}")
    if key.startswith("0"):
        raise ChannelsError(
            f"channels: {shown(written)} is no channel: channels count from 1, the left one is 1"
        )
    return key


def _role(written: Any) -> str:
    if is_blank(written):
        return ""
    role = clean_text(written).strip().casefold() if isinstance(written, str) else None
    if role is None or _key(role):
        raise ChannelsError(f"{_SHAPE}: {shown(written)} is no role")
    if len(role) > _MAX_ROLE_LENGTH:
        raise ChannelsError(f"channels: role {shown(role)} is longer than {_MAX_ROLE_LENGTH} characters")
    return role


def _check_kind(keys: Collection[str]) -> None:
    if len(set(map(_kind, keys))) > 1:
        raise ChannelsError(f"channels: {_listed(keys)} are of different kinds: {_HOW}, not both")
    if keys and _LEFT_AND_RIGHT.issuperset(keys):
        raise ChannelsError(f"channels: {_listed(keys)} would be the 12th and 18th speaker: {_HOW}")


def _cure(channels: Collection[str], heard: Collection[str], audio_channels: float | None) -> str | None:
    numbers = [int(key) for key in channels if key.isdecimal()]
    if numbers and audio_channels is not None and max(numbers) > audio_channels:
        return (
            f"the recording has no channel {max(numbers)}: name speaker labels (A, B) to tell "
            "voices apart, and run with retranscribe"
        )
    if not set(map(_kind, channels)).intersection(map(_kind, heard)):
        return (
            "leave multichannel and speaker_labels out of transcript_options, or name what the transcript has"
        )
    return None


def _kind(key: str) -> tuple[bool, bool]:
    """Whether a key names a channel, and whether it names a speaker."""
    return key[:1].isdecimal(), key[-1:].isalpha()


def _empty_scores(roles: Collection[str]) -> str:
    empty = [f"{role}_score" for role in _SCORED_ROLES if role not in roles]
    return f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty" if empty else ""


def _pair_name(pair: tuple[str | None, str | None], by_channel: bool) -> str:
    channel, speaker = pair
    return (channel or speaker if by_channel else speaker or channel) or ""


def _name(key: str) -> str:
    """A channel or label in words. Others are not quoted: they may be a person's name."""
    if not key:
        return "sentences without channel and speaker"
    if not _key(key):
        return "other names"
    return f"channel {key}" if key.isdigit() else f"speaker {key}"


def _listed(keys: Collection[str], roles: Mapping[str, str] | None = None) -> str:
    """The keys in words, each with its role where `roles` is given; the first of them, if they are many."""
    names = (
        f"{_name(key)} ({clean_text(roles[key])[:_MAX_SHOWN]})" if roles else _name(key)
        for key in sorted(keys)[:_MAX_LISTED]
    )
    return ", ".join(dict.fromkeys(names)) + (", ..." if len(keys) > _MAX_LISTED else "")


def is_blank(value: Any) -> bool:
    """Whether a field of a sidecar is empty."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: Any) -> str:
    """A value of a sidecar as a message may quote it: short and without the query of a URL."""
    return json.dumps(strip_url_queries(clean_text(str(value)))[:_MAX_SHOWN], ensure_ascii=False)
