from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import TaskInstanceState
from airflow.sdk.serde import serialize

from assemblyai_provider.client import AssemblyAIClient
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from assemblyai_sandbox.testing import SandboxServer
from tests.support.airflow_task import ExecutionApi, dag, run_task

pytestmark = pytest.mark.usefixtures("assemblyai_conn")
FAILURE = {"status": "failed", "failures": {"t1": "Audio duration is too short."}}


def run(transcript_ids: Any, api: ExecutionApi | None = None, **arguments: Any) -> tuple[str, Any, Any]:
    """One try: the state it ended in, its last message and its error."""
    with dag():
        sensor = AssemblyAITranscriptSensor(task_id="wait", transcript_ids=transcript_ids, **arguments)
    ended = run_task(sensor, api or ExecutionApi(max_tries=2))
    state = ended.state.value if isinstance(ended.state, TaskInstanceState) else str(ended.state)
    return state, ended.msg, ended.error


def resume(event: object, **arguments: Any) -> tuple[str, Any, Any]:
    next_kwargs = serialize({"event": event})
    assert isinstance(next_kwargs, dict)
    api = ExecutionApi(max_tries=2, next_method="execute_complete", next_kwargs=next_kwargs)
    return run(["t1"], api, **arguments)


@pytest.fixture
def jobs(client: AssemblyAIClient, sandbox: SandboxServer) -> list[str]:
    """A job that is over and one that takes five seconds."""
    sandbox.script("slow", {"processing_s": 5})
    urls = ("https://h/fast.mp3", "https://h/slow.mp3")
    return [client.post_transcript({"audio_url": url}, lambda: None) for url in urls]


def test_it_defers_until_the_last_job_is_over(jobs: list[str]) -> None:
    state, message, _ = run(jobs, timeout=60)
    assert state == "deferred"
    assert message.classpath == "assemblyai_provider.triggers.AssemblyAITranscriptTrigger"
    assert message.trigger_kwargs == {
        "transcript_ids": jobs,
        "assemblyai_conn_id": "assemblyai_default",
        "poll_interval": None,
        "fail_on_error": True,
    }
    assert message.next_method == "execute_complete"
    assert message.trigger_timeout == timedelta(seconds=60)


def test_it_does_not_defer_when_all_is_over(jobs: list[str], sandbox: SandboxServer) -> None:
    sandbox.clock.advance(5)
    assert run(jobs)[0] == "success"
    assert run(jobs[0])[0] == "success"


def test_a_look_at_jobs_in_work_costs_one_request_however_many_others_are(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 60})
    ids = [client.post_transcript({"audio_url": f"https://h/{n}.mp3"}, lambda: None) for n in range(300)]
    before = len(sandbox.journal())
    assert run(ids[:50])[0] == "deferred"
    assert len(sandbox.journal()) == before + 1


def test_nothing_to_wait_for_is_a_success_without_a_request(sandbox: SandboxServer) -> None:
    assert run([])[0] == "success"
    assert sandbox.journal() == []


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("fail_on_error", "soft_fail", "expected"),
    [(True, False, "failed"), (True, True, "skipped"), (False, False, "success")],
)
def test_a_failed_job_fails_without_retry_or_is_skipped_or_is_data(
    client: AssemblyAIClient,
    sandbox: SandboxServer,
    deferrable: bool,
    fail_on_error: bool,
    soft_fail: bool,
    expected: str,
) -> None:
    sandbox.script("*", {"status": "error", "error": "Download error to https://h/a?sig=S3CRET"})
    transcript_id = client.post_transcript({"audio_url": "https://h/a.mp3"}, lambda: None)
    state, _, error = run(
        [transcript_id], deferrable=deferrable, fail_on_error=fail_on_error, soft_fail=soft_fail
    )
    assert state == expected
    if expected == "failed":
        assert f"1 of 1 transcripts have failed: {transcript_id}: Download error" in str(error)
    assert "S3CRET" not in str(error)


@pytest.mark.parametrize(
    ("event", "soft_fail", "expected"),
    [
        (FAILURE, False, "failed"),
        (FAILURE, True, "skipped"),
        ("success", False, "success"),
        ("success", True, "success"),
        (None, False, "up_for_retry"),
        (None, True, "up_for_retry"),
        ({"status": "completed"}, True, "up_for_retry"),
    ],
)
def test_it_is_resumed_to_fail_and_soft_fail_hides_no_bug(
    event: object, soft_fail: bool, expected: str
) -> None:
    assert resume(event, soft_fail=soft_fail)[0] == expected


def test_the_failure_names_the_jobs_and_the_reasons() -> None:
    _, _, error = resume(FAILURE)
    assert str(error) == "1 of 1 transcripts have failed: t1: Audio duration is too short."


def test_poking_it_waits_on_a_worker(jobs: list[str], sandbox: SandboxServer) -> None:
    sandbox.fault("get_delay", delay_s=0)
    with dag():
        sensor = AssemblyAITranscriptSensor(task_id="wait", transcript_ids=jobs, deferrable=False)
    assert sensor.poke({}) is False
    sandbox.clock.advance(5)
    assert sensor.poke({}) is True


@pytest.mark.parametrize("sandbox", ["docs"], indirect=True)  # nothing of it is asked
def test_a_network_fault_is_no_end_of_a_job(
    jobs: list[str], sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_NOBODY", '{"conn_type": "assemblyai", "host": "http://127.0.0.1:9", "password": "k"}'
    )
    assert run(jobs, assemblyai_conn_id="nobody")[0] == "deferred"


@pytest.mark.parametrize("soft_fail", [True, False])
def test_a_wrong_key_fails_at_once(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, soft_fail: bool
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WRONG", f'{{"conn_type": "assemblyai", "host": "{sandbox.url}", "password": "wrong"}}'
    )
    state, _, error = run(["t1"], assemblyai_conn_id="wrong", soft_fail=soft_fail)
    assert state == "failed"
    assert "Correct the API key" in str(error)


@pytest.mark.parametrize("ids", ["['a', 'b']", [""], [None], ["a/b"]])
def test_what_is_no_id_is_refused_instead_of_waited_for(ids: Any) -> None:
    state, _, error = run(ids)
    assert state == "up_for_retry"
    assert "is not the id of a transcript" in str(error)


def test_the_poke_interval_is_handed_on_when_it_is_given(jobs: list[str]) -> None:
    assert run(jobs, poke_interval=30)[1].trigger_kwargs["poll_interval"] == 30.0
