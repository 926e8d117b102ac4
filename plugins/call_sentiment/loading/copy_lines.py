"""Writes sentences as the lines that COPY takes."""

from __future__ import annotations

from collections.abc import Iterable

from call_sentiment.loading.fast_path import write_csv
from call_sentiment.loading.sentences import Sentence


def copy_lines(transcript_id: int, sentences: Iterable[Sentence]) -> bytes:
    """Rows for `copy_sentences.sql`: CSV, texts in quotes and escaped by backslashes, or null."""
    rows = [(transcript_id, *sentence) for sentence in sentences]
    lines = write_csv(rows)
    if lines is None:
        lines = "".join(",".join(map(_write_field, row)) + "\n" for row in rows).encode()
    return lines


def _write_field(value: str | float | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else repr(value)
