"""Reads a finished transcript's answer: whatever is in it, nothing paid for is lost, nothing raises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from assemblyai_provider.models import strip_url_queries
from call_sentiment.jsontext import clean_text, dump_json

SENTIMENTS = frozenset({"POSITIVE", "NEUTRAL", "NEGATIVE"})
_RESULTS = "sentiment_analysis_results"
# Kept only where there is no sentence to hold the words; the words of `words` are never kept.
_TEXTS = frozenset({"text", "utterances", "unredacted_text", "unredacted_utterances"})
_NEVER_KEPT = frozenset({"words", "unredacted_words", "audio_url", _RESULTS})
# 31 years: a time beyond that was not measured in a recording.
_MAX_MS = 10**12
_MAX_LABEL_LENGTH = 200
_CHANNEL_OF_SPEAKER = re.compile(r"\d+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says, its sentences aside. `status`: ok (it has sentences), no_speech, not_analyzed."""

    status: str
    language_code: str | None
    speech_model_used: str | None
    audio_duration_s: float | None
    kept: str


def read_answer(answer: Mapping[str, Any], status: str | None = None) -> Reading:
    """Read everything but the sentences of `answer`; `status` overrules what its results would say.

    `kept` is a JSON object: the answer without audio address, webhook settings, words and sentences; where no
    sentence came, with its text and utterances. URLs in it lose their queries.
    """
    results = answer.get(_RESULTS)
    if status is None:
        status = "not_analyzed" if not isinstance(results, list) else "ok" if results else "no_speech"
    duration = _number(answer.get("audio_duration"))
    return Reading(
        status=status,
        language_code=_label(answer.get("language_code")),
        speech_model_used=_label(answer.get("speech_model_used")),
        audio_duration_s=None if duration is None or duration < 0 else duration,
        kept=dump_json(_kept(answer, with_text=status != "ok")),
    )


def read_sentences(answer: Mapping[str, Any], channels: Mapping[str, str] | None) -> Iterator[Sentence]:
    """Yield the sentences of `answer` in its order; what cannot be read is None, and then `raw` is kept.

    :param channels: role by channel, or by speaker.
    """
    results = answer.get(_RESULTS)
    if isinstance(results, list):
        for position, item in enumerate(results):
            yield _sentence(position, item, channels or {})


def _sentence(position: int, item: Any, channels: Mapping[str, str]) -> Sentence:
    said: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    values: dict[str, Any] = {
        "start": _milliseconds(said.get("start")),
        "end": _milliseconds(said.get("end")),
        "sentiment": _sentiment(said.get("sentiment")),
        "confidence": _number(said.get("confidence")),
        "speaker": _label(said.get("speaker")),
        "channel": _label(said.get("channel")),
        "text": clean_text(said["text"]) if isinstance(said.get("text"), str) else None,
    }
    lost = False
    for key, value in values.items():
        if value is None and said.get(key) is not None:
            lost = True
    unusable = values["sentiment"] not in SENTIMENTS or values["start"] is None or values["end"] is None
    return Sentence(
        position=position,
        start_ms=values["start"],
        end_ms=values["end"],
        sentiment=values["sentiment"],
        confidence=values["confidence"],
        speaker=values["speaker"],
        channel=values["channel"],
        role=_role(values["channel"], values["speaker"], channels),
        text=values["text"],
        raw=dump_json(item) if lost or unusable else None,
    )


def _kept(answer: Mapping[str, Any], *, with_text: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in answer.items():
        if key in _NEVER_KEPT or key.startswith("webhook_") or (key in _TEXTS and not with_text):
            continue
        if key in ("utterances", "unredacted_utterances") and isinstance(value, list):
            value = [_without_words(utterance) for utterance in value]
        kept[key] = strip_url_queries(value) if key.endswith("_url") and isinstance(value, str) else value
    results = answer.get(_RESULTS)
    if results is not None and not isinstance(results, list):
        kept[_RESULTS] = results
    return kept


def _without_words(utterance: Any) -> Any:
    if not isinstance(utterance, Mapping):
        return utterance
    return {key: value for key, value in utterance.items() if key != "words"}


def _role(channel: str | None, speaker: str | None, channels: Mapping[str, str]) -> str | None:
    """The role of a channel, else of a speaker, whose label may be led by its channel (`1A`)."""
    if not channels:
        return None
    for name in (channel, speaker):
        if name is not None and name in channels:
            return channels[name]
    leading = _CHANNEL_OF_SPEAKER.match(speaker or "")
    return channels.get(leading[0]) if leading else None


def _sentiment(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if value in SENTIMENTS:
        return value
    return value.upper() if value.upper() in SENTIMENTS else clean_text(value)


def _number(value: Any) -> float | None:
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
    number = _number(value)
    if number is None or abs(number) > _MAX_MS:
        return None
    return round(number)


def _label(value: Any) -> str | None:
    """A short name: numbers are accepted, and what is too long for an index is cut."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_MS:
        return str(value)
    return clean_text(value)[:_MAX_LABEL_LENGTH] if isinstance(value, str) else None
