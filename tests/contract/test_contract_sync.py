"""The vendor's own client, unmodified, against the sandbox or the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import assemblyai as aai
import pytest

if TYPE_CHECKING:
    from tests.contract.conftest import Service

# The client itself still calls what pydantic has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
Config = Callable[..., aai.TranscriptionConfig]


def test_an_upload_comes_back_with_sentiments_and_speakers(
    transcriber: aai.Transcriber, conversation: str, models: Config
) -> None:
    config = models(sentiment_analysis=True, speaker_labels=True, language_detection=True)

    transcript = transcriber.transcribe(conversation, config)

    assert transcript.status is aai.TranscriptStatus.completed
    assert transcript.error is None
    assert transcript.text
    assert transcript.words
    assert 0 < (transcript.confidence or 0) <= 1
    assert transcript.audio_duration
    sentiments = transcript.sentiment_analysis or []
    assert sentiments
    assert {found.sentiment for found in sentiments} <= set(aai.SentimentType)
    assert all(found.speaker and 0 <= found.confidence <= 1 for found in sentiments)
    assert transcript.utterances
    assert {turn.speaker for turn in transcript.utterances} <= {"A", "B", "C"}
    raw = transcript.json_response or {}
    assert raw["language_code"].startswith("en")
    assert raw["speech_model_used"] in ("assemblyai-stt-3-7", "universal-2")


def test_channels_are_separate(transcriber: aai.Transcriber, conversation: str, models: Config) -> None:
    transcript = transcriber.transcribe(conversation, models(sentiment_analysis=True, multichannel=True))

    assert {turn.channel for turn in transcript.utterances or []} == {"1", "2"}
    assert {found.channel for found in transcript.sentiment_analysis or []} == {"1", "2"}
    assert (transcript.json_response or {})["audio_channels"] == 2


def test_sentiments_have_no_speaker_unless_asked(
    transcriber: aai.Transcriber, conversation: str, models: Config
) -> None:
    transcript = transcriber.transcribe(conversation, models(sentiment_analysis=True))

    assert {found.speaker for found in transcript.sentiment_analysis or []} == {None}
    assert transcript.utterances is None


def test_without_the_option_there_are_no_sentiments(
    transcriber: aai.Transcriber, conversation: str, models: Config
) -> None:
    assert transcriber.transcribe(conversation, models()).sentiment_analysis is None


def test_a_file_that_is_no_audio_ends_in_error_not_in_an_exception(
    transcriber: aai.Transcriber, sdk: aai.Client, models: Config, service: Service
) -> None:
    upload_url = transcriber.upload_file(b"This is not a recording." * 20)
    if not service.live:
        sdk.http_client.post(
            "/_sandbox/script",
            json={
                "match": upload_url,
                "outcome": {"status": "error", "error": "Transcoding failed. No audio."},
            },
        )

    transcript = transcriber.transcribe(upload_url, models())

    assert transcript.status is aai.TranscriptStatus.error
    assert "Transcoding failed" in (transcript.error or "")
    assert transcript.text is transcript.words is None


def test_a_wrong_key_is_refused(service: Service) -> None:
    client = aai.Client(settings=service.settings.model_copy(update={"api_key": "0" * 32}))

    with pytest.raises(
        aai.AssemblyAIError, match="Authentication error, API token missing/invalid"
    ) as refusal:
        aai.Transcriber(client=client).list_transcripts()

    client.http_client.close()
    assert refusal.value.status_code == 401


def test_an_unknown_parameter_is_refused(sdk: aai.Client) -> None:
    answer = sdk.http_client.post(
        "/v2/transcript", json={"audio_url": "https://x.example/a.mp3", "sentimnt": True}
    )

    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


def test_sentiment_in_another_language_is_refused(transcriber: aai.Transcriber, models: Config) -> None:
    with pytest.raises(aai.TranscriptError, match="not available in this language") as refusal:
        transcriber.submit("https://x.example/a.mp3", models(sentiment_analysis=True, language_code="de"))

    assert refusal.value.status_code == 400


def test_an_unknown_id_is_not_found(sdk: aai.Client) -> None:
    answer = sdk.http_client.get("/v2/transcript/00000000-0000-4000-8000-000000000000")

    assert answer.status_code in (400, 404)
    assert "not found" in answer.json()["error"].lower()


def test_the_list_is_newest_first_and_leads_to_older_pages(
    transcriber: aai.Transcriber, models: Config, service: Service
) -> None:
    # They fail, so they cost nothing.
    urls = [f"https://x.example/{number}.mp3" for number in range(3)]
    ids = [transcriber.submit(url, models()).id for url in urls]

    first = transcriber.list_transcripts(aai.ListTranscriptParameters(limit=2))
    older = transcriber.list_transcripts(
        aai.ListTranscriptParameters(limit=2, before_id=first.page_details.before_id_of_prev_url)
    )

    assert [item.id for item in first.transcripts] == ids[:0:-1]
    assert [item.audio_url for item in first.transcripts] == urls[:0:-1]
    assert older.transcripts[0].id == ids[0]
    assert (first.page_details.limit, first.page_details.result_count) == (2, 2)
    assert first.page_details.next_url is None
    newer = transcriber.list_transcripts(aai.ListTranscriptParameters(limit=2, after_id=ids[0]))
    assert [item.id for item in newer.transcripts] == ids[:0:-1]


def test_a_transcript_comes_as_sentences_paragraphs_and_subtitles(
    transcriber: aai.Transcriber, conversation: str, models: Config
) -> None:
    transcript = transcriber.transcribe(conversation, models(speaker_labels=True))

    sentences, paragraphs = transcript.get_sentences(), transcript.get_paragraphs()
    assert " ".join(sentence.text for sentence in sentences) == transcript.text
    assert sum(len(paragraph.words) for paragraph in paragraphs) == len(transcript.words or [])
    assert transcript.export_subtitles_srt().startswith("1\n00:00:0")
    narrow = transcript.export_subtitles_vtt(chars_per_caption=32)
    assert narrow.startswith("WEBVTT")
    assert len(narrow) > len(transcript.export_subtitles_vtt())
    word = (transcript.words or [])[0].text.strip(",.?!")
    found = transcript.word_search([word])
    assert found[0].count >= 1
    assert 0 in found[0].indexes


def test_a_deleted_transcript_keeps_its_status_and_loses_its_text(
    transcriber: aai.Transcriber, sdk: aai.Client, conversation: str, models: Config
) -> None:
    transcript = transcriber.transcribe(conversation, models(sentiment_analysis=True))

    answer = sdk.http_client.delete(f"/v2/transcript/{transcript.id}")
    again = sdk.http_client.get(f"/v2/transcript/{transcript.id}")

    assert (answer.status_code, again.status_code) == (200, 200)
    for scrubbed in (answer.json(), again.json()):
        assert (scrubbed["status"], scrubbed["text"]) == ("completed", "Deleted by user.")
        assert scrubbed["audio_url"] == "http://deleted_by_user"
        assert scrubbed["words"] is scrubbed["sentiment_analysis_results"] is None


def test_webhook_settings_are_returned_without_the_secret(
    transcriber: aai.Transcriber, sdk: aai.Client, models: Config
) -> None:
    config = models().set_webhook("https://x.example/hook?call=42", "X-Hook", "hush")
    transcript = transcriber.submit("https://x.example/a.mp3", config)

    answer = sdk.http_client.get(f"/v2/transcript/{transcript.id}")

    settings = answer.json()
    assert (settings["webhook_url"], settings["webhook_auth"]) == ("https://x.example/hook?call=42", True)
    assert settings["webhook_auth_header_name"] == "X-Hook"
    assert "hush" not in answer.text


def test_a_group_is_transcribed_together(
    transcriber: aai.Transcriber, service: Service, models: Config
) -> None:
    urls = [f"https://x.example/group/{number}.mp3" for number in range(3)]
    if service.live:
        pytest.skip("needs recordings at addresses the service can read")

    group = transcriber.transcribe_group(urls, models(sentiment_analysis=True))

    assert group.status is aai.TranscriptStatus.completed
    assert {transcript.audio_url for transcript in group.transcripts} == set(urls)
