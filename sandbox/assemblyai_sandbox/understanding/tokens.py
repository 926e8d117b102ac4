"""Words without punctuation and case, and where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_EDGES = re.compile(r"^[^\w$€£@+]+|[^\w%]+$")


def vocabulary(words: str) -> frozenset[str]:
    """A list of words, given as a text."""
    return frozenset(words.split())


def bare(text: str) -> str:
    """A word in small letters, without punctuation around it."""
    return _EDGES.sub("", text).lower()


def bare_words(sentence: Mapping[str, Any]) -> list[str]:
    """The words of a sentence, each `bare`."""
    return [bare(str(word["text"])) for word in sentence["words"]]


def runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of true values."""
    start = None
    for at, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = at
        elif not flag and start is not None:
            yield start, at
            start = None


def timestamp(words: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """When these words were said."""
    return {"start": int(words[0]["start"]), "end": int(words[-1]["end"])}
