"""The fast way for answers as AssemblyAI documents them; nearly all are.

Of the 7.5 ms that an answer of an hour takes from bytes to committed rows (docs/performance.md, "Loading"),
this saves about two: `read_documented` reads 700 sentences in 0.5 ms instead of 1.4, `write_csv` writes them
in 0.5 instead of 1.5. Both return None for anything unusual, and their callers then take the plain way:
`sentences.read_sentences` and `copy_lines.copy_lines`.

How it is checked: test_sentences.py reads random and listed values both ways and compares; test_copy_lines.py
reads random lines back as PostgreSQL's documentation defines them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

# 31 years: a time beyond that was not measured in a recording.
MAX_MS = 10**12
MAX_LABEL_LENGTH = 200

_Milliseconds = Annotated[int, msgspec.Meta(ge=-MAX_MS, le=MAX_MS)]
_Label = Annotated[str, msgspec.Meta(max_length=MAX_LABEL_LENGTH)]

_write_json_lines = msgspec.json.Encoder().encode_lines
# A JSON escape that this CSV does not know: any but \" and \\. It also matches inside of an escaped backslash
# that precedes a letter; such lines are written the plain way, which is slower and no less right.
_OTHER_ESCAPE = re.compile(rb'\\[^"\\]')


class DocumentedSentence(msgspec.Struct, gc=False):
    """A sentence whose values are all of the documented types, so that none is lost."""

    start: _Milliseconds
    end: _Milliseconds
    sentiment: Literal["POSITIVE", "NEUTRAL", "NEGATIVE"]
    # The bounds refuse NaN and infinities.
    confidence: Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)] | None = None
    speaker: _Label | None = None
    channel: _Label | None = None
    text: str | None = None


# msgspec inspects a type when it first converts to it, and two threads that do so at once crash the process.
# During the import no other thread knows the type.
msgspec.convert([], list[DocumentedSentence])


def read_documented(results: Sequence[Any]) -> list[DocumentedSentence] | None:
    """All sentences, checked in one pass; None where one is not as documented."""
    try:
        return msgspec.convert(results, list[DocumentedSentence])
    # UnicodeEncodeError is what msgspec raises for a lone surrogate in a key.
    except (msgspec.ValidationError, UnicodeEncodeError):
        return None


def write_csv(rows: Sequence[Sequence[Any]]) -> bytes | None:
    """The lines of `copy_lines`; None where a text has characters that JSON escapes in a way of its own.

    Without its brackets, a JSON array of texts, numbers and nulls is a line of that CSV.
    """
    lines: bytes = _write_json_lines(rows)
    if _OTHER_ESCAPE.search(lines):
        return None
    # JSON escapes line breaks, so the brackets beside these are those of the rows.
    return lines.replace(b"]\n", b"\n").replace(b"\n[", b"\n")[1:]
