"""The vendor's asyncio client, unmodified, against the sandbox or the service."""

from __future__ import annotations

import asyncio
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
    service: Service, conversation: str, models: Config
) -> None:
    async def run() -> aai.AsyncTranscript:
        async with aai.AsyncClient(settings=service.settings) as client:
            transcriber = aai.AsyncTranscriber(client=client)
            transcript = await transcriber.transcribe(
                conversation, models(sentiment_analysis=True, speaker_labels=True)
            )
            sentences = await transcript.get_sentences()
            assert " ".join(sentence.text for sentence in sentences) == transcript.text
            assert (await transcript.export_subtitles_vtt()).startswith("WEBVTT")
        return transcript

    transcript = asyncio.run(run())

    assert transcript.status is aai.TranscriptStatus.completed
    assert transcript.sentiment_analysis
    assert all(found.speaker for found in transcript.sentiment_analysis)
    assert transcript.utterances


def test_jobs_run_side_by_side_and_are_listed(service: Service, models: Config) -> None:
    urls = [f"https://x.example/async/{number}.mp3" for number in range(8)]

    async def run() -> tuple[set[str], set[str]]:
        async with aai.AsyncClient(settings=service.settings) as client:
            transcriber = aai.AsyncTranscriber(client=client)
            submitted = await asyncio.gather(*(transcriber.submit(url, models()) for url in urls))
            page = await transcriber.list_transcripts(aai.ListTranscriptParameters(limit=20))
        return {str(transcript.id) for transcript in submitted}, {item.id for item in page.transcripts}

    submitted, listed = asyncio.run(run())

    assert len(submitted) == 8
    assert submitted <= listed


def test_a_transcript_is_read_and_deleted_by_its_id(
    service: Service, conversation: str, models: Config
) -> None:
    async def run() -> tuple[aai.AsyncTranscript, aai.AsyncTranscript]:
        async with aai.AsyncClient(settings=service.settings) as client:
            transcriber = aai.AsyncTranscriber(client=client)
            transcript = await transcriber.transcribe(conversation, models())
            again = await transcriber.get_by_id(str(transcript.id))
            assert again.text == transcript.text
            return again, await transcriber.delete_by_id(str(transcript.id))

    before, deleted = asyncio.run(run())

    assert before.text != "Deleted by user."
    assert (deleted.status, deleted.text) == (aai.TranscriptStatus.completed, "Deleted by user.")


def test_a_refusal_is_raised_with_its_status(service: Service, models: Config) -> None:
    async def run() -> None:
        async with aai.AsyncClient(settings=service.settings) as client:
            await aai.AsyncTranscriber(client=client).submit(
                "https://x.example/a.mp3", models(sentiment_analysis=True, language_code="fr")
            )

    with pytest.raises(aai.TranscriptError, match="not available in this language") as refusal:
        asyncio.run(run())

    assert refusal.value.status_code == 400
