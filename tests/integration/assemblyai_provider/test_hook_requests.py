"""What the hook sends and returns, without an operator."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider.exceptions import (
    RequestRefusedError,
    TranscriptNotFoundError,
    TransportError,
    UploadRefusedError,
)
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.models import TranscriptStatus
from assemblyai_sandbox.testing import SandboxServer

URL = "https://h.example/a.mp3?sig=S3CRET"
SENTENCES = [
    {"text": "It broke.", "start": None, "end": 900, "sentiment": "NEGATIVE", "confidence": 0.9},
    {"text": "Thank you.", "start": 1000, "end": 1900, "sentiment": "POSITIVE", "confidence": 0.8},
]
SENTENCES[1] |= {"speaker": "B", "channel": "2"}


@pytest.fixture
def hook(assemblyai_conn: str, client: AssemblyAIClient) -> AssemblyAIHook:
    """A hook whose pauses move the sandbox's clock."""

    class Clocked(AssemblyAIHook):
        pass

    Clocked.client = client  # type: ignore[assignment, method-assign]
    return Clocked(assemblyai_conn)


def test_a_file_is_uploaded_and_submitted_with_the_defaults(
    hook: AssemblyAIHook, sandbox: SandboxServer, tmp_path: Path
) -> None:
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"RIFF")
    raw = hook.get_transcript(hook.submit(recording, {"filter_profanity": True})).raw
    assert (raw["sentiment_analysis"], raw["speaker_labels"], raw["filter_profanity"]) == (True, True, True)
    uploaded = hook.upload(str(recording))
    assert hook.get_transcript(hook.submit(uploaded)).raw["audio_url"] == uploaded
    assert len(sandbox.journal("upload")) == 2
    with pytest.raises(UploadRefusedError, match=r"b\.wav"):
        hook.submit(tmp_path / "b.wav")


def test_a_lost_answer_is_searched_for_and_each_call_has_a_job_of_its_own(
    hook: AssemblyAIHook, sandbox: SandboxServer
) -> None:
    first = hook.submit(URL)
    sandbox.fault("lost_answer", "submit")
    second = hook.submit(URL)
    sandbox.fault("reset_before", "submit")
    third = hook.submit(URL)
    assert [charge["transcript_id"] for charge in sandbox.charges()] == [first, second, third]


def test_results_have_names(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"sentences": SENTENCES, "audio_duration": 4, "language_confidence": 0.98})
    transcript = hook.get_transcript(hook.submit(URL))
    assert transcript.text == "It broke. Thank you."
    assert [word.text for word in transcript.words or ()] == ["It", "broke.", "Thank", "you."]
    assert [(said.speaker, said.text) for said in transcript.utterances or ()] == [
        ("A", "It broke."),
        ("B", "Thank you."),
    ]
    assert [(said.sentiment, said.start_ms, said.end_ms) for said in transcript.sentiments or ()] == [
        ("NEGATIVE", None, 900),
        ("POSITIVE", 1000, 1900),
    ]
    assert (transcript.audio_duration_s, transcript.language_code) == (4.0, "en")
    assert (transcript.language_confidence, transcript.confidence) == (0.98, 0.95)
    assert transcript.raw["language_detection"] is True
    assert "broke" not in repr(transcript.utterances) + repr(transcript)


def test_what_was_not_asked_for_is_none(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    transcript = hook.get_transcript(hook.submit(URL, {"sentiment_analysis": None, "speaker_labels": None}))
    absent = "utterances sentiments content_flags entities topics key_phrases summary chapters speaker_names"
    assert [getattr(transcript, name) for name in absent.split()] == [None] * 9


def test_sentences_paragraphs_and_subtitles_are_read_when_the_job_has_completed(
    hook: AssemblyAIHook, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"sentences": SENTENCES, "processing_s": 5})
    transcript_id = hook.submit(URL)
    for read in (hook.get_sentences, hook.get_paragraphs, hook.get_subtitles):
        with pytest.raises(RequestRefusedError, match="status of 'processing'"):
            read(transcript_id)
    sandbox.clock.advance(5)
    assert [sentence.text for sentence in hook.get_sentences(transcript_id)] == ["It broke.", "Thank you."]
    assert [len(paragraph.words) for paragraph in hook.get_paragraphs(transcript_id)] == [2, 2]
    assert hook.get_subtitles(transcript_id).startswith("1\n00:00:00,000 --> 00:00:01,900\nIt broke.")
    vtt = hook.get_subtitles(transcript_id, "vtt", chars_per_caption=9)
    assert vtt.startswith("WEBVTT")
    assert "It broke.\n\n" in vtt
    with pytest.raises(ValueError, match="'txt' is not srt or vtt"):
        hook.get_subtitles(transcript_id, "txt")  # type: ignore[arg-type]


def test_the_list_is_paged_as_far_as_it_is_read(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    ids = [hook.submit(URL) for _ in range(205)][::-1]
    before = len(sandbox.journal("list"))
    assert [item.id for item in hook.list_transcripts()] == ids
    assert len(sandbox.journal("list")) == before + 2
    assert [item.id for item in hook.list_transcripts(limit=203)] == ids[:203]
    assert [item.id for item in hook.list_transcripts(limit=0)] == []
    assert not list(hook.list_transcripts(status=TranscriptStatus.ERROR))
    today: date = sandbox.clock.now().date()
    assert len(list(hook.list_transcripts(created_on=today, limit=2))) == 2
    assert not list(hook.list_transcripts(created_on=today - timedelta(days=3)))


def test_a_transcript_is_deleted_once_and_again(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"sentences": SENTENCES})
    transcript_id = hook.submit(URL)
    hook.delete_transcript(transcript_id)
    hook.delete_transcript(transcript_id)
    transcript = hook.get_transcript(transcript_id)
    assert (transcript.deleted, transcript.text, transcript.sentiments) == (True, None, None)
    with pytest.raises(TranscriptNotFoundError):
        hook.delete_transcript("unknown")


def test_a_job_in_progress_is_not_deleted(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    transcript_id = hook.submit(URL)
    with pytest.raises(RequestRefusedError, match="status of 'processing'"):
        hook.delete_transcript(transcript_id)
    assert not hook.get_transcript(transcript_id).deleted


@pytest.mark.parametrize(
    ("fault", "arguments", "deleted"),
    [
        ("server_error", {"count": None}, False),
        ("server_error", {"count": None, "accepted": True}, True),
        ("lost_answer", {}, True),
        ("truncated_json", {"count": None}, True),
    ],
)
def test_a_read_says_whether_a_transcript_is_deleted(
    hook: AssemblyAIHook, sandbox: SandboxServer, fault: str, arguments: dict[str, Any], deleted: bool
) -> None:
    transcript_id = hook.submit(URL)
    sandbox.fault(fault, "delete", **arguments)
    if deleted:
        hook.delete_transcript(transcript_id)
    else:
        with pytest.raises(TransportError, match="answered 500"):
            hook.delete_transcript(transcript_id)
    assert hook.get_transcript(transcript_id).deleted is deleted


def test_redacted_audio_is_none_until_it_is_ready(hook: AssemblyAIHook, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"sentences": SENTENCES, "redaction_s": 5})
    redaction = {"redact_pii": True, "redact_pii_audio": True, "redact_pii_policies": ["person_name"]}
    transcript_id = hook.submit(URL, redaction)
    assert hook.get_redacted_audio_url(transcript_id) is None
    sandbox.clock.advance(5)
    assert str(hook.get_redacted_audio_url(transcript_id)).endswith(".mp3")
    with pytest.raises(RequestRefusedError, match="was not requested"):
        hook.get_redacted_audio_url(hook.submit(URL))
