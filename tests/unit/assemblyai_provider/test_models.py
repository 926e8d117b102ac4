from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_provider.models import FailureKind, Transcript, TranscriptStatus, strip_url_queries

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("aé\0\ud800", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=5,
)


def transcript(**answer: Any) -> Transcript:
    return Transcript.from_api({"id": "t1", "status": "completed", **answer})


@pytest.mark.parametrize(
    ("status", "is_terminal"),
    [("queued", False), ("processing", False), ("completed", True), ("error", True), ("paused", False)],
)
def test_only_completed_and_error_are_terminal(status: str, is_terminal: bool) -> None:
    assert transcript(status=status).status.is_terminal is is_terminal


def test_every_status_is_covered_above() -> None:
    assert {status.value for status in TranscriptStatus} == {
        "queued",
        "processing",
        "completed",
        "error",
        "unknown",
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Server error, developers have been alerted.", FailureKind.SERVER),
        (
            "Internal server error. Please retry your request. If the error persists, please contact support",
            FailureKind.SERVER,
        ),
        (
            "Download error to https://b.example/a.mp3, 500 Server Error: Internal Server Error for url: x",
            FailureKind.DOWNLOAD,
        ),
        ("Download error, unable to download https://b.example/a.mp3.", FailureKind.DOWNLOAD),
        ("File does not appear to contain audio. File type is text/html (HTML)", FailureKind.NOT_AUDIO),
        ("Transcoding failed. File type application/json not supported", FailureKind.NOT_AUDIO),
        ("Audio duration is too short.", FailureKind.TOO_SHORT),
        ("Audio duration is too long", FailureKind.TOO_LONG),
        (
            "language_detection cannot be performed on files with no spoken audio.",
            FailureKind.NO_SPEECH,
        ),
        (
            "detected language 'bg', confidence 0.2949, is below the requested confidence threshold",
            FailureKind.LANGUAGE,
        ),
        (
            "Audio speech threshold 0.94 is below the requested speech threshold value 1.0",
            FailureKind.SPEECH_THRESHOLD,
        ),
        ("something new", FailureKind.OTHER),
        (None, FailureKind.OTHER),
    ],
)
def test_an_error_text_is_classified_and_only_server_errors_are_retryable(
    error: str | None, kind: FailureKind
) -> None:
    failure = transcript(status="error", error=error).failure
    assert failure is not None
    assert failure.kind is kind
    assert failure.retryable is (kind is FailureKind.SERVER)
    assert failure.reason


def test_a_job_in_progress_or_with_a_transcript_has_no_failure() -> None:
    assert transcript(status="processing").failure is None
    assert transcript(text="").failure is None


def test_a_deleted_transcript_is_a_failure_with_status_completed() -> None:
    deleted = transcript(text="Deleted by user.", audio_url="http://deleted_by_user", words=None)
    assert deleted.deleted
    assert deleted.failure is not None
    assert deleted.failure.kind is FailureKind.DELETED


def test_the_answer_is_unchanged_and_the_error_has_no_url_secrets() -> None:
    answer = {"id": "t1", "status": "error", "error": "Download error to https://u:p@h/a.mp3?sig=S3CRET, 403"}
    read = Transcript.from_api(answer)
    assert read.error == "Download error to https://h/a.mp3 403"
    assert read.raw is answer
    assert "S3CRET" not in repr(read)


@pytest.mark.parametrize("junk", [None, [], "text", {}, {"id": None}, {"id": ""}, {"id": 7}])
def test_an_answer_without_an_id_is_refused(junk: object) -> None:
    with pytest.raises(ValueError, match="no id"):
        Transcript.from_api(junk)


@given(st.dictionaries(st.sampled_from(["status", "error", "audio_url", "is_deleted", "text"]), JSON))
def test_an_answer_is_read_with_any_value_in_its_other_fields(fields: dict[str, Any]) -> None:
    read = Transcript.from_api({**fields, "id": "t1"})
    assert read.id == "t1"
    assert read.failure is None or read.failure.reason


@given(st.text(alphabet="abc/.:@", max_size=10), st.text("XYZ%&=+/?#:", min_size=8))
def test_no_query_survives_stripping(path: str, secret: str) -> None:
    secret = f"5{secret}5"
    assert secret not in strip_url_queries(f"error at https://host/{path}?token={secret} and more")
