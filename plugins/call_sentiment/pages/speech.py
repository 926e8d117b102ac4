"""Where in a call nobody speaks for long, and where several speak at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

LONG_SILENCE_MS = 3000

Sentence = Mapping[str, Any]


def find_silences(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Stretches longer than 3 s in which nobody speaks, between the first word and the last."""
    silences = []
    spoken_until: int | None = None
    for sentence in sentences:
        start, end = sentence["start_ms"], sentence["end_ms"]
        if spoken_until is not None and start - spoken_until > LONG_SILENCE_MS:
            silences.append((spoken_until, start))
        spoken_until = end if spoken_until is None else max(spoken_until, end)
    return silences


def find_crosstalk(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Stretches in which two speakers or more speak at once."""
    changes: dict[int, list[tuple[str, int]]] = {}
    for sentence in sentences:
        changes.setdefault(sentence["start_ms"], []).append((sentence["speaker_key"], 1))
        changes.setdefault(sentence["end_ms"], []).append((sentence["speaker_key"], -1))
    speaking: dict[str, int] = {}
    parts: list[tuple[int, int]] = []
    for now, then in pairwise(sorted(changes)):
        for speaker, change in changes[now]:
            speaking[speaker] = speaking.get(speaker, 0) + change
        if sum(count > 0 for count in speaking.values()) > 1:
            if parts and parts[-1][1] == now:
                now = parts.pop()[0]
            parts.append((now, then))
    return parts
