"""Reads a finished transcript's answer: whatever is in it, nothing paid for is lost, nothing raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assemblyai_provider.models import WEBHOOK_PREFIX, strip_url_queries
from call_sentiment.jsontext import dump_json
from call_sentiment.loading.sentences import RESULTS, read_label, read_number

# Kept only where there is no sentence to hold the words; the words of `words` are never kept.
_TEXTS = frozenset({"text", "utterances", "unredacted_text", "unredacted_utterances"})
_NEVER_KEPT = frozenset({"words", "unredacted_words", "audio_url", RESULTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says, its sentences aside.

    :param status: ok (it has sentences), no_speech or not_analyzed.
    :param audio_channels: of a job that was asked for channels.
    :param notices: what does not match between the call and its transcript.
    """

    status: str
    language_code: str | None
    speech_model_used: str | None
    audio_duration_s: float | None
    audio_channels: float | None
    kept: str
    notices: Sequence[str] = ()


def read_answer(answer: Mapping[str, Any], status: str | None = None) -> Reading:
    """Read everything but the sentences of `answer`; `status` overrules what its results would say.

    `kept` is a JSON object: the answer without audio address, webhook settings, words and sentences; where no
    sentence came, with its text and utterances. URLs in it lose their queries.
    """
    results = answer.get(RESULTS)
    if status is None:
        status = "not_analyzed" if not isinstance(results, list) else "ok" if results else "no_speech"
    duration = read_number(answer.get("audio_duration"))
    return Reading(
        status=status,
        language_code=read_label(answer.get("language_code")),
        speech_model_used=read_label(answer.get("speech_model_used")),
        audio_duration_s=None if duration is None or duration < 0 else duration,
        audio_channels=read_number(answer.get("audio_channels")),
        kept=dump_json(_kept(answer, with_text=status != "ok")),
    )


def _kept(answer: Mapping[str, Any], *, with_text: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    # By key: a value that is not kept need not even be built.
    for key in answer:
        if key in _NEVER_KEPT or key.startswith(WEBHOOK_PREFIX) or (key in _TEXTS and not with_text):
            continue
        value = answer[key]
        if key in ("utterances", "unredacted_utterances") and isinstance(value, list):
            value = [_without_words(utterance) for utterance in value]
        kept[key] = strip_url_queries(value) if key.endswith("_url") and isinstance(value, str) else value
    results = answer.get(RESULTS)
    if results is not None and not isinstance(results, list):
        kept[RESULTS] = results
    return kept


def _without_words(utterance: Any) -> Any:
    if not isinstance(utterance, Mapping):
        return utterance
    return {key: value for key, value in utterance.items() if key != "words"}
