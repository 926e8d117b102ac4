"""Makes the fields of a completed transcript from an outcome's sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from assemblyai_sandbox.outcomes import Outcome
from assemblyai_sandbox.records import Record
from assemblyai_sandbox.settings import Settings
from assemblyai_sandbox.understanding import add_ons
from assemblyai_sandbox.understanding.redaction import redacted
from assemblyai_sandbox.understanding.speakers import identification, speaker_names
from assemblyai_sandbox.validation import is_english

WORD_CONFIDENCE = 0.95


def results(record: Record, outcome: Outcome, settings: Settings) -> dict[str, Any]:
    """The result fields of a completed transcript, with the overrides of its outcome."""
    request = record.request
    said = None if outcome.sentences is None else labelled(outcome.sentences, request)
    sentences = None if said is None else [dict(redacted(sentence, request)) for sentence in said]
    language = _language(request, outcome)
    fields: dict[str, Any] = {
        "audio_duration": _duration(outcome, settings),
        "language_code": language,
        "language_confidence": outcome.language_confidence if request.get("language_detection") else None,
        "speech_model_used": record.model,
        # The service redacts the transcript, and no promise covers what else it finds in the words.
        **add_ons(said or (), request),
        **_spoken(sentences, request),
    }
    if request.get("redact_pii") and request.get("redact_pii_return_unredacted"):
        unredacted = _spoken(said, request)
        fields |= {f"unredacted_{name}": unredacted.get(name) for name in ("text", "words", "utterances")}
    if identification(request) is not None:
        fields["speech_understanding"] = _understanding(fields, said or (), request)
    if record.warnings:
        fields["metadata"] = {"warnings": [{"message": message} for message in record.warnings]}
    if request.get("multichannel"):
        fields["audio_channels"] = outcome.audio_channels or len(_channels(sentences)) or 1
    if sentences is not None and request.get("sentiment_analysis") and is_english(language):
        fields["sentiment_analysis_results"] = [_sentiment(s, request) for s in sentences]
    fields |= outcome.transcript
    return fields


def _understanding(
    fields: dict[str, Any], sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer's `speech_understanding`; names replace the labels of words and utterances, too."""
    names = speaker_names(sentences, request)
    for utterance in fields.get("utterances") or ():
        for part in (utterance, *utterance["words"]):
            part["speaker"] = names.get(part["speaker"], part["speaker"])
    for word in fields.get("words") or ():
        word["speaker"] = names.get(word["speaker"], word["speaker"])
    response = {"speaker_identification": {"mapping": names, "status": "success"}}
    return {**request["speech_understanding"], "response": response}


def omitted_fields(record: Record, settings: Settings) -> set[str]:
    """Fields that a finished answer omits: sentiment of speech that is not English."""
    outcome = record.outcome
    if settings.sentiment_omitted_as != "absent" or outcome is None:
        return set()
    name = "sentiment_analysis_results"
    english = is_english(_language(record.request, outcome))
    missing = record.request.get("sentiment_analysis") and not english and name not in outcome.transcript
    return {name} if missing else set()


def labelled(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sentences with words, and with the speaker and channel labels of the request."""
    done = []
    for sentence in sentences:
        labels = _labels(sentence, request)
        words = sentence.get("words") or _words(sentence)
        done.append({**sentence, **labels, "words": [{**word, **labels} for word in words]})
    return done


def _labels(sentence: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    letter = str(sentence.get("speaker") or "A")
    channel = str(sentence.get("channel") or "1")
    if not request.get("multichannel"):
        return {"speaker": letter if request.get("speaker_labels") else None, "channel": None}
    both = bool(request.get("speaker_labels"))
    # Letters start again in every channel, and the sandbox's channels have one person each.
    return {"speaker": f"{channel}A" if both else channel, "channel": channel}


def _words(sentence: Mapping[str, Any]) -> list[dict[str, Any]]:
    texts = str(sentence["text"]).split()
    start, end = int(sentence.get("start") or 0), int(sentence["end"])
    step = (end - start) / max(1, len(texts))
    return [
        {
            "text": text,
            "start": round(start + number * step),
            "end": round(start + (number + 1) * step),
            "confidence": WORD_CONFIDENCE,
        }
        for number, text in enumerate(texts)
    ]


def _spoken(sentences: list[dict[str, Any]] | None, request: Mapping[str, Any]) -> dict[str, Any]:
    if sentences is None:
        return {}
    multichannel = bool(request.get("multichannel"))
    words = [_plain(word, multichannel) for sentence in sentences for word in sentence["words"]]
    fields: dict[str, Any] = {
        "text": " ".join(sentence["text"] for sentence in sentences),
        "words": words,
        "confidence": confidence(words),
    }
    if multichannel or request.get("speaker_labels"):
        fields["utterances"] = _utterances(sentences, multichannel)
    return fields


def _plain(word: Mapping[str, Any], multichannel: bool) -> dict[str, Any]:
    names = ("text", "start", "end", "confidence", "speaker", *(("channel",) if multichannel else ()))
    return {name: word[name] for name in names}


def confidence(words: Sequence[Mapping[str, Any]]) -> float | None:
    return round(fmean(word["confidence"] for word in words), 9) if words else None


def _utterances(sentences: list[dict[str, Any]], multichannel: bool) -> list[dict[str, Any]]:
    turns: list[list[dict[str, Any]]] = []
    for sentence in sentences:
        if turns and turns[-1][-1]["speaker"] == sentence["speaker"]:
            turns[-1].append(sentence)
        else:
            turns.append([sentence])
    return [_utterance(turn, multichannel) for turn in turns]


def _utterance(turn: list[dict[str, Any]], multichannel: bool) -> dict[str, Any]:
    words = [_plain(word, multichannel) for sentence in turn for word in sentence["words"]]
    utterance = {
        "text": " ".join(sentence["text"] for sentence in turn),
        "start": turn[0].get("start") or 0,
        "end": turn[-1]["end"],
        "confidence": confidence(words),
        "speaker": turn[0]["speaker"],
        "words": words,
    }
    return {**utterance, "channel": turn[0]["channel"]} if multichannel else utterance


def _sentiment(sentence: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    result = {
        "text": sentence["text"],
        "start": sentence.get("start"),
        "end": sentence["end"],
        "sentiment": sentence.get("sentiment", "NEUTRAL"),
        "confidence": sentence.get("confidence", 0.9),
        "speaker": sentence["speaker"],
    }
    return {**result, "channel": sentence["channel"]} if request.get("multichannel") else result


def _language(request: Mapping[str, Any], outcome: Outcome) -> str:
    """The requested language, or the detected one; without detection it is ``en_us``."""
    if request.get("language_code"):
        return str(request["language_code"])
    return outcome.language_code if request.get("language_detection") else "en_us"


def _channels(sentences: Sequence[Mapping[str, Any]] | None) -> set[str]:
    return {str(sentence["channel"]) for sentence in sentences or ()}


def _duration(outcome: Outcome, settings: Settings) -> float | int:
    return float(outcome.duration_s) if settings.float_durations else round(outcome.duration_s)
