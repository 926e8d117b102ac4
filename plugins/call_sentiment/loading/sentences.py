"""Reads the sentences of a finished transcript's answer; what cannot be read is kept as it came."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from call_sentiment.channels import find_key
from call_sentiment.jsontext import clean_text, dump_json

SENTIMENTS = frozenset({"POSITIVE", "NEUTRAL", "NEGATIVE"})
RESULTS = "sentiment_analysis_results"
_FIELDS = ("start", "end", "sentiment", "confidence", "speaker", "channel", "text")
_NOTHING = (None,) * len(_FIELDS)
# 31 years: a time beyond that was not measured in a recording.
_MAX_MS = 10**12
_MAX_LABEL_LENGTH = 200


class Sentence(NamedTuple):
    """One row of `call_sentiment.sentences`, without its transcript. `raw` is JSON."""

    position: int
    start_ms: int | None
    end_ms: int | None
    sentiment: str | None
    confidence: float | None
    speaker: str | None
    channel: str | None
    role: str | None
    text: str | None
    raw: str | None


_Milliseconds = Annotated[int, msgspec.Meta(ge=-_MAX_MS, le=_MAX_MS)]
_Label = Annotated[str, msgspec.Meta(max_length=_MAX_LABEL_LENGTH)]


class _Said(msgspec.Struct, gc=False):
    """A sentence as AssemblyAI documents it, of which nothing is lost."""

    start: _Milliseconds
    end: _Milliseconds
    sentiment: Literal["POSITIVE", "NEUTRAL", "NEGATIVE"]
    # The bounds refuse NaN and infinities.
    confidence: Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)] | None = None
    speaker: _Label | None = None
    channel: _Label | None = None
    text: str | None = None


# msgspec looks into a type when it first meets it, and two threads that do so at once crash the process. Here
# no other thread knows of the type yet.
msgspec.convert([], list[_Said])


def read_sentences(answer: Mapping[str, Any], channels: Mapping[str, str] | None) -> Iterator[Sentence]:
    """Yield the sentences of `answer` in its order; what cannot be read is None, and then `raw` is kept.

    :param channels: as `channels.read_channels` returns them.
    """
    results = answer.get(RESULTS)
    if not isinstance(results, list):
        return
    try:
        # Nearly every answer is as documented; checked in one piece, it is read in a third of the time.
        said = msgspec.convert(results, list[_Said])
    # The latter is msgspec's word on a lone surrogate in a key.
    except (msgspec.ValidationError, UnicodeEncodeError):
        for position, item in enumerate(results):
            yield _sentence(position, item, channels or {})
    else:
        for position, sentence in enumerate(said):
            yield _plain_sentence(position, sentence, channels or {})


def _plain_sentence(position: int, said: _Said, channels: Mapping[str, str]) -> Sentence:
    speaker = None if said.speaker is None else clean_text(said.speaker)
    channel = None if said.channel is None else clean_text(said.channel)
    return Sentence(
        position,
        said.start,
        said.end,
        said.sentiment,
        said.confidence,
        speaker,
        channel,
        _role(channel, speaker, channels) if channels else None,
        None if said.text is None else clean_text(said.text),
        None,
    )


def _sentence(position: int, item: Any, channels: Mapping[str, str]) -> Sentence:
    came = tuple(map(item.get, _FIELDS)) if isinstance(item, dict) else _NOTHING
    start, end, sentiment, confidence, speaker, channel, text = came
    read = (
        _milliseconds(start),
        _milliseconds(end),
        _sentiment(sentiment),
        read_number(confidence),
        read_label(speaker),
        read_label(channel),
        clean_text(text) if isinstance(text, str) else None,
    )
    start_ms, end_ms, label, number, who, where, said = read
    # None is read as None, so another count means that something could not be read.
    lost = read.count(None) != came.count(None)
    unusable = start_ms is None or end_ms is None or label not in SENTIMENTS
    return Sentence(
        position,
        start_ms,
        end_ms,
        label,
        number,
        who,
        where,
        _role(where, who, channels) if channels else None,
        said,
        dump_json(item) if lost or unusable else None,
    )


def _role(channel: str | None, speaker: str | None, channels: Mapping[str, str]) -> str | None:
    key = find_key(channel, speaker, channels)
    return None if key is None else channels[key]


def _sentiment(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if value in SENTIMENTS:
        return value
    return value.upper() if value.upper() in SENTIMENTS else clean_text(value)


def read_number(value: Any) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _milliseconds(value: Any) -> int | None:
    if type(value) is int and -_MAX_MS <= value <= _MAX_MS:
        return value
    number = read_number(value)
    if number is None or abs(number) > _MAX_MS:
        return None
    return round(number)


def read_label(value: Any) -> str | None:
    """A short name: numbers are accepted, and what is too long for an index is cut."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_MS:
        return str(value)
    return clean_text(value)[:_MAX_LABEL_LENGTH] if isinstance(value, str) else None
