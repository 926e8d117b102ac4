"""Reads the sentences of a finished transcript's answer; what cannot be read is kept as raw JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from call_sentiment.channels import find_key
from call_sentiment.jsontext import clean_text, dump_json
from call_sentiment.loading.fast_path import MAX_LABEL_LENGTH, MAX_MS, DocumentedSentence, read_documented

SENTIMENTS = frozenset({"POSITIVE", "NEUTRAL", "NEGATIVE"})
RESULTS = "sentiment_analysis_results"
_FIELDS = ("start", "end", "sentiment", "confidence", "speaker", "channel", "text")
_NO_FIELDS = (None,) * len(_FIELDS)


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


def read_sentences(answer: Mapping[str, Any], channels: Mapping[str, str] | None) -> Iterator[Sentence]:
    """Yield the sentences of `answer` in its order. A value that cannot be read is None, and `raw` has it.

    :param channels: as `channels.read_channels` returns them.
    """
    results = answer.get(RESULTS)
    if not isinstance(results, list):
        return
    documented = read_documented(results)
    if documented is None:
        for position, item in enumerate(results):
            yield _read_sentence(position, item, channels or {})
    else:
        for position, sentence in enumerate(documented):
            yield _clean_documented(position, sentence, channels or {})


def _clean_documented(position: int, sentence: DocumentedSentence, channels: Mapping[str, str]) -> Sentence:
    speaker = None if sentence.speaker is None else clean_text(sentence.speaker)
    channel = None if sentence.channel is None else clean_text(sentence.channel)
    return Sentence(
        position,
        sentence.start,
        sentence.end,
        sentence.sentiment,
        sentence.confidence,
        speaker,
        channel,
        _find_role(channel, speaker, channels) if channels else None,
        None if sentence.text is None else clean_text(sentence.text),
        None,
    )


def _read_sentence(position: int, item: Any, channels: Mapping[str, str]) -> Sentence:
    given = tuple(map(item.get, _FIELDS)) if isinstance(item, dict) else _NO_FIELDS
    start_ms = read_milliseconds(given[0])
    end_ms = read_milliseconds(given[1])
    sentiment = _read_sentiment(given[2])
    confidence = read_number(given[3])
    speaker = read_label(given[4])
    channel = read_label(given[5])
    text = clean_text(given[6]) if isinstance(given[6], str) else None
    read = (start_ms, end_ms, sentiment, confidence, speaker, channel, text)
    # A missing value is read as None. More of them than were missing: a given value could not be read.
    is_value_lost = read.count(None) > given.count(None)
    is_scorable = start_ms is not None and end_ms is not None and sentiment in SENTIMENTS
    role = _find_role(channel, speaker, channels) if channels else None
    raw = dump_json(item) if is_value_lost or not is_scorable else None
    return Sentence(position, start_ms, end_ms, sentiment, confidence, speaker, channel, role, text, raw)


def _find_role(channel: str | None, speaker: str | None, channels: Mapping[str, str]) -> str | None:
    key = find_key(channel, speaker, channels)
    return None if key is None else channels[key]


def _read_sentiment(value: Any) -> str | None:
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


def read_milliseconds(value: Any) -> int | None:
    """A time as a whole number, None for anything else and for what no recording has."""
    if type(value) is int and -MAX_MS <= value <= MAX_MS:
        return value
    number = read_number(value)
    if number is None or abs(number) > MAX_MS:
        return None
    return round(number)


def read_label(value: Any) -> str | None:
    """A short name: numbers are accepted, and what is too long for an index is cut."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_MS:
        return str(value)
    return clean_text(value)[:MAX_LABEL_LENGTH] if isinstance(value, str) else None
