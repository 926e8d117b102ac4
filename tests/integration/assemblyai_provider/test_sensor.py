from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import TaskInstanceState

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from assemblyai_sandbox.testing import SandboxServer
from tests.support.airflow_task import ExecutionApi, dag, run_task
from tests.support.airflow_versions import VERSION, serialize

pytestmark = pytest.mark.usefixtures("assemblyai_conn")
FAILURE = {"status": "failed", "failures": {"t1": "Audio duration is too short."}}


def run(transcript_ids: Any, api: ExecutionApi | None = None, **arguments: Any) -> tuple[str, Any, Any]:
    """One try: the state it ended in, its last message and its error."""
    arguments = {"deferrable": True, **arguments}
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
    """A job that has ended and one that takes five seconds."""
    sandbox.script("slow", {"processing_s": 5})
    urls = ("https://h/fast.mp3", "https://h/slow.mp3")
    return [client.post_transcript({"audio_url": url}, lambda: None) for url in urls]


def test_the_requests_of_the_worker_are_handed_to_the_trigger_or_pushed(
    jobs: list[str], sandbox: SandboxServer
) -> None:
    before = len(sandbox.journal())
    _, message, _ = run(jobs, push_requests=True)
    assert message.trigger_kwargs["worker_requests"] == len(sandbox.journal()) - before > 0
    sandbox.clock.advance(10)
    api, before = ExecutionApi(max_tries=2), len(sandbox.journal())
    assert run(jobs, api, push_requests=True)[0] == "success"
    assert api.xcoms["requests"] == len(sandbox.journal()) - before > 0


def test_it_defers_until_the_last_job_ends(jobs: list[str]) -> None:
    state, message, _ = run(jobs, timeout=60)
    assert state == "deferred"
    assert message.classpath == "assemblyai_provider.triggers.AssemblyAITranscriptTrigger"
    assert message.trigger_kwargs == {
        "transcript_ids": jobs,
        "assemblyai_conn_id": "assemblyai_default",
        "poll_interval": None,
        "fail_on_error": True,
        "patience": None,
        "end_at": None,
        "push_result": True,
        "has_mapped_dependants": False,
        "worker_requests": None,
        "push_single": False,
    }
    assert message.next_method == "execute_complete"
    assert message.trigger_timeout == timedelta(seconds=60)


def test_it_does_not_defer_when_all_have_ended(jobs: list[str], sandbox: SandboxServer) -> None:
    sandbox.clock.advance(5)
    assert run(jobs)[0] == "success"
    assert run(jobs[0])[0] == "success"


def test_a_poll_of_many_jobs_in_progress_costs_one_request(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 60})
    ids = [client.post_transcript({"audio_url": f"https://h/{n}.mp3"}, lambda: None) for n in range(300)]
    before = len(sandbox.journal())
    assert run(ids[:50])[0] == "deferred"
    assert len(sandbox.journal()) == before + 1


def test_an_empty_list_of_ids_is_a_success_without_a_request(sandbox: SandboxServer) -> None:
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


@pytest.mark.parametrize("deferrable", [True, False])
def test_the_result_is_the_ids_in_the_order_given_each_once(
    jobs: list[str], sandbox: SandboxServer, deferrable: bool
) -> None:
    sandbox.clock.advance(5)
    api = ExecutionApi()
    assert run([jobs[1], jobs[0], jobs[1]], api, deferrable=deferrable)[0] == "success"
    assert api.xcoms == {"return_value": [jobs[1], jobs[0]]}


def test_failed_jobs_are_part_of_the_result_with_fail_on_error_off(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"status": "error", "error": "Audio duration is too short."})
    transcript_id = client.post_transcript({"audio_url": "https://h/a.mp3"}, lambda: None)
    api = ExecutionApi()
    run(transcript_id, api, fail_on_error=False)
    assert api.xcoms == {"return_value": [transcript_id]}


@pytest.mark.parametrize(
    ("event", "ended"), [("success", ["b", "a"]), ({"status": "over", "ended": ["a"]}, ["a"])]
)
def test_resumed_after_a_success_it_returns_the_ids_that_ended(event: object, ended: list[str]) -> None:
    next_kwargs = serialize({"event": event})
    assert isinstance(next_kwargs, dict)
    api = ExecutionApi(next_method="execute_complete", next_kwargs=next_kwargs)
    assert run(["b", "a"], api)[0] == "success"
    assert api.xcoms == {"return_value": ended}


def test_without_xcoms_nothing_is_pushed_on_a_worker_or_in_the_triggerer(
    jobs: list[str], sandbox: SandboxServer
) -> None:
    assert run(jobs, do_xcom_push=False)[1].trigger_kwargs["push_result"] is False
    sandbox.clock.advance(5)
    api = ExecutionApi()
    assert run(jobs, api, do_xcom_push=False)[0] == "success"
    assert api.xcoms == {}


def test_the_trigger_knows_if_tasks_are_expanded_over_the_result(jobs: list[str]) -> None:
    with dag():
        sensor = AssemblyAITranscriptSensor(task_id="wait", transcript_ids=jobs, deferrable=True)
        AssemblyAITranscriptSensor.partial(task_id="again").expand(transcript_ids=sensor.output)
    assert run_task(sensor, ExecutionApi()).msg.trigger_kwargs["has_mapped_dependants"] is True


@pytest.mark.parametrize(
    ("patience", "end_after", "expected"),
    [
        (5, timedelta(seconds=15), (5.0, 15.0)),
        ("{{ 10 / 2 }}", "{{ 10 + 5 }}", (5.0, 15.0)),
        ("{{ none }}", "", (None, None)),
    ],
)
def test_patience_and_the_deadline_are_handed_on_rendered(
    jobs: list[str], patience: Any, end_after: Any, expected: tuple[float | None, float | None]
) -> None:
    now = time.time()
    state, message, _ = run(jobs, patience=patience, end_after=end_after)
    assert state == "deferred"
    assert message.trigger_kwargs["patience"] == expected[0]
    end_at = message.trigger_kwargs["end_at"]
    assert end_at is None if expected[1] is None else now + 15 <= end_at <= time.time() + 15


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_invalid_rendered_wait_fails_with_its_name(jobs: list[str], deferrable: bool) -> None:
    state, _, error = run(jobs, end_after="{{ 'soon' }}", deferrable=deferrable)
    assert state == "failed"
    assert "task 'wait', end_after: 'soon' is not a number of seconds" in str(error)


def test_patience_is_refused_where_it_is_lost_between_polls(jobs: list[str]) -> None:
    state, _, error = run(jobs, patience=5, deferrable=False, mode="reschedule")
    assert state == "failed"
    assert "patience: is lost between two polls with mode='reschedule'. Set deferrable=True" in str(error)
    assert run(jobs, patience=5, mode="reschedule")[0] == "deferred"


@pytest.mark.skipif(VERSION < (3, 1), reason="in process, Airflow 3.0 gives sensors this date as text")
def test_rescheduled_it_counts_the_deadline_from_the_first_poll(jobs: list[str]) -> None:
    arguments = {"end_after": 60, "deferrable": False, "mode": "reschedule"}
    assert run(jobs, ExecutionApi(), **arguments)[0] == "up_for_reschedule"
    api = ExecutionApi(first_reschedule=(datetime.now(UTC) - timedelta(seconds=61)).isoformat())
    assert run(jobs, api, **arguments)[0] == "success"
    assert api.xcoms == {"return_value": jobs[:1]}


Poke = Callable[..., AssemblyAITranscriptSensor]


@pytest.fixture
def on_worker(client: AssemblyAIClient, sandbox: SandboxServer) -> Poke:
    """Makes a sensor that waits on a worker by the sandbox's clock."""
    hook_of_client = AssemblyAIHook()
    hook_of_client.client = client

    class Clocked(AssemblyAITranscriptSensor):
        clock = staticmethod(lambda: sandbox.clock.now().timestamp())
        hook = hook_of_client

    def make(ids: list[str], **arguments: Any) -> AssemblyAITranscriptSensor:
        with dag():
            return Clocked(task_id="wait", transcript_ids=ids, deferrable=False, **arguments)

    return make


@pytest.mark.parametrize("order", [1, -1])  # the job in progress is requested first, and last
def test_on_a_worker_patience_ends_the_wait_with_the_ended_jobs(
    jobs: list[str], sandbox: SandboxServer, on_worker: Poke, order: int
) -> None:
    sensor = on_worker(jobs[::order], patience=3)
    sandbox.clock.advance(1)
    assert sensor.poke({}) is False
    sandbox.clock.advance(2)
    assert sensor.poke({}) is False
    sandbox.clock.advance(1)
    assert sensor.poke({}) is True
    assert list(sensor._tracker.ended) == jobs[:1]


def test_on_a_worker_a_job_that_ends_as_the_patience_passes_is_included(
    jobs: list[str], sandbox: SandboxServer, on_worker: Poke
) -> None:
    sensor = on_worker(jobs, patience=4)
    sandbox.clock.advance(1)
    assert sensor.poke({}) is False
    sandbox.clock.advance(4)
    assert sensor.poke({}) is True
    assert set(sensor._tracker.ended) == set(jobs)


def test_on_a_worker_the_deadline_ends_the_wait(
    jobs: list[str], sandbox: SandboxServer, on_worker: Poke
) -> None:
    sensor = on_worker(jobs[1:], end_after="4.0")
    assert sensor.poke({}) is False
    sandbox.clock.advance(3.9)
    assert sensor.poke({}) is False
    sandbox.clock.advance(0.1)
    assert sensor.poke({}) is True
    assert not sensor._tracker.ended


def test_on_a_worker_no_limit_ends_the_wait_while_nothing_answers(
    jobs: list[str], sandbox: SandboxServer, on_worker: Poke
) -> None:
    sensor = on_worker(jobs, end_after=4)
    sandbox.fault("reset_before", "list", count=None)
    assert sensor.poke({}) is False
    sandbox.clock.advance(4.5)
    assert sensor.poke({}) is False
    sandbox.clear_faults()
    assert sensor.poke({}) is True


def test_on_a_worker_unreadable_answers_delay_no_other_jobs(
    client: AssemblyAIClient, sandbox: SandboxServer, on_worker: Poke
) -> None:
    failing = {"status": "error", "error": "Audio duration is too short."}
    sandbox.script("*", failing)
    sandbox.script("broken", {**failing, "transcript": {"id": None}})
    names = ("broken-1", "broken-2", "1", "2")
    ids = [client.post_transcript({"audio_url": f"https://h/{name}.mp3"}, lambda: None) for name in names]
    sensor = on_worker(ids, end_after=4, fail_on_error=False)
    for _ in ids:
        sandbox.clock.advance(2)
        ended = sensor.poke({})
    assert ended is True
    assert set(sensor._tracker.ended) == set(ids[2:])


@pytest.mark.parametrize("sandbox", ["docs"], indirect=True)  # the sandbox gets no request
def test_a_network_fault_does_not_end_a_wait(
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
def test_an_invalid_id_is_refused_instead_of_waited_for(ids: Any) -> None:
    state, _, error = run(ids)
    assert state == "up_for_retry"
    assert "is not the id of a transcript" in str(error)


@pytest.mark.parametrize("name", ["poll_interval", "poke_interval"])
def test_the_poll_interval_is_handed_on_when_it_is_given(jobs: list[str], name: str) -> None:
    assert run(jobs, **{name: 30})[1].trigger_kwargs["poll_interval"] == 30.0
