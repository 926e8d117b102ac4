"""Results are read from any answer without an error, since it was paid for."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_provider.models import Transcript
from assemblyai_provider.results import ContentFlag, KeyPhrase

NAMES = [
    "text",
    "words",
    "utterances",
    "sentiments",
    "content_flags",
    "entities",
    "topics",
    "key_phrases",
    "summary",
    "chapters",
    "speaker_names",
    "language_code",
    "language_confidence",
    "audio_duration_s",
    "confidence",
    "speech_model_used",
]
FIELDS = [
    "text",
    "words",
    "utterances",
    "sentiment_analysis_results",
    "content_safety_labels",
    "entities",
    "iab_categories_result",
    "auto_highlights_result",
    "summary",
    "chapters",
    "speech_understanding",
    "language_code",
    "language_confidence",
    "audio_duration",
    "confidence",
    "speech_model_used",
]


def transcript(**answer: Any) -> Transcript:
    return Transcript.from_api({"id": "t1", "status": "completed", **answer})


@pytest.mark.parametrize(
    "junk",
    [
        *(None, True, 5, 10**400, float("nan"), "x", [], [None, 5, {}], {}),
        {"results": 5},
        {"results": [{"labels": 5, "timestamp": 5, "timestamps": 5}], "summary": 5},
        {"results": [{"labels": [5, {}], "timestamps": [5]}], "summary": {"a": "b"}},
        {"response": {"speaker_identification": {"mapping": {"A": 5}}}},
    ],
)
def test_no_answer_is_an_error(junk: Any) -> None:
    read = transcript(**dict.fromkeys(FIELDS, junk))
    for name in NAMES:
        getattr(read, name)


@pytest.mark.parametrize(
    "off", [None, {}, {"status": "unavailable", "results": [], "summary": {}}, {"status": "error"}]
)
def test_an_add_on_that_was_off_is_none_and_one_that_found_nothing_is_empty(off: Any) -> None:
    add_ons = ("content_safety_labels", "iab_categories_result", "auto_highlights_result")
    read = transcript(**dict.fromkeys(add_ons, off))
    assert (read.content_flags, read.topics, read.key_phrases) == (None, None, None)
    nothing = {"status": "success", "results": [], "summary": {}}
    read = transcript(**dict.fromkeys(add_ons, nothing), entities=[], chapters=[])
    assert (read.content_flags, read.topics, read.key_phrases) == ((), {}, ())
    assert (read.entities, read.chapters) == ((), ())


def test_each_label_of_a_section_is_a_flag() -> None:
    labels = [
        {"label": "profanity", "confidence": 0.9, "severity": 0.4},
        {"label": "hate_speech", "confidence": "?", "severity": None},
        {"confidence": 1},
    ]
    section = {"text": "Damn.", "labels": labels, "timestamp": {"start": 10, "end": 20.0}}
    flags = transcript(content_safety_labels={"status": "success", "results": [section]}).content_flags
    times: dict[str, Any] = {"start_ms": 10, "end_ms": 20, "text": "Damn."}
    assert flags == (
        ContentFlag(label="profanity", confidence=0.9, severity=0.4, **times),
        ContentFlag(label="hate_speech", confidence=None, severity=None, **times),
    )
    assert "Damn" not in repr(flags)


def test_a_key_phrase_without_a_rank_is_kept() -> None:
    result = {"text": "red dress", "count": 2, "timestamps": [{"start": 1, "end": 2}, {"start": 5}]}
    assert transcript(auto_highlights_result={"results": [result]}).key_phrases == (
        KeyPhrase(text="red dress", count=2, rank=None, times=((1, 2), (5, None))),
    )


def test_identified_speakers_have_names() -> None:
    mapping = {"A": "Agent", "B": "Customer"}
    read = transcript(speech_understanding={"response": {"speaker_identification": {"mapping": mapping}}})
    assert read.speaker_names == mapping


def test_the_words_of_a_deleted_transcript_are_not_those_of_a_call() -> None:
    read = transcript(text="Deleted by user.", audio_url="http://deleted_by_user", audio_duration=61)
    assert (read.deleted, read.text, read.audio_duration_s) == (True, None, 61)
