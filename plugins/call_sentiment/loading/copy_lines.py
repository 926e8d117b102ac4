"""Writes sentences for COPY, as CSV whose fields are written like JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from call_sentiment.loading.sentences import Sentence

_write_json = msgspec.json.Encoder().encode_lines
# All escapes but those of a quote and of a backslash; by chance also found behind an escaped backslash.
_UNKNOWN_TO_CSV = re.compile(rb'\\[^"\\]')


def copy_lines(transcript_id: int, sentences: Iterable[Sentence]) -> bytes:
    """The rows that `copy_sentences.sql` takes: strings in quotes, with backslashes, and null without."""
    rows = [(transcript_id, *sentence) for sentence in sentences]
    lines: bytes = _write_json(rows)
    # Where nothing but quotes and backslashes was escaped, JSON without its brackets is that CSV already.
    if not _UNKNOWN_TO_CSV.search(lines):
        return lines.replace(b"]\n", b"\n").replace(b"\n[", b"\n")[1:]
    return "".join(",".join(map(_field, row)) + "\n" for row in rows).encode()


def _field(value: str | float | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else repr(value)
