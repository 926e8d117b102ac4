"""Speaker identification: the known names or roles, in the order in which the speakers appear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def identification(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request for speaker identification, if there is one."""
    understanding = request.get("speech_understanding") or {}
    wanted = (understanding.get("request") or {}).get("speaker_identification")
    return wanted if isinstance(wanted, dict) else None


def speaker_names(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, str]:
    """Name or role by speaker label; a speaker beyond the known ones keeps the label."""
    wanted = identification(request)
    if wanted is None:
        return {}
    known = wanted.get("known_values") or [
        speaker.get(wanted.get("speaker_type", "name")) for speaker in wanted.get("speakers") or ()
    ]
    labels = list(dict.fromkeys(str(sentence["speaker"]) for sentence in sentences))
    return {label: str(name) for label, name in zip(labels, known, strict=False) if name}
