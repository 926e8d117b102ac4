"""Add-ons: what is found in the words, and what is taken out of them."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

TEXTS = (
    "Good morning, my name is David Miller.",
    "This damn invoice is wrong, and the damn invoice number is nine eight two one.",
    "I paid one hundred and twenty dollars on Friday, the first of April.",
    "Write to anna.k@mail.example or call 555 867 5309.",
    "I will call the police.",
)
SENTENCES: list[dict[str, Any]] = [
    {"text": text, "start": at * 10_000, "end": at * 10_000 + 9_000, "speaker": "AB"[at % 2]}
    for at, text in enumerate(TEXTS)
]


@pytest.fixture(autouse=True)
def _scripted(server: SandboxServer) -> None:
    server.script("*", {"sentences": SENTENCES})


def test_entities_have_a_type_and_a_time(api: Api) -> None:
    entities = api.result(entity_detection=True)["entities"]

    assert [(entity["entity_type"], entity["text"]) for entity in entities] == [
        ("person_name", "David Miller"),
        ("number_sequence", "nine eight two one"),
        ("money_amount", "one hundred and twenty dollars"),
        ("date", "Friday"),
        ("date", "first of April"),
        ("email_address", "anna.k@mail.example"),
        ("phone_number", "555 867 5309"),
    ]
    assert all(
        each["start"] // 10_000 == at // 1 and each["start"] < each["end"]
        for each, at in zip(entities, (0, 1, 2, 2, 2, 3, 3), strict=True)
    )


def test_content_is_flagged_by_sentence_and_summed_up(api: Api) -> None:
    moderated = api.result(content_safety=True)["content_safety_labels"]

    assert moderated["status"] == "success"
    assert [
        (each["sentences_idx_start"], each["labels"][0]["label"], each["labels"][0]["confidence"])
        for each in moderated["results"]
    ] == [(1, "profanity", 0.8), (4, "crime_violence", 0.6)]
    assert moderated["results"][0]["timestamp"] == {"start": 10_000, "end": 19_000}
    assert moderated["summary"] == {"profanity": 0.16, "crime_violence": 0.12}
    assert moderated["severity_score_summary"]["profanity"] == {"low": 1.0, "medium": 0.0, "high": 0.0}
    sure = api.result(content_safety=True, content_safety_confidence=75)["content_safety_labels"]
    assert [each["labels"][0]["label"] for each in sure["results"]] == ["profanity"]


def test_without_the_options_there_are_no_results(api: Api) -> None:
    transcript = api.result()

    assert transcript["entities"] is transcript["summary"] is transcript["chapters"] is None
    assert transcript["content_safety_labels"] == transcript["iab_categories_result"] == {}


def test_silence_has_empty_results(api: Api, server: SandboxServer) -> None:
    server.script("*", {"sentences": [], "audio_duration": 9})
    names = "auto_chapters auto_highlights content_safety entity_detection iab_categories summarization"
    transcript = api.result(**dict.fromkeys(names.split(), True))

    assert (transcript["entities"], transcript["chapters"], transcript["summary"]) == ([], [], "")
    assert transcript["content_safety_labels"] == {
        "status": "success",
        "results": [],
        "summary": {},
        "severity_score_summary": {},
    }


def test_topics_key_phrases_summaries_and_chapters_come_from_the_words(api: Api) -> None:
    transcript = api.result(
        iab_categories=True, auto_highlights=True, summarization=True, auto_chapters=True, summary_type="gist"
    )

    topics = transcript["iab_categories_result"]["summary"]
    assert topics["BusinessAndFinance>Business>BusinessAdministration"] == max(topics.values()) == 1.0
    assert (
        "BusinessAndFinance>Business>BusinessAdministration" in transcript["iab_categories_result"]["summary"]
    )
    (first, *_) = transcript["auto_highlights_result"]["results"]
    assert (first["count"], len(first["timestamps"])) == (1, 1)
    assert transcript["summary"] == "Good morning, my name is"
    (chapter,) = transcript["chapters"]
    assert (chapter["headline"], chapter["start"], chapter["end"]) == (TEXTS[0], 0, 49_000)


@pytest.mark.parametrize(
    ("substitute", "name", "number"),
    [
        ("hash", "##### ######.", "#### ##### ### ###."),
        ("entity_name", "[PERSON_NAME].", "[NUMBER_SEQUENCE]."),
    ],
)
def test_redaction_takes_the_named_entities_out_of_all_that_is_the_transcript(
    api: Api, substitute: str, name: str, number: str
) -> None:
    transcript_id = api.submit(
        redact_pii=True,
        redact_pii_policies=["person_name", "number_sequence"],
        redact_pii_sub=substitute,
        redact_pii_return_unredacted=True,
        sentiment_analysis=True,
        speaker_labels=True,
    )
    transcript = api.get(transcript_id)

    assert transcript["text"].startswith(f"Good morning, my name is {name} This damn")
    assert f"invoice number is {number} I paid one hundred" in transcript["text"]
    exports = [api.http.get(f"/v2/transcript/{transcript_id}/{kind}").text for kind in ("sentences", "srt")]
    shown = [
        transcript["words"],
        transcript["utterances"],
        transcript["sentiment_analysis_results"],
        *exports,
    ]
    assert not any("Miller" in str(part) or "eight" in str(part) for part in shown)
    assert "David Miller" in transcript["unredacted_text"]


def test_identified_speakers_replace_the_labels(api: Api) -> None:
    wanted = {"speaker_type": "role", "known_values": ["Agent", "Customer"]}
    request = {"speech_understanding": {"request": {"speaker_identification": wanted}}}
    transcript = api.result(speaker_labels=True, sentiment_analysis=True, **request)

    response = transcript["speech_understanding"]["response"]["speaker_identification"]
    assert response == {"mapping": {"A": "Agent", "B": "Customer"}, "status": "success"}
    assert [each["speaker"] for each in transcript["utterances"]][:2] == ["Agent", "Customer"]
    assert {word["speaker"] for word in transcript["words"]} == {"Agent", "Customer"}
    assert {each["speaker"] for each in transcript["sentiment_analysis_results"]} == {"A", "B"}
    refused = api.post(**request)
    assert (refused.status_code, "requires speaker_labels" in refused.text) == (400, True)
