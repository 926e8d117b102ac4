"""Reads what a sidecar file or a manifest line says about a recording."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from assemblyai_provider.models import strip_url_queries
from call_sentiment.channels import is_blank, notice_roles, read_channels, shown
from call_sentiment.exceptions import ChannelsError, SidecarError
from call_sentiment.jsontext import clean_text

_KNOWN = ("call_id", "started_at", "queue", "agent_id", "channels", "language_code")
MAX_CALL_ID_BYTES = 1000
_MAX_NOTICES = 5
_MAX_LETTERS = 40
_MIN_PREFIX = 4
_MIN_LIKENESS = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is known of a call besides its recording. All of it is optional; `started_at` is aware."""

    call_id: str | None = None
    started_at: datetime | None = None
    queue: str | None = None
    agent_id: str | None = None
    channels: Mapping[str, str] | None = None
    language_code: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def unique_fields(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An `object_pairs_hook` for json.loads. Raises SidecarError where a field has two values."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields and fields[name] != value:
            raise SidecarError(f"{shown(name)} is given twice, with different values: remove one")
        fields[name] = value
    return fields


def read_facts(content: Any, also_known: Collection[str] = ()) -> CallFacts:
    """Read the JSON value of a sidecar. Raises SidecarError, naming the field and its cure.

    :param also_known: fields that the caller reads from the metadata.
    """
    if not isinstance(content, Mapping):
        raise SidecarError('must be a JSON object, like {"call_id": "..."}')
    call_id = _text(content, "call_id")
    if call_id is not None:
        call_id = strip_url_queries(call_id)
        if len(call_id.encode()) > MAX_CALL_ID_BYTES:
            raise SidecarError(f"call_id is longer than {MAX_CALL_ID_BYTES} bytes")
    language_code = _text(content, "language_code")
    channels, notices = _channels(content.get("channels"))
    return CallFacts(
        call_id=call_id,
        started_at=_moment(content.get("started_at")),
        queue=_text(content, "queue"),
        agent_id=_text(content, "agent_id"),
        channels=channels,
        # AssemblyAI's codes are of the form en_us.
        language_code=language_code and language_code.lower().replace("-", "_"),
        metadata={key: value for key, value in content.items() if key not in _KNOWN},
        notices=(*notices, *_near_misses(content, (*_KNOWN, *also_known))),
    )


def _text(content: Mapping[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise SidecarError(f"{key} must be a text")
    return clean_text(value).strip() or None


def _moment(value: Any) -> datetime | None:
    if is_blank(value):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        # A time without a zone is taken as UTC; the rest is normalised, which fails beyond the year 9999.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (AttributeError, ValueError, OverflowError) as error:
        raise SidecarError("started_at must be a time like 2026-11-16T09:00:00Z") from error


def _channels(value: Any) -> tuple[dict[str, str] | None, list[str]]:
    try:
        channels = read_channels(value)
    except ChannelsError as error:
        raise SidecarError(str(error)) from error
    if channels is None:
        return None, ["channels names no role and is not used"] if isinstance(
            value, Mapping
        ) and value else []
    return channels, notice_roles(channels)


def _near_misses(content: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Notices about fields that look like misspelt ones of `known`."""
    absent = [name for name in known if content.get(name) in ([], {}) or is_blank(content.get(name))]
    found = [
        f"{shown(key)} looks like {name} and is not used: name it {name} if that is meant"
        for key in content
        if key not in known and not is_blank(content[key])
        for name in absent
        if _is_near(_letters(key), _letters(name))
    ]
    return found[:_MAX_NOTICES]


# The sidecars of a folder repeat the same few names.
@lru_cache(maxsize=4096)
def _is_near(written: str, known: str) -> bool:
    short, long = sorted((written, known), key=len)
    # A name with a longer ending, like queue_wait_seconds, is another field.
    if (
        len(short) >= _MIN_PREFIX
        and long.startswith(short)
        and (short == written or len(long) <= len(short) + 4)
    ):
        return True
    return written == known or SequenceMatcher(None, written, known).ratio() >= _MIN_LIKENESS


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name[:_MAX_LETTERS].casefold()))
