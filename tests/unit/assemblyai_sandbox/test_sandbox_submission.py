"""POST /v2/transcript: what is accepted, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.sandbox_api import AUDIO_URL, Api

INVALID = "Invalid endpoint schema, please refer to documentation for examples."


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        ({"audio_url": AUDIO_URL, "sentiment_analisys": True}, INVALID),
        ({"audio_url": AUDIO_URL, "sentiment_analisys": None}, INVALID),
        ({"sentiment_analysis": True}, INVALID),
        ([AUDIO_URL], INVALID),
        ({"audio_url": 7}, INVALID),
        ({"audio_url": AUDIO_URL, "speakers_expected": "two"}, INVALID),
        ({"audio_url": AUDIO_URL, "speech_models": "universal-2"}, INVALID),
        ({"audio_url": "s3://bucket/a.mp3"}, "Transcript creation error, audio_url should start with http"),
        ({"audio_url": AUDIO_URL, "format_text": "yes"}, "format_text must be a Boolean"),
        ({"audio_url": AUDIO_URL, "sentiment_analysis": 1}, "sentiment_analysis must be a Boolean"),
        (
            {"audio_url": AUDIO_URL, "language_code": "de", "sentiment_analysis": True},
            "The following models are not available in this language: sentiment_analysis",
        ),
        ({"audio_url": AUDIO_URL, "language_code": "tlh"}, "language_code 'tlh' is not supported"),
        (
            {"audio_url": AUDIO_URL, "speakers_expected": 2, "speaker_options": {"min_speakers_expected": 2}},
            "speakers_expected and speaker_options cannot be used together",
        ),
        (
            {"audio_url": AUDIO_URL, "sentiment_analysis": True, "punctuate": False},
            "sentiment_analysis requires punctuate to be enabled",
        ),
        ({"audio_url": AUDIO_URL, "speech_threshold": 1.5}, "speech_threshold must be between 0 and 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_request_is_refused_in_the_services_words(
    api: Api, request_body: object, message: str
) -> None:
    answer = api.http.post("/v2/transcript", json=request_body)

    assert (answer.status_code, answer.json()) == (400, {"error": message})
    assert api.ids() == []


def test_a_body_that_is_not_json_is_refused(api: Api) -> None:
    answer = api.http.post("/v2/transcript", content=b"audio_url=x")

    assert (answer.status_code, answer.json()) == (400, {"error": INVALID})


def test_a_submission_is_answered_with_the_whole_empty_object(api: Api) -> None:
    answer = api.post(sentiment_analysis=True, speaker_labels=True).json()

    assert answer["status"] == "processing"
    assert answer["audio_url"] == AUDIO_URL
    assert answer["sentiment_analysis"] is answer["speaker_labels"] is True
    results = ("text", "words", "utterances", "confidence", "audio_duration", "sentiment_analysis_results")
    assert {answer[name] for name in results} == {None}


def test_nulls_count_as_not_given(api: Api) -> None:
    assert api.post(speakers_expected=None, language_code=None, sentiment_analysis=None).status_code == 200


def test_an_english_dialect_keeps_its_sentiment(api: Api) -> None:
    transcript = api.result(language_code="en_uk", sentiment_analysis=True)

    assert transcript["language_code"] == "en_uk"
    assert transcript["sentiment_analysis_results"]


def test_ids_follow_from_the_seed(start: Callable[..., Api]) -> None:
    def ids(**settings: Any) -> list[str]:
        api = start(**settings)
        return [api.submit(), api.submit()]

    assert ids(seed=7) == ids(seed=7)
    assert ids(seed=7) != ids(seed=8)


def test_ids_need_not_be_uuids(start: Callable[..., Api]) -> None:
    api = start(opaque_ids=True)

    transcript_id = api.submit()

    assert api.get(transcript_id)["id"] == transcript_id
    assert "oa7qwo" in transcript_id
