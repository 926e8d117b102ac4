"""The completed transcript: text, words, speakers, channels, sentiments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import SENTENCES, Api


@pytest.fixture(autouse=True)
def _scripted(server: SandboxServer) -> None:
    server.script("*", {"sentences": SENTENCES, "language_confidence": 0.97})


def test_a_transcript_without_options_has_words_and_nothing_else(api: Api) -> None:
    transcript = api.result()

    assert transcript["text"] == "Hello, how can I help? It broke."
    assert [word["text"] for word in transcript["words"]] == transcript["text"].split()
    assert {word["speaker"] for word in transcript["words"]} == {None}
    assert "channel" not in transcript["words"][0]
    assert transcript["utterances"] is transcript["sentiment_analysis_results"] is None
    assert transcript["audio_duration"] == 4
    assert type(transcript["audio_duration"]) is int


def test_words_lie_inside_their_sentence_in_order(api: Api) -> None:
    words = api.result()["words"]

    assert (words[0]["start"], words[4]["end"], words[-1]["end"]) == (400, 1900, 3000)
    assert all(first["end"] <= second["start"] for first, second in pairwise(words))


def test_there_is_one_sentiment_per_sentence_without_speaker(api: Api) -> None:
    results = api.result(sentiment_analysis=True)["sentiment_analysis_results"]

    names = ("text", "start", "end", "sentiment", "confidence")
    assert results == [{**{name: each[name] for name in names}, "speaker": None} for each in SENTENCES]


@pytest.mark.parametrize(
    ("options", "speakers", "channels"),
    [
        ({"speaker_labels": True}, ["A", "B"], [None, None]),
        ({"multichannel": True}, ["1", "2"], ["1", "2"]),
        ({"multichannel": True, "speaker_labels": True}, ["1A", "2A"], ["1", "2"]),
    ],
    ids=["speaker_labels", "multichannel", "both"],
)
def test_speakers_are_letters_channels_are_numbers_both_are_a_pair(
    api: Api, options: dict[str, Any], speakers: list[str], channels: list[str | None]
) -> None:
    transcript = api.result(sentiment_analysis=True, **options)

    for kind in ("utterances", "sentiment_analysis_results"):
        assert [part["speaker"] for part in transcript[kind]] == speakers
        assert [part.get("channel") for part in transcript[kind]] == channels
    assert [word["speaker"] for word in transcript["words"]] == speakers[:1] * 5 + speakers[1:] * 2
    assert transcript.get("audio_channels") == (2 if "multichannel" in options else None)


def test_a_turn_is_one_utterance_however_many_sentences(api: Api, server: SandboxServer) -> None:
    server.script(
        "*", {"sentences": [SENTENCES[0], {**SENTENCES[0], "start": 2000, "end": 2200}, SENTENCES[1]]}
    )

    utterances = api.result(speaker_labels=True)["utterances"]

    assert [(u["speaker"], u["start"], u["end"], len(u["words"])) for u in utterances] == [
        ("A", 400, 2200, 10),
        ("B", 2300, 3000, 2),
    ]


def test_a_null_start_arrives_as_null(api: Api, server: SandboxServer) -> None:
    server.script("*", {"sentences": [{**SENTENCES[0], "start": None}]})

    assert api.result(sentiment_analysis=True)["sentiment_analysis_results"][0]["start"] is None


def test_any_field_can_be_overridden(api: Api, server: SandboxServer) -> None:
    odd = [{"text": "No label at all."}]
    server.script(
        "*", {"sentences": SENTENCES, "transcript": {"sentiment_analysis_results": odd, "novelty": 1}}
    )

    transcript = api.result(sentiment_analysis=True)

    assert (transcript["sentiment_analysis_results"], transcript["novelty"]) == (odd, 1)


@pytest.mark.parametrize(("form", "expected"), [("null", None), ("absent", "absent")])
def test_speech_that_is_not_english_is_paid_and_has_no_sentiment(
    start: Callable[..., Api], form: str, expected: str | None
) -> None:
    api = start(sentiment_omitted_as=form)
    api.server.script("*", {"sentences": SENTENCES, "language_code": "de", "language_confidence": 0.93})

    transcript = api.result(sentiment_analysis=True, language_detection=True)

    assert (transcript["status"], transcript["language_code"], transcript["language_confidence"]) == (
        "completed",
        "de",
        0.93,
    )
    assert transcript.get("sentiment_analysis_results", "absent") == expected
    assert len(api.server.charges()) == 1


def test_no_sentence_at_all_is_an_empty_list_not_null(api: Api, server: SandboxServer) -> None:
    server.script("*", {"sentences": [], "audio_duration": 9})

    transcript = api.result(sentiment_analysis=True)

    assert (transcript["text"], transcript["words"], transcript["sentiment_analysis_results"]) == ("", [], [])
    assert transcript["confidence"] is None
    assert server.charges()[0]["seconds"] == 9


def test_durations_may_be_floats(start: Callable[..., Api]) -> None:
    api = start(float_durations=True)
    api.server.script("*", {"audio_duration": 7.29})

    assert api.result()["audio_duration"] == 7.29


def test_undocumented_fields_are_there(api: Api) -> None:
    transcript = api.result()

    assert {"project_id", "token_id", "is_deleted", "cluster_id", "dual_channel"} <= set(transcript)


def test_what_is_not_scripted_follows_from_seed_and_audio(start: Callable[..., Api]) -> None:
    def text(content: bytes, seed: int) -> str:
        api = start(seed=seed)
        return str(api.result(api.upload(content))["text"])

    assert text(b"one", 1) == text(b"one", 1)
    assert len({text(b"one", 1), text(b"two", 1), text(b"one", 2)}) == 3


def test_a_mistake_in_an_outcome_is_refused(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="no sentance"):
        server.script("*", {"sentance": []})
