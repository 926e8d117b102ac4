from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, Context
from airflow.sdk.api.datamodels._generated import TaskInstanceState

from assemblyai_provider.exceptions import DuplicateRecordingError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.submission_memory import Submission, TaskStateMemory, hash_audio_url
from assemblyai_sandbox.testing import SandboxServer
from tests.support.airflow_task import ExecutionApi, dag, run_task
from tests.support.airflow_versions import redact

FAILED, RETRY, SUCCESS = "failed", "up_for_retry", "success"
PRESIGNED = "https://bucket.example/a.mp3?X-Amz-Credential=AKIA&X-Amz-Signature=5ecre7" + "0" * 40


@pytest.fixture(autouse=True)
def connection(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that does not wait for lost submissions to show up."""
    fields = {
        "conn_type": "assemblyai",
        "host": sandbox.url,
        "password": sandbox.api_key,
        "extra": {"reconcile_s": 0},
    }
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(fields))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    made = []
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.wav").write_bytes(name.encode() * 1000)
        made.append(str(tmp_path / f"{name}.wav"))
    return made


def run(
    recordings: Any, api: ExecutionApi | None = None, *, try_number: int = 1, **arguments: Any
) -> tuple[str, Any, str]:
    """One try: the state it ended in, its result and its error."""
    api = api or ExecutionApi(max_tries=2)
    with dag():
        operator = AssemblyAISubmitTranscriptOperator(task_id="submit", recordings=recordings, **arguments)
    api.xcoms.clear()
    ended = run_task(operator, api, try_number=try_number)
    state = ended.state.value if isinstance(ended.state, TaskInstanceState) else str(ended.state)
    return state, api.xcoms.get("return_value"), str(ended.error or "")


def test_files_are_uploaded_and_urls_are_passed_on(sandbox: SandboxServer, files: list[str]) -> None:
    state, ids, _ = run([files[0], f"file://{files[1]}", PRESIGNED])
    assert state == SUCCESS
    assert len(sandbox.journal("upload")) == 2
    hook = AssemblyAIHook()
    urls = [hook.get_transcript(transcript_id).raw["audio_url"] for transcript_id in ids]
    assert urls[2] == PRESIGNED
    assert [charge["transcript_id"] for charge in sandbox.charges()]


def test_one_recording_gives_one_id(files: list[str]) -> None:
    _, transcript_id, _ = run(files[0])
    assert AssemblyAIHook().get_transcript(transcript_id).id == transcript_id


def test_nothing_to_submit_is_no_error() -> None:
    assert run([])[:2] == (SUCCESS, [])


def test_options_replace_the_defaults(files: list[str]) -> None:
    _, transcript_id, _ = run(files[0], transcript_options={"multichannel": True, "language_code": "en"})
    answer = AssemblyAIHook().get_transcript(transcript_id).raw
    assert answer["multichannel"] is True
    assert answer["sentiment_analysis"] is True
    assert not answer["speaker_labels"]
    assert answer["language_code"] == "en"


def test_a_retry_or_a_clear_pays_for_nothing_twice(sandbox: SandboxServer, files: list[str]) -> None:
    api = ExecutionApi()
    first = run(files, api)
    assert run(files, api) == first
    assert run(files[::-1], api)[1] == first[1][::-1]
    assert len(sandbox.journal("submit")) == len(sandbox.charges()) == 3


def test_a_failed_or_missing_job_is_submitted_again_on_a_clear(sandbox: SandboxServer) -> None:
    api = ExecutionApi()
    sandbox.script("*", {"status": "error"}, {"status": "completed"})
    ids = [run("https://h/a.mp3", api)[1] for _ in range(3)]
    assert ids[0] != ids[1] == ids[2]
    sandbox.reset()
    assert run("https://h/a.mp3", api)[1] != ids[2]


def test_another_recording_or_other_options_are_another_submission(sandbox: SandboxServer) -> None:
    api = ExecutionApi()
    for url, options in (("https://h/a", {}), ("https://h/b", {}), ("https://h/b", {"punctuate": True})):
        run(url, api, transcript_options=options)
    assert len(sandbox.journal("submit")) == 3


@pytest.mark.parametrize("fault", ["lost_answer", "reset_after", "truncated_json"])
def test_a_lost_answer_costs_nothing(sandbox: SandboxServer, files: list[str], fault: str) -> None:
    sandbox.fault(fault, "submit", count=2)
    state, ids, _ = run(files)
    assert state == SUCCESS
    assert sorted(ids) == sorted(charge["transcript_id"] for charge in sandbox.charges())


def test_a_worker_that_dies_before_it_stores_the_id_pays_once(
    sandbox: SandboxServer, files: list[str]
) -> None:
    api = ExecutionApi(max_tries=2, refuse_to_store="transcript_id")
    assert run(files[0], api)[0] == RETRY
    api.refuse_to_store = None
    state, transcript_id, _ = run(files[0], api, try_number=2)
    assert state == SUCCESS
    assert [charge["transcript_id"] for charge in sandbox.charges()] == [transcript_id]
    assert len(sandbox.journal("submit")) == len(sandbox.journal("upload")) == 1


def test_two_lost_jobs_of_one_url_are_two_jobs(sandbox: SandboxServer) -> None:
    url = "https://h/a.mp3"

    class TwoLostJobs(TaskStateMemory):
        @contextmanager
        def open(self, recordings: Sequence[str], context: Context) -> Any:
            with TaskStateMemory.open(self, ["one", "other"], context) as submissions:
                lost = {"audio_url_sha256": hash_audio_url(url), "posted_at": datetime.now(UTC)}
                yield [replace(submission, recording=url, **lost) for submission in submissions]

        def known_transcript_ids(self, transcript_ids: Sequence[str]) -> set[str]:
            return set()  # as while the one is found and not yet written down

    client = AssemblyAIHook().client
    posted = [client.post_transcript({"audio_url": url}, lambda: None) for _ in range(2)]
    memory = TwoLostJobs(options={}, is_dead=lambda transcript_id: False)
    _, ids, _ = run(["x"], memory=memory)
    assert sorted(ids) == sorted(posted)


def test_bad_recordings_fail_the_task_after_the_others_are_submitted(
    sandbox: SandboxServer, files: list[str], tmp_path: Path
) -> None:
    Path(files[1]).write_bytes(b"")
    missing = str(tmp_path / "missing.wav")
    state, _, error = run([files[0], files[1], missing, files[2]])
    assert state == FAILED
    assert len(sandbox.charges()) == 2
    assert "2 of 4" in error
    assert f"{files[1]}: the file is empty" in error
    assert "missing.wav" in error


def test_with_fail_on_error_off_the_submitted_ids_are_returned(
    sandbox: SandboxServer, files: list[str]
) -> None:
    Path(files[1]).write_bytes(b"")
    state, ids, _ = run(files, fail_on_error=False)
    assert (state, len(ids)) == (SUCCESS, 2)


def test_a_refused_option_is_final(sandbox: SandboxServer) -> None:
    options = {"no_such_option": 1}
    state, _, error = run(
        "https://h/a.mp3?sig=S3CRET", transcript_options=options, allow_unknown_options=True
    )
    assert state == FAILED
    assert "Invalid endpoint schema" in error
    assert "S3CRET" not in error
    assert len(sandbox.journal("submit")) == 1


@pytest.mark.parametrize("native", [True, False])
def test_templated_options_are_read_as_their_types(sandbox: SandboxServer, native: bool) -> None:
    options = {
        "speakers_expected": "{{ 1 + 1 }}",
        "filter_profanity": "{{ true }}",
        "keyterms_prompt": "{{ ['a', 'b'] }}",
        "language_code": "{{ none }}",
        "prompt": "{{ 'a call' }}",
    }
    api = ExecutionApi()
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        operator = AssemblyAISubmitTranscriptOperator(
            task_id="submit", recordings="https://h/a.mp3", transcript_options=options
        )
    assert run_task(operator, api).state == SUCCESS
    raw = AssemblyAIHook().get_transcript(api.xcoms["return_value"]).raw
    assert (raw["speakers_expected"], raw["filter_profanity"]) == (2, True)
    assert (raw["keyterms_prompt"], raw["prompt"]) == (["a", "b"], "a call")


def test_a_templated_value_of_another_type_fails_before_the_upload(
    sandbox: SandboxServer, files: list[str]
) -> None:
    state, _, error = run(files[0], transcript_options={"speaker_labels": "{{ 'perhaps' }}"})
    assert state == FAILED
    assert "task 'submit', transcript_options: 'speaker_labels': should be a valid boolean" in error
    assert sandbox.journal() == []


def test_a_retry_submits_the_rest_and_pays_for_no_other_again(
    sandbox: SandboxServer, files: list[str]
) -> None:
    api = ExecutionApi(max_tries=2)
    sandbox.fault("server_error", "submit", count=3)
    state, _, error = run(files, api, upload_workers=1, fail_on_error=False)
    assert state == RETRY
    assert "1 of 3 recordings cannot be submitted now" in error
    state, ids, _ = run(files, api, try_number=2)
    assert (state, len(ids)) == (SUCCESS, 3)
    assert len(sandbox.charges()) == 3


@pytest.mark.parametrize(("fail_on_error", "expected"), [(True, FAILED), (False, SUCCESS)])
def test_on_the_last_try_fail_on_error_decides_about_the_rest(
    sandbox: SandboxServer, files: list[str], fail_on_error: bool, expected: str
) -> None:
    sandbox.fault("server_error", "submit", count=3)
    state, ids, _ = run(files, ExecutionApi(max_tries=0), upload_workers=1, fail_on_error=fail_on_error)
    assert state == expected
    assert len(sandbox.charges()) == 2
    assert fail_on_error or len(ids) == 2


def test_a_wrong_key_stops_the_whole_batch_at_once_and_marks_nothing(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT",
        json.dumps({"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong-S3CRET"}),
    )
    api = ExecutionApi(max_tries=2)
    state, _, error = run([f"https://h/{number}" for number in range(100)], api, fail_on_error=False)
    assert state == FAILED
    assert "Correct the API key" in error
    assert "S3CRET" not in error
    assert len(sandbox.journal()) <= 8
    assert not any("error" in entry for entry in api.store.values())


@pytest.mark.parametrize("sandbox", ["docs"], indirect=True)  # where debt is a refusal
def test_an_account_in_debt_stops_the_whole_batch_at_once(sandbox: SandboxServer) -> None:
    sandbox.account(negative_balance=True)
    state, _, error = run([f"https://h/{number}" for number in range(100)], fail_on_error=False)
    assert state == FAILED
    assert "balance is negative" in error
    assert len(sandbox.journal()) <= 8


def test_a_refused_speech_model_is_an_error_of_the_connection(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {
        "conn_type": "assemblyai",
        "host": sandbox.url,
        "password": sandbox.api_key,
        "extra": {"speech_models": ["none"]},
    }
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(fields))
    state, _, error = run(["https://h/a"], fail_on_error=False)
    assert state == FAILED
    assert "Correct speech_models" in error


def test_a_duplicate_is_noted_and_not_posted(sandbox: SandboxServer, files: list[str]) -> None:
    duplicates = []

    class KnowsTheBytes(TaskStateMemory):
        def remember_post(
            self,
            submission: Submission,
            *,
            audio_url: str,
            content_sha256: str | None,
            request: Mapping[str, Any],
        ) -> None:
            raise DuplicateRecordingError("first call")

        def remember_duplicate(self, submission: Submission, original_key: str) -> None:
            duplicates.append((submission.recording, original_key))

    memory = KnowsTheBytes(options={}, is_dead=lambda transcript_id: False)
    assert run([files[0]], memory=memory)[:2] == (SUCCESS, [])
    assert duplicates == [(files[0], "first call")]
    assert sandbox.journal("submit") == []


def test_an_error_of_the_memory_is_no_error_of_a_recording(sandbox: SandboxServer, files: list[str]) -> None:
    class Broken(TaskStateMemory):
        def remember_transcript(self, submission: Submission, transcript_id: str, **when: Any) -> None:
            if submission.recording == files[0]:
                raise ConnectionError("the database is gone")
            super().remember_transcript(submission, transcript_id, **when)

    memory = Broken(options={}, is_dead=lambda transcript_id: False)
    api = ExecutionApi(max_tries=2)
    state, _, error = run(files, api, memory=memory, fail_on_error=False)
    assert (state, error) == (RETRY, "the database is gone")
    assert str(api.store).count("transcript_id") == 2


@pytest.mark.parametrize("sandbox", ["docs"], indirect=True)  # where debt is a refusal
def test_no_secret_reaches_rendered_fields_store_result_or_log(
    sandbox: SandboxServer, capfd: pytest.CaptureFixture[str]
) -> None:
    # New ones, for what was masked once in a process stays masked.
    signature, token, value = (f"5ecre7{uuid.uuid4().hex}" for _ in range(3))
    api = ExecutionApi()
    options = {
        "webhook_url": f"https://me.example/hook?token={token}",
        "webhook_auth_header_name": "X-Auth",
        "webhook_auth_header_value": value,
    }
    state, _, _ = run(
        [f"https://h.example/a.mp3?X-Amz-Signature={signature}"], api, transcript_options=options
    )
    assert state == SUCCESS
    assert api.rendered_fields["recordings"] == ["https://h.example/a.mp3?***"]
    first = repr(api)
    sandbox.account(negative_balance=True)
    assert run([f"https://h.example/b.mp3?X-Amz-Signature={signature}"], api)[0] == FAILED
    output = capfd.readouterr()
    for place in (first, repr(api), output.out, output.err):
        assert "5ecre7" not in place
        assert sandbox.api_key not in place
    assert redact(f"{signature} {token} {value}") == "*** *** ***"


def test_a_memory_is_never_given_secrets() -> None:
    seen: list[Mapping[str, Any]] = []

    class Spy(TaskStateMemory):
        def remember_post(self, submission: Submission, **post: Any) -> None:
            seen.append(post["request"])
            super().remember_post(submission, **post)

    options = {
        "webhook_url": "https://me.example/hook?t=S3CRET",
        "webhook_auth_header_name": "X",
        "webhook_auth_header_value": "S3CRET",
    }
    memory = Spy(options={}, is_dead=lambda transcript_id: False)
    run(PRESIGNED, memory=memory, transcript_options=options)
    (request,) = seen
    assert request["sentiment_analysis"] is True
    assert request["webhook_url"] == "https://me.example/hook"
    assert "S3CRET" not in repr(request)
    assert "audio_url" not in request
