from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.loading.answers import summarize_answer
from call_sentiment.loading.sentences import read_sentences
from tests.unit.call_sentiment.test_sentences import CHANNELS, GOOD, any_json, sentence_like

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
    assert summarize_answer(results).status == status


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
    summary = summarize_answer({**FULL, "sentiment_analysis_results": [GOOD]})
    assert (summary.language_code, summary.speech_model_used) == ("en_us", "universal-3-5-pro")
    assert summary.audio_duration_s == 7.0
    assert json.loads(summary.kept) == {
        "id": "t-1",
        "redacted_audio_url": "https://x.example/r",
        "language_code": "en_us",
        "speech_model_used": "universal-3-5-pro",
        "audio_duration": 7,
        "entities": [{"text": "x"}],
    }


class Watched(Mapping[str, Any]):
    """An answer that notes what is read of it."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self.answer[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answer)

    def __len__(self) -> int:
        return len(self.answer)


def test_what_is_not_kept_is_not_read_because_reading_is_what_costs() -> None:
    answer = Watched({**FULL, "sentiment_analysis_results": [GOOD]})
    assert summarize_answer(answer).status == "ok"
    assert len(list(read_sentences(answer, CHANNELS))) == 1
    assert answer.read.isdisjoint({"words", "utterances", "text", "audio_url", "webhook_url"})


def test_without_sentences_the_text_that_was_paid_for_is_kept() -> None:
    kept = json.loads(summarize_answer({**FULL, "sentiment_analysis_results": None}).kept)
    assert (kept["text"], kept["utterances"]) == ("Hello.", [{"text": "Hello.", "speaker": "A"}])
    assert "words" not in kept


@settings(max_examples=100, deadline=None)
@given(answers)
def test_no_answer_is_too_strange_to_read(answer: dict[str, Any]) -> None:
    summary = summarize_answer(answer)
    json.loads(summary.kept)
    results = answer.get("sentiment_analysis_results")
    rows = list(read_sentences(answer, CHANNELS))
    assert len(rows) == (len(results) if isinstance(results, list) else 0)
    for row in rows:
        assert row.raw is None or json.loads(row.raw) is not Ellipsis
