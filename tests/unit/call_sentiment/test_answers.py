from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.answers import read_answer, read_sentences

CHANNELS = {"1": "agent", "2": "customer", "A": "agent"}
GOOD = {
    "text": "Hello.",
    "start": 10,
    "end": 20,
    "sentiment": "NEUTRAL",
    "confidence": 0.5,
    "speaker": None,
    "channel": None,
}

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
sentence_like = st.fixed_dictionaries({}, optional={key: any_json for key in GOOD})
answers = st.fixed_dictionaries(
    {},
    optional={
        "sentiment_analysis_results": st.lists(sentence_like | any_json) | any_json,
        "text": any_json,
        "words": any_json,
        "utterances": st.lists(st.fixed_dictionaries({"words": any_json, "text": any_json})) | any_json,
        "audio_duration": any_json,
        "language_code": any_json,
        "webhook_auth_header_name": any_json,
        "audio_url": any_json,
        "surprise": any_json,
    },
)


def one(**changes: Any) -> Any:
    (sentence,) = read_sentences({"sentiment_analysis_results": [{**GOOD, **changes}]}, CHANNELS)
    return sentence


def test_a_good_sentence_is_read_as_it_is() -> None:
    assert one()._asdict() == {
        "position": 0,
        "start_ms": 10,
        "end_ms": 20,
        "sentiment": "NEUTRAL",
        "confidence": 0.5,
        "speaker": None,
        "channel": None,
        "role": None,
        "text": "Hello.",
        "raw": None,
    }


@pytest.mark.parametrize(
    ("field", "value", "column", "read"),
    [
        ("sentiment", "positive", "sentiment", "POSITIVE"),
        ("start", 10.0, "start_ms", 10),
        ("confidence", 1, "confidence", 1.0),
        ("confidence", None, "confidence", None),
        ("confidence", 7.5, "confidence", 7.5),
        ("speaker", 1, "speaker", "1"),
        ("text", None, "text", None),
        ("text", "a\x00\ud800", "text", "a\ufffd\ufffd"),
    ],
)
def test_what_can_be_understood_is_no_loss(field: str, value: Any, column: str, read: Any) -> None:
    sentence = one(**{field: value})
    assert (getattr(sentence, column), sentence.raw) == (read, None)


@pytest.mark.parametrize(
    ("field", "value", "column", "read"),
    [
        ("sentiment", "ANGRY", "sentiment", "ANGRY"),
        ("sentiment", None, "sentiment", None),
        ("sentiment", 1, "sentiment", None),
        ("start", None, "start_ms", None),
        ("start", "10", "start_ms", None),
        ("start", True, "start_ms", None),
        ("end", 10**13, "end_ms", None),
        ("end", 10**400, "end_ms", None),
        ("end", float("nan"), "end_ms", None),
        ("confidence", "0.5", "confidence", None),
        ("confidence", float("nan"), "confidence", None),
        ("confidence", 10**400, "confidence", None),
        ("speaker", ["A"], "speaker", None),
        ("text", 5, "text", None),
    ],
)
def test_what_cannot_be_understood_is_kept_as_it_came(field: str, value: Any, column: str, read: Any) -> None:
    sentence = one(**{field: value})
    assert getattr(sentence, column) == read
    assert field in json.loads(sentence.raw)


def test_what_is_no_sentence_keeps_its_place() -> None:
    results = [None, "x", GOOD]
    rows = list(read_sentences({"sentiment_analysis_results": results}, None))
    assert [(row.position, row.raw, row.text) for row in rows] == [
        (0, "null", None),
        (1, '"x"', None),
        (2, None, "Hello."),
    ]


@pytest.mark.parametrize(
    ("channel", "speaker", "role"),
    [
        ("1", "A", "agent"),
        ("2", "1", "customer"),
        (None, "2", "customer"),
        (None, "2B", "customer"),
        (None, "12B", None),
        ("3", "A", "agent"),
        (None, "B", None),
        (1, None, "agent"),
    ],
)
def test_the_role_comes_from_the_channel_or_the_speaker(channel: Any, speaker: Any, role: str | None) -> None:
    assert one(channel=channel, speaker=speaker).role == role


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ({"sentiment_analysis_results": None}, "not_analyzed"),
        ({}, "not_analyzed"),
        ({"sentiment_analysis_results": {"status": "unavailable"}}, "not_analyzed"),
        ({"sentiment_analysis_results": []}, "no_speech"),
        ({"sentiment_analysis_results": [GOOD]}, "ok"),
        ({"sentiment_analysis_results": [None]}, "ok"),
    ],
)
def test_absence_has_two_meanings(results: dict[str, Any], status: str) -> None:
    assert read_answer(results).status == status


FULL = {
    "id": "t-1",
    "audio_url": "https://x.example/a?s=1",
    "redacted_audio_url": "https://x.example/r?s=1",
    "webhook_url": "https://x.example/w",
    "webhook_auth": True,
    "webhook_auth_header_name": "X",
    "text": "Hello.",
    "words": [{"text": "Hello."}],
    "utterances": [{"text": "Hello.", "speaker": "A", "words": [{"text": "Hello."}]}],
    "language_code": "en_us",
    "speech_model_used": "universal-3-5-pro",
    "audio_duration": 7,
    "entities": [{"text": "x"}],
}


def test_all_else_is_kept_without_words_and_secrets() -> None:
    reading = read_answer({**FULL, "sentiment_analysis_results": [GOOD]})
    assert (reading.language_code, reading.speech_model_used) == ("en_us", "universal-3-5-pro")
    assert reading.audio_duration_s == 7.0
    assert json.loads(reading.kept) == {
        "id": "t-1",
        "redacted_audio_url": "https://x.example/r",
        "language_code": "en_us",
        "speech_model_used": "universal-3-5-pro",
        "audio_duration": 7,
        "entities": [{"text": "x"}],
    }


def test_without_sentences_the_text_that_was_paid_for_is_kept() -> None:
    kept = json.loads(read_answer({**FULL, "sentiment_analysis_results": None}).kept)
    assert (kept["text"], kept["utterances"]) == ("Hello.", [{"text": "Hello.", "speaker": "A"}])
    assert "words" not in kept


@settings(max_examples=100, deadline=None)
@given(answers)
def test_no_answer_is_too_strange_to_read(answer: dict[str, Any]) -> None:
    reading = read_answer(answer)
    json.loads(reading.kept)
    results = answer.get("sentiment_analysis_results")
    rows = list(read_sentences(answer, CHANNELS))
    assert len(rows) == (len(results) if isinstance(results, list) else 0)
    for row in rows:
        assert row.raw is None or json.loads(row.raw) is not Ellipsis
