"""Writes sentences in the text format of PostgreSQL's COPY."""

from __future__ import annotations

from collections.abc import Iterable

from call_sentiment.answers import Sentence

_NULL = r"\N"


def copy_lines(transcript_id: int, sentences: Iterable[Sentence]) -> str:
    """The rows that `copy_sentences.sql` takes."""
    return "".join(
        f"{transcript_id}\t{s.position}\t{_number(s.start_ms)}\t{_number(s.end_ms)}\t{_text(s.sentiment)}"
        f"\t{_number(s.confidence)}\t{_text(s.speaker)}\t{_text(s.channel)}\t{_text(s.role)}\t{_text(s.text)}"
        f"\t{_text(s.raw)}\n"
        for s in sentences
    )


def _number(value: float | None) -> str:
    return _NULL if value is None else repr(value)


def _text(value: str | None) -> str:
    if value is None:
        return _NULL
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
