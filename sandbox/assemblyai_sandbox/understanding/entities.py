"""Names, numbers, dates and the like, by patterns of words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assemblyai_sandbox.understanding.tokens import bare_words, runs, timestamp, vocabulary

_DIGITS = vocabulary("zero oh one two three four five six seven eight nine")
_TENS = vocabulary(
    """ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
    forty fifty sixty seventy eighty ninety hundred thousand million"""
)
_ORDINALS = vocabulary(
    """first second third fourth fifth sixth seventh eighth ninth tenth twentieth thirtieth"""
)
_MONTHS = vocabulary(
    """january february march april may june july august september october november december"""
)
_DAYS = vocabulary("""monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday""")
_MONEY = vocabulary("dollar dollars euro euros pound pounds cent cents")
_AFTER = vocabulary("and of")
_TITLES = vocabulary("mr mrs ms miss mister dr doctor")
_NO_NAMES = vocabulary("""a an the is not here there my your and but so for in on at from with calling""")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"[$€£]?\d[\d.,:/-]*%?")
_SHORTEST_SEQUENCE = 3

Span = tuple[str, int, int]


def entities(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer's `entities`."""
    return [
        {"entity_type": kind, "text": " ".join(w["text"] for w in words).strip(".,!?"), **timestamp(words)}
        for sentence in sentences
        for kind, start, end in spans(sentence)
        for words in [sentence["words"][start:end]]
    ]


def spans(sentence: Mapping[str, Any]) -> list[Span]:
    """Type, first word and the word after the last of each entity, in order and without overlap."""
    words = bare_words(sentence)
    found: list[Span] = []
    taken: set[int] = set()
    for find in (_emails, _names, _dates, _money, _numbers):
        for kind, start, end in find(words):
            if taken.isdisjoint(range(start, end)):
                taken.update(range(start, end))
                found.append((kind, start, end))
    return sorted(found, key=lambda span: span[1])


def _emails(words: Sequence[str]) -> Iterator[Span]:
    for at, word in enumerate(words):
        if _EMAIL.fullmatch(word):
            yield "email_address", at, at + 1


def _names(words: Sequence[str]) -> Iterator[Span]:
    for at, word in enumerate(words):
        said = words[max(0, at - 3) : at]
        # "my name is David Miller", "Mr. Miller", "this is Anna"
        if word in _TITLES or said[-3:] == ["my", "name", "is"]:
            start = at + 1 if word in _TITLES else at
            end = start
            while end < len(words) and end - start < 2 and words[end] and words[end] not in _NO_NAMES:
                end += 1
            if end > start:
                yield "person_name", start, end


def _dates(words: Sequence[str]) -> Iterator[Span]:
    for at, word in enumerate(words):
        if word in _DAYS:
            yield "date", at, at + 1
        elif word in _MONTHS - {"may", "march"} or (word in _MONTHS and _has_day(words, at)):
            start = at - 2 if _has_day(words, at) else at
            yield "date", start, at + 1


def _has_day(words: Sequence[str], at: int) -> bool:
    return at >= 2 and words[at - 1] == "of" and (words[at - 2] in _ORDINALS or words[at - 2].isdigit())


def _money(words: Sequence[str]) -> Iterator[Span]:
    for at, word in enumerate(words):
        if word[:1] in "$€£" and word[1:2].isdigit():
            yield "money_amount", at, at + 1
        elif word in _MONEY:
            start = at
            while start and (_is_number(words[start - 1]) or words[start - 1] in _AFTER):
                start -= 1
            if start < at:
                yield "money_amount", start, at + 1


def _numbers(words: Sequence[str]) -> Iterator[Span]:
    flags = [word in _DIGITS or word.isdigit() or bool(_NUMBER.fullmatch(word)) for word in words]
    for start, end in runs(flags):
        digits = sum(len(word) if word[:1].isdigit() else 1 for word in words[start:end])
        if digits >= _SHORTEST_SEQUENCE:
            kind = "phone_number" if digits >= 7 else "number_sequence"
            yield kind, start, end


def _is_number(word: str) -> bool:
    return word in _DIGITS or word in _TENS or bool(_NUMBER.fullmatch(word))
