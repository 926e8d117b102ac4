"""Reads the results of a transcript. Nothing in an answer raises, because it was paid for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from assemblyai_provider.results import (
    Chapter,
    ContentFlag,
    Entity,
    KeyPhrase,
    Passage,
    Sentiment,
    Word,
)


def read_words(items: object) -> tuple[Word, ...] | None:
    """Words of an answer; None unless it is a list."""
    return tuple(Word(**_spoken(item)) for item in _objects(items)) if isinstance(items, list) else None


def read_passages(items: object) -> tuple[Passage, ...] | None:
    """Utterances, sentences or paragraphs of an answer; None unless it is a list."""
    if not isinstance(items, list):
        return None
    return tuple(
        Passage(**_spoken(item), words=read_words(item.get("words")) or ()) for item in _objects(items)
    )


def read_sentiments(items: object) -> tuple[Sentiment, ...] | None:
    """Sentiments of an answer; None unless it is a list."""
    if not isinstance(items, list):
        return None
    return tuple(
        Sentiment(**_spoken(item), sentiment=read_text(item.get("sentiment"))) for item in _objects(items)
    )


def read_content_flags(value: object) -> tuple[ContentFlag, ...] | None:
    """One flag per section and label; None if the content was not moderated."""
    results = _results(value)
    if results is None:
        return None
    return tuple(
        ContentFlag(
            label=str(label["label"]),
            confidence=read_number(label.get("confidence")),
            severity=read_number(label.get("severity")),
            text=read_text(section.get("text")) or "",
            **_times(section.get("timestamp")),
        )
        for section in _objects(results)
        for label in _objects(section.get("labels"))
        if label.get("label")
    )


def read_entities(items: object) -> tuple[Entity, ...] | None:
    """Entities of an answer; None if they were not looked for."""
    if not isinstance(items, list):
        return None
    return tuple(
        Entity(
            entity_type=read_text(item.get("entity_type")) or "unknown",
            text=read_text(item.get("text")) or "",
            **_times(item),
        )
        for item in _objects(items)
    )


def read_key_phrases(value: object) -> tuple[KeyPhrase, ...] | None:
    """Key phrases of an answer; None if they were not looked for."""
    results = _results(value)
    if results is None:
        return None
    return tuple(
        KeyPhrase(
            text=read_text(item.get("text")) or "",
            count=_integer(item.get("count")),
            rank=read_number(item.get("rank")),
            times=tuple(
                (_integer(time.get("start")), _integer(time.get("end")))
                for time in _objects(item.get("timestamps"))
            ),
        )
        for item in _objects(results)
    )


def read_chapters(items: object) -> tuple[Chapter, ...] | None:
    """Chapters of an answer; None if none were asked for."""
    if not isinstance(items, list):
        return None
    return tuple(
        Chapter(
            gist=read_text(item.get("gist")) or "",
            headline=read_text(item.get("headline")) or "",
            summary=read_text(item.get("summary")) or "",
            **_times(item),
        )
        for item in _objects(items)
    )


def read_topics(value: object) -> Mapping[str, float] | None:
    """Relevance (0 to 1) by topic of the whole call; None if topics were not looked for."""
    if _results(value) is None or not isinstance(value, Mapping):
        return None
    summary = value.get("summary")
    pairs = summary.items() if isinstance(summary, Mapping) else ()
    return {str(topic): number for topic, share in pairs if (number := read_number(share)) is not None}


def read_speaker_names(value: object) -> Mapping[str, str] | None:
    """Name or role by speaker label; None if speakers were not identified."""
    for key in ("response", "speaker_identification", "mapping"):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        return None
    return {str(label): name for label, name in value.items() if isinstance(name, str)}


def read_text(value: object) -> str | None:
    """A text, or None for anything else."""
    return value if isinstance(value, str) else None


def read_number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _integer(value: object) -> int | None:
    number = read_number(value)
    return None if number is None else int(number)


def _results(value: object) -> list[Any] | None:
    """The results of an add-on; None where it was off, which AssemblyAI answers in several ways."""
    if not isinstance(value, Mapping) or value.get("status") not in (None, "success"):
        return None
    results = value.get("results")
    return results if isinstance(results, list) else None


def _objects(items: object) -> Iterator[Mapping[str, Any]]:
    return (item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else iter(())


def _times(value: object) -> dict[str, Any]:
    times = value if isinstance(value, Mapping) else {}
    return {"start_ms": _integer(times.get("start")), "end_ms": _integer(times.get("end"))}


def _spoken(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": read_text(item.get("text")) or "",
        "confidence": read_number(item.get("confidence")),
        "speaker": read_text(item.get("speaker")),
        "channel": read_text(item.get("channel")),
        **_times(item),
    }
