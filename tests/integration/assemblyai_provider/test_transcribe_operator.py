"""One task that submits and waits keeps the promises of both."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import TaskInstanceState
from airflow.triggers.base import TaskSuccessEvent

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAITranscribeOperator
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger
from assemblyai_sandbox.testing import SandboxServer
from tests.support.airflow_task import ExecutionApi, dag, run_task
from tests.support.airflow_versions import serialize

pytestmark = pytest.mark.usefixtures("assemblyai_conn")
URLS = ["https://h/a.mp3", "https://h/b.mp3"]


def run(
    recordings: Any,
    api: ExecutionApi,
    *,
    client: AssemblyAIClient | None = None,
    try_number: int = 1,
    **arguments: Any,
) -> tuple[str, Any, str]:
    """One try: the state it ended in, its last message and its error.

    :param client: whose pauses move the sandbox's clock.
    """
    with dag():
        operator = AssemblyAITranscribeOperator(
            task_id="transcribe", recordings=recordings, **{"deferrable": True, **arguments}
        )
    if client:
        operator.hook.client = client
    ended = run_task(operator, api, try_number=try_number)
    state = ended.state.value if isinstance(ended.state, TaskInstanceState) else str(ended.state)
    return state, ended.msg, str(ended.error or "")


def resume(api: ExecutionApi, message: Any, event: object, recordings: Any, **arguments: Any) -> Any:
    next_kwargs = serialize({**message.next_kwargs, "event": event})
    assert isinstance(next_kwargs, dict)
    api.next_method, api.next_kwargs = message.next_method, next_kwargs
    return run(recordings, api, **arguments)


def fire(message: Any) -> Any:
    """The trigger's event."""

    async def first_event() -> Any:
        trigger = AssemblyAITranscriptTrigger(**message.trigger_kwargs)
        async with aclosing(trigger.run()) as events:  # type: ignore[type-var]
            async for event in events:
                return event

    return asyncio.run(first_event())


def test_it_submits_defers_and_is_ended_by_the_trigger(sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    api = ExecutionApi()
    state, message, _ = run(URLS, api, timeout=60, poll_interval=timedelta(seconds=1))
    assert (state, message.trigger_timeout) == ("deferred", timedelta(seconds=60))
    ids = message.trigger_kwargs["transcript_ids"]
    assert [charge["transcript_id"] for charge in sandbox.charges()] == []
    assert (message.trigger_kwargs["poll_interval"], message.trigger_kwargs["push_single"]) == (1.0, False)
    sandbox.clock.advance(5)
    event = fire(message)
    assert isinstance(event, TaskSuccessEvent)
    assert resume(api, message, event.payload, URLS)[0] == "success"
    assert api.xcoms["return_value"] == ids
    message.next_kwargs.clear()  # as dag.test does
    assert resume(api, message, event.payload, URLS)[0] == "success"
    assert api.xcoms["return_value"] == ids
    assert sorted(charge["transcript_id"] for charge in sandbox.charges()) == sorted(ids)


def test_one_recording_gives_one_id_deferred_or_not(sandbox: SandboxServer) -> None:
    api = ExecutionApi()
    assert run(URLS[0], api)[0] == "success"
    assert AssemblyAIHook().get_transcript(api.xcoms["return_value"]).text
    sandbox.script("*", {"processing_s": 5})
    api = ExecutionApi()
    message = run(URLS[1], api)[1]
    assert message.trigger_kwargs["push_single"] is True
    sandbox.clock.advance(5)
    assert resume(api, message, fire(message).payload, URLS[1])[0] == "success"
    assert [api.xcoms["return_value"]] == message.trigger_kwargs["transcript_ids"]


def test_a_retry_waits_for_the_same_jobs(sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    api = ExecutionApi(max_tries=2)
    ids = run(URLS, api)[1].trigger_kwargs["transcript_ids"]
    assert run(URLS, api, try_number=2)[1].trigger_kwargs["transcript_ids"] == ids
    sandbox.clock.advance(5)
    assert run(URLS, api, try_number=3)[0] == "success"
    assert len(sandbox.charges()) == len(sandbox.journal("submit")) == 2


def test_without_waiting_it_only_submits(sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    api = ExecutionApi()
    assert run(URLS, api, wait_for_termination=False)[0] == "success"
    assert [AssemblyAIHook().get_transcript(id_).status for id_ in api.xcoms["return_value"]] == [
        "processing",
        "processing",
    ]


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("Audio duration is too short.", "failed"),
        ("Server error, developers have been alerted.", "up_for_retry"),
    ],
)
def test_a_failed_job_is_final_unless_the_server_was_at_fault(
    sandbox: SandboxServer, client: AssemblyAIClient, deferrable: bool, error: str, expected: str
) -> None:
    sandbox.script("a.mp3", {"status": "error", "error": error, "processing_s": 5}, {"status": "completed"})
    api = ExecutionApi(max_tries=2)
    state, message, reason = run(URLS, api, client=client, deferrable=deferrable)
    if deferrable:
        sandbox.clock.advance(5)
        state, _, reason = resume(api, message, fire(message).payload, URLS)
        api.next_method = api.next_kwargs = None
    assert state == expected
    assert "1 of 2 transcripts have failed" in reason
    assert error in reason
    assert run(URLS, api, try_number=2)[0] == "success"
    assert len(sandbox.charges()) == 2


def test_failed_jobs_are_part_of_the_result_with_fail_on_error_off(sandbox: SandboxServer) -> None:
    sandbox.script("a.mp3", {"status": "error", "error": "Audio duration is too short."})
    api = ExecutionApi()
    assert run(URLS, api, fail_on_error=False)[0] == "success"
    assert len(api.xcoms["return_value"]) == 2


def test_on_a_worker_it_polls_until_the_end_or_the_timeout(
    sandbox: SandboxServer, client: AssemblyAIClient, pauses: list[float]
) -> None:
    sandbox.script("*", {"processing_s": 20})
    arguments: dict[str, Any] = {"client": client, "deferrable": False, "poll_interval": 4}
    api = ExecutionApi(max_tries=2)
    state, _, error = run(URLS, api, timeout=8, **arguments)
    assert state == "up_for_retry"
    assert "2 are still in progress after 8 s; a retry waits for them again" in error
    sandbox.fault("reset_before", "get", count=6)
    assert run(URLS, api, try_number=2, **arguments)[0] == "success"
    assert set(pauses) >= {4.0}
    assert len(sandbox.charges()) == 2


@pytest.mark.parametrize("default", [True, False])
def test_airflows_option_decides_whether_it_defers(monkeypatch: pytest.MonkeyPatch, default: bool) -> None:
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", str(default))
    assert AssemblyAITranscribeOperator(task_id="t", recordings=[]).deferrable is default


@pytest.mark.parametrize("setting", ["poll_interval", "timeout"])
def test_an_invalid_number_is_refused_with_the_task(setting: str) -> None:
    with pytest.raises(ConfigurationError, match=f"task 't', {setting}: '-1' is not a number of seconds"):
        AssemblyAITranscribeOperator(task_id="t", recordings=[], **{setting: -1})


def test_the_requests_of_worker_and_wait_are_counted(sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    api = ExecutionApi()
    message = run(URLS, api, push_requests=True)[1]
    assert message.trigger_kwargs["worker_requests"] == len(sandbox.journal()) == 3


def test_the_connection_and_the_recordings_are_templated(sandbox: SandboxServer) -> None:
    api = ExecutionApi()
    assert run("https://h/{{ ds }}.mp3", api, assemblyai_conn_id="{{ 'assemblyai_default' }}")[0] == "success"
    (transcript_id,) = (charge["transcript_id"] for charge in sandbox.charges())
    day = datetime(2026, 1, 1, tzinfo=UTC).date()
    assert AssemblyAIHook().get_transcript(transcript_id).raw["audio_url"] == f"https://h/{day}.mp3"


def test_there_is_no_link_to_another_host(sandbox: SandboxServer) -> None:
    api = ExecutionApi()
    run(URLS[0], api)
    assert api.links == {"_link_AssemblyAITranscriptLink": ""}
