"""Summaries and chapters that repeat sentences of the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CHAPTER_SENTENCES = 20
BULLETS = 3
GIST_WORDS = 5


def summary(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> str:
    """The answer's `summary`: some sentences of the call, in the form of `summary_type`."""
    kind = request.get("summary_type", "bullets")
    step = max(1, len(sentences) // BULLETS)
    chosen = [str(sentence["text"]) for sentence in sentences[::step][:BULLETS]]
    if kind in ("gist", "headline"):
        return _gist(chosen[0]) if kind == "gist" and chosen else "".join(chosen[:1])
    return " ".join(chosen) if kind == "paragraph" else "\n".join(f"- {text}" for text in chosen)


def chapters(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer's `chapters`, of twenty sentences each."""
    return [
        _chapter(sentences[start : start + CHAPTER_SENTENCES])
        for start in range(0, len(sentences), CHAPTER_SENTENCES)
    ]


def _chapter(sentences: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    headline = str(sentences[0]["text"])
    return {
        "gist": _gist(headline),
        "headline": headline,
        "summary": " ".join(str(sentence["text"]) for sentence in sentences[:2]),
        "start": int(sentences[0].get("start") or 0),
        "end": int(sentences[-1]["end"]),
    }


def _gist(text: str) -> str:
    return " ".join(text.split()[:GIST_WORDS]).rstrip(".,!?")
