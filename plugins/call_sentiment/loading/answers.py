"""Reads the answer of an ended job. Nothing in it raises, and nothing that was paid for is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assemblyai_provider.models import WEBHOOK_PREFIX, strip_url_queries
from assemblyai_provider.results import ContentFlag
from call_sentiment.jsontext import dump_json
from call_sentiment.loading.sentences import RESULTS, read_label, read_milliseconds, read_number
from call_sentiment.states import ContentStatus, ResultStatus

# Kept only where there is no sentence to hold the words; the words of `words` are never kept.
_TEXTS = frozenset({"text", "utterances", "unredacted_text", "unredacted_utterances"})
# Their sections quote sentences, which need no second copy to be deleted.
_SECTIONED = frozenset({"content_safety_labels", "iab_categories_result"})
_NEVER_KEPT = frozenset({"words", "unredacted_words", "audio_url", RESULTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSummary:
    """What the ledger stores of an answer; its sentences are rows of their own.

    :param status: ok (it has sentences), no_speech or not_analyzed.
    :param audio_channels: how many AssemblyAI found, where the job was asked for channels.
    :param content_status: whether the content was moderated.
    :param content_flags: what was found in it, as JSON for `sql/loading/add_content_flags.sql`.
    :param kept: the rest of the answer as JSON, see `summarize_answer`.
    :param notices: what does not match between the call and its transcript.
    """

    status: ResultStatus
    language_code: str | None
    speech_model_used: str | None
    audio_duration_s: float | None
    audio_channels: float | None
    kept: str
    content_status: ContentStatus
    content_flags: str
    notices: Sequence[str] = ()


def summarize_answer(
    answer: Mapping[str, Any],
    status: ResultStatus | None = None,
    flags: Sequence[ContentFlag] | None = None,
) -> AnswerSummary:
    """Read everything but the sentences of `answer`.

    `kept` is a JSON object: the answer without audio address, webhook settings, words and sentences. It has
    text, utterances and quotes only where there is no sentence. URLs in it lose their queries.

    :param status: replaces the status that follows from the answer's results.
    :param flags: the content flags of the transcript; None: its content was not moderated.
    """
    results = answer.get(RESULTS)
    if status is None:
        status = _find_status(results)
    duration = read_number(answer.get("audio_duration"))
    return AnswerSummary(
        status=status,
        language_code=read_label(answer.get("language_code")),
        speech_model_used=read_label(answer.get("speech_model_used")),
        audio_duration_s=None if duration is None or duration < 0 else duration,
        audio_channels=read_number(answer.get("audio_channels")),
        content_status=_find_content_status(answer, flags),
        content_flags=dump_json([_content_flag(flag) for flag in flags or ()]),
        kept=dump_json(_select_kept(answer, with_text=status is not ResultStatus.OK)),
    )


def _find_status(results: Any) -> ResultStatus:
    if not isinstance(results, list):
        return ResultStatus.NOT_ANALYZED
    return ResultStatus.OK if results else ResultStatus.NO_SPEECH


def _find_content_status(answer: Mapping[str, Any], flags: Sequence[ContentFlag] | None) -> ContentStatus:
    if flags is not None:
        return ContentStatus.ANALYZED
    return ContentStatus.UNAVAILABLE if answer.get("content_safety") is True else ContentStatus.NOT_REQUESTED


def _content_flag(flag: ContentFlag) -> dict[str, Any]:
    return {
        "label": read_label(flag.label),
        "confidence": flag.confidence,
        "severity": flag.severity,
        "start_ms": read_milliseconds(flag.start_ms),
        "end_ms": read_milliseconds(flag.end_ms),
    }


def _select_kept(answer: Mapping[str, Any], *, with_text: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    # By key: the client builds a value when it is first read, and what is not kept need not be built.
    for key in answer:
        if key in _NEVER_KEPT or key.startswith(WEBHOOK_PREFIX) or (key in _TEXTS and not with_text):
            continue
        value = answer[key]
        if key in ("utterances", "unredacted_utterances") and isinstance(value, list):
            value = [_drop_words(utterance) for utterance in value]
        if key in _SECTIONED and not with_text:
            value = _drop_quotes(value)
        kept[key] = strip_url_queries(value) if key.endswith("_url") and isinstance(value, str) else value
    results = answer.get(RESULTS)
    if results is not None and not isinstance(results, list):
        kept[RESULTS] = results
    return kept


def _drop_quotes(result: Any) -> Any:
    sections = result.get("results") if isinstance(result, Mapping) else None
    if not isinstance(sections, list):
        return result
    without = [
        {key: value for key, value in section.items() if key != "text"}
        if isinstance(section, Mapping)
        else section
        for section in sections
    ]
    return {**result, "results": without}


def _drop_words(utterance: Any) -> Any:
    if not isinstance(utterance, Mapping):
        return utterance
    return {key: value for key, value in utterance.items() if key != "words"}
