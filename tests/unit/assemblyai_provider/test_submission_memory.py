from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from airflow.sdk import Context

from assemblyai_provider.submission_memory import Submission, TaskStateMemory, recording_key

AT = datetime(2026, 1, 2, tzinfo=UTC)


class Store(dict[str, Any]):
    def set(self, key: str, value: Any) -> None:
        self[key] = value


def open_one(
    store: Store,
    recording: str = "a.wav",
    options: Mapping[str, Any] | None = None,
    dead: set[str] | None = None,
) -> tuple[TaskStateMemory, Submission]:
    memory = TaskStateMemory(options=options or {}, is_dead=(dead or set()).__contains__)
    with memory.open([recording], cast(Context, {"task_state_store": store})) as (submission,):
        return memory, submission


def test_a_new_recording_is_to_be_submitted() -> None:
    _, submission = open_one(Store())
    assert submission.recording == "a.wav"
    assert submission.transcript_id is submission.audio_url_sha256 is submission.posted_at is None


def test_a_post_without_an_answer_is_remembered_by_the_hash_of_its_url() -> None:
    store = Store()
    memory, submission = open_one(store)
    memory.remember_post(submission, audio_url="http://h/a?sig=S3CRET", content_sha256=None, request={})
    _, again = open_one(store)
    assert again.transcript_id is None
    assert again.audio_url_sha256 is not None
    assert len(again.audio_url_sha256) == 64
    assert again.posted_at is not None
    assert again.posted_at.tzinfo is not None
    assert "S3CRET" not in repr(store)


def test_a_submission_is_remembered_until_its_transcript_is_dead() -> None:
    store = Store()
    memory, submission = open_one(store)
    memory.remember_transcript(submission, "t1", submitted_at=AT)
    assert open_one(store)[1].transcript_id == "t1"
    assert open_one(store, dead={"t1"})[1].transcript_id is None


def test_other_options_or_another_recording_are_another_submission() -> None:
    store = Store()
    memory, submission = open_one(store, options={"speaker_labels": True})
    memory.remember_transcript(submission, "t1", submitted_at=AT)
    assert open_one(store, options={"speaker_labels": True})[1].transcript_id == "t1"
    assert open_one(store, options={})[1].transcript_id is None
    assert open_one(store, recording="b.wav", options={"speaker_labels": True})[1].transcript_id is None


def test_the_key_reveals_nothing_of_a_presigned_url() -> None:
    assert "S3CRET" not in recording_key("https://h/a.mp3?sig=S3CRET", {})


def test_a_recording_named_twice_is_submitted_once() -> None:
    memory = TaskStateMemory(options={}, is_dead=lambda transcript_id: False)
    with memory.open(["a", "b", "a"], cast(Context, {"task_state_store": Store()})) as submissions:
        assert [submission.recording for submission in submissions] == ["a", "b"]


def test_known_ids_include_those_of_dead_transcripts() -> None:
    store = Store()
    memory, submission = open_one(store)
    memory.remember_transcript(submission, "t1", submitted_at=AT)
    again, _ = open_one(store, dead={"t1"})
    assert again.known_transcript_ids(["t0", "t1"]) == {"t1"}


def test_a_failure_leaves_the_memory_of_the_post() -> None:
    store = Store()
    memory, submission = open_one(store)
    memory.remember_post(submission, audio_url="http://h/a", content_sha256=None, request={})
    memory.remember_failure(submission, "timeout", retryable=True)
    assert open_one(store)[1].audio_url_sha256


def test_an_entry_of_another_shape_is_ignored() -> None:
    assert open_one(Store({recording_key("a.wav", {}): "junk"}))[1].transcript_id is None
