"""Transcripts that end in error, and jobs that fail first."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_sandbox import errors
from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import SENTENCES, Api


def test_an_error_is_a_200_with_a_status_and_costs_nothing(api: Api, server: SandboxServer) -> None:
    server.script("*", {"status": "error", "error": errors.SERVER_ERROR_OLD})

    transcript = api.result(sentiment_analysis=True)

    assert (transcript["status"], transcript["error"]) == (
        "error",
        "Server error, developers have been alerted.",
    )
    assert transcript["text"] is transcript["words"] is transcript["sentiment_analysis_results"] is None
    assert server.charges() == []


def test_a_job_can_fail_first_and_succeed_when_submitted_again(api: Api, server: SandboxServer) -> None:
    server.script("*", {"status": "error", "error": errors.SERVER_ERROR_NEW}, {"sentences": SENTENCES})
    upload_url = api.upload()

    assert [api.result(upload_url)["status"] for _ in range(3)] == ["error", "completed", "completed"]


def test_the_newest_matching_rule_wins_and_the_star_comes_last(api: Api, server: SandboxServer) -> None:
    server.script("0042", {"audio_duration": 1})
    server.script("*", {"audio_duration": 2})
    server.script("calls/0042.mp3", {"audio_duration": 3})

    assert api.result("https://x.example/calls/0042.mp3?signature=0043")["audio_duration"] == 3
    assert api.result("https://x.example/0042")["audio_duration"] == 1
    assert api.result("https://x.example/0043?calls/0042.mp3")["audio_duration"] == 2


@pytest.mark.parametrize(
    ("outcome", "options", "message"),
    [
        ({"audio_duration": 0.159}, {}, "Audio duration is too short."),
        ({"audio_duration": 36_001}, {}, "Audio duration is too long."),
        (
            {"sentences": [], "audio_duration": 10},
            {"language_detection": True},
            "language_detection cannot be performed on files with no spoken audio.",
        ),
        (
            {"sentences": SENTENCES, "language_code": "bg", "language_confidence": 0.2949},
            {"language_detection": True, "language_confidence_threshold": 0.4},
            "detected language 'bg', confidence 0.2949, is below the requested confidence threshold value of "
            "'0.4'",
        ),
        (
            {"sentences": SENTENCES, "audio_duration": 100},
            {"speech_threshold": 0.5},
            "Audio speech threshold 0.02 is below the requested speech threshold value 0.5",
        ),
    ],
    ids=["short", "long", "silent", "language", "speech"],
)
def test_refused_audio_fails_in_the_words_of_the_service(
    api: Api, server: SandboxServer, outcome: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    server.script("*", outcome)

    transcript = api.result(**options)

    assert (transcript["status"], transcript["error"]) == ("error", message)
    assert server.charges() == []


def test_silence_in_a_named_language_completes_and_is_paid(api: Api, server: SandboxServer) -> None:
    server.script("*", {"sentences": [], "audio_duration": 10})

    assert api.result(language_code="en_us")["status"] == "completed"
    assert [charge["seconds"] for charge in server.charges()] == [10]
