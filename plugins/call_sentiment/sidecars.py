"""Reads what a sidecar file or a manifest line says about a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from assemblyai_provider.models import strip_url_queries
from call_sentiment.jsontext import clean_text

_KNOWN = ("call_id", "started_at", "queue", "agent_id", "channels", "language_code")
_MAX_CALL_ID_BYTES = 1000


class SidecarError(ValueError):
    """A sidecar or manifest line that cannot be used; the message says what to change in it."""


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


def read_facts(content: Any) -> CallFacts:
    """Read the JSON value of a sidecar. Raises SidecarError, naming the field and its cure."""
    if not isinstance(content, Mapping):
        raise SidecarError('must be a JSON object, like {"call_id": "..."}')
    call_id = _text(content, "call_id")
    if call_id is not None:
        call_id = strip_url_queries(call_id)
        if len(call_id.encode()) > _MAX_CALL_ID_BYTES:
            raise SidecarError(f"call_id is longer than {_MAX_CALL_ID_BYTES} bytes")
    return CallFacts(
        call_id=call_id,
        started_at=_moment(content.get("started_at")),
        queue=_text(content, "queue"),
        agent_id=_text(content, "agent_id"),
        channels=_channels(content.get("channels")),
        language_code=_text(content, "language_code"),
        metadata={key: value for key, value in content.items() if key not in _KNOWN},
    )


def _text(content: Mapping[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise SidecarError(f"{key} must be a text")
    return clean_text(value)


def _moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
        # A time without a zone is taken as UTC; the rest is normalised, which fails beyond the year 9999.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise SidecarError("started_at must be a time like 2026-11-16T09:00:00Z") from error


def _channels(value: Any) -> dict[str, str] | None:
    if not value and not isinstance(value, int | float):
        return None
    if not isinstance(value, Mapping) or not all(isinstance(role, str) and role for role in value.values()):
        raise SidecarError('channels must map channels to roles, like {"1": "agent", "2": "customer"}')
    return {clean_text(str(channel)): clean_text(role) for channel, role in value.items()}
