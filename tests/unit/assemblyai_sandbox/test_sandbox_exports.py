"""Sentences, paragraphs, subtitles, word search, redacted audio."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import SENTENCES, Api

DAY_S = 86_400


@pytest.fixture(autouse=True)
def _scripted(server: SandboxServer) -> None:
    server.script("*", {"sentences": SENTENCES, "redaction_s": 20})


def test_sentences_are_the_transcripts(api: Api) -> None:
    transcript_id = api.submit(speaker_labels=True)

    answer = api.http.get(f"/v2/transcript/{transcript_id}/sentences").json()

    assert (answer["id"], answer["audio_duration"], answer["confidence"]) == (transcript_id, 4, 0.95)
    assert [(s["text"], s["start"], s["end"], s["speaker"]) for s in answer["sentences"]] == [
        ("Hello, how can I help?", 400, 1900, "A"),
        ("It broke.", 2300, 3000, "B"),
    ]
    assert [len(sentence["words"]) for sentence in answer["sentences"]] == [5, 2]


def test_a_paragraph_has_up_to_five_sentences_of_one_speaker(api: Api, server: SandboxServer) -> None:
    server.script("*", {"sentences": [SENTENCES[0]] * 7 + [SENTENCES[1]]})
    transcript_id = api.submit(speaker_labels=True)

    paragraphs = api.http.get(f"/v2/transcript/{transcript_id}/paragraphs").json()["paragraphs"]

    assert [len(paragraph["words"]) for paragraph in paragraphs] == [25, 10, 2]
    assert "speaker" not in paragraphs[0]


def test_subtitles_come_as_srt_and_as_vtt(api: Api) -> None:
    transcript_id = api.submit()

    srt, vtt = (api.http.get(f"/v2/transcript/{transcript_id}/{kind}") for kind in ("srt", "vtt"))

    assert srt.headers["content-type"].startswith("text/plain")
    assert srt.text == "1\n00:00:00,400 --> 00:00:03,000\nHello, how can I help? It broke.\n"
    assert vtt.text == "WEBVTT\n\n00:00.400 --> 00:03.000\nHello, how can I help? It broke.\n"


def test_captions_keep_to_their_width(api: Api) -> None:
    answer = api.http.get(f"/v2/transcript/{api.submit()}/srt", params={"chars_per_caption": 10})

    captions = [block.splitlines()[2] for block in answer.text.split("\n\n")]

    assert captions == ["Hello, how", "can I", "help? It", "broke."]


def test_a_phrase_is_found_where_it_was_said(api: Api) -> None:
    answer = api.http.get(f"/v2/transcript/{api.submit()}/word-search", params={"words": "it,I HELP,never"})

    found = {match["text"]: match for match in answer.json()["matches"]}
    assert answer.json()["total_count"] == 2
    assert found["it"] == {"text": "it", "count": 1, "timestamps": [[2300, 2650]], "indexes": [5]}
    assert found["I HELP"]["indexes"] == [3]
    assert found["never"]["count"] == 0


@pytest.mark.parametrize("words", ["", "one two three four five six"])
def test_a_search_for_nothing_or_too_much_is_refused(api: Api, words: str) -> None:
    answer = api.http.get(f"/v2/transcript/{api.submit()}/word-search", params={"words": words})

    assert answer.status_code == 400


@pytest.mark.parametrize("export", ["sentences", "paragraphs", "srt", "vtt", "word-search?words=it"])
def test_nothing_is_exported_before_completion(api: Api, server: SandboxServer, export: str) -> None:
    server.script("*", {"processing_s": 5})

    answer = api.http.get(f"/v2/transcript/{api.submit()}/{export}")

    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "This transcript has a status of 'processing'. Transcripts must have a status of 'completed' before "
        "requesting captions."
    )


def test_redacted_audio_is_pending_then_ready_then_expired(api: Api, server: SandboxServer) -> None:
    transcript_id = api.submit(redact_pii=True, redact_pii_audio=True, redact_pii_policies=["person_name"])
    url = f"/v2/transcript/{transcript_id}/redacted-audio"

    pending = api.http.get(url).status_code
    server.clock.advance(20)
    ready = api.http.get(url)
    server.clock.advance(DAY_S)

    assert (pending, ready.status_code, api.http.get(url).status_code) == (202, 200, 400)
    assert ready.json()["status"] == "redacted_audio_ready"
    assert ready.json()["redacted_audio_url"].endswith(f"{transcript_id}.mp3")


def test_redacted_audio_nobody_asked_for_is_refused(api: Api) -> None:
    assert api.http.get(f"/v2/transcript/{api.submit()}/redacted-audio").status_code == 400


@pytest.mark.parametrize("path", ["/v2/transcript/x/nothing", "/v3/transcript", "/v2/transcript/"])
def test_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    answer = api.http.get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})


def test_it_has_no_documentation_page(start: Callable[..., Api], api: Api) -> None:
    assert {api.http.get(path).status_code for path in ("/docs", "/openapi.json", "/redoc")} == {404}
