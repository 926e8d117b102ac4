from __future__ import annotations

import asyncio
import json
import pydoc
from collections.abc import AsyncIterator, Mapping

import pytest
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from assemblyai_provider.exceptions import TriggerEventError
from assemblyai_provider.poller import watch_list
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, failures_of_event
from assemblyai_provider.watch import Outcome

DONE, FAILED = Outcome(), Outcome("Audio duration is too short.")


def trigger(*ids: str, fail_on_error: bool = True) -> AssemblyAITranscriptTrigger:
    return AssemblyAITranscriptTrigger(ids, "conn", 3.0, fail_on_error)


def events(waiting: AssemblyAITranscriptTrigger, *snapshots: Mapping[str, Outcome]) -> list[TriggerEvent]:
    async def stream() -> AsyncIterator[Mapping[str, Outcome]]:
        for snapshot in snapshots:
            assert set(watch_list("conn").ids) == set(waiting.transcript_ids)
            yield snapshot
        raise AssertionError("it should have been over")

    async def collect() -> list[TriggerEvent]:
        return [event async for event in waiting.filter_shared_stream(stream())]

    return asyncio.run(collect())


def test_its_class_path_never_changes_for_it_is_stored_with_waiting_tasks() -> None:
    path, kwargs = trigger("a").serialize()
    assert path == "assemblyai_provider.triggers.AssemblyAITranscriptTrigger"
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert pydoc.locate(path) is AssemblyAITranscriptTrigger
    assert AssemblyAITranscriptTrigger(**kwargs).serialize() == (path, kwargs)


def test_it_can_be_made_from_the_arguments_of_the_first_release() -> None:
    AssemblyAITranscriptTrigger(
        transcript_ids=["a"], assemblyai_conn_id="c", poll_interval=None, fail_on_error=True
    )


def test_all_triggers_of_a_connection_share_one_stream() -> None:
    assert trigger("a").shared_stream_key() == trigger("b", fail_on_error=False).shared_stream_key()
    other = AssemblyAITranscriptTrigger(["a"], "other conn")
    assert other.shared_stream_key() != trigger("a").shared_stream_key()


def test_it_waits_for_the_last_of_its_jobs_and_then_ends_the_task() -> None:
    (event,) = events(trigger("a", "b"), {}, {"a": DONE}, {"b": DONE, "x": FAILED}, {"a": DONE, "b": DONE})
    assert isinstance(event, TaskSuccessEvent)
    assert event.xcoms is None
    assert not watch_list("conn").ids


def test_a_failed_job_resumes_the_task_once_all_are_over() -> None:
    (event,) = events(trigger("a", "b"), {"a": FAILED}, {"a": FAILED, "b": DONE})
    assert not isinstance(event, TaskSuccessEvent)
    assert failures_of_event(event.payload) == {"a": "Audio duration is too short."}


def test_with_fail_on_error_off_a_failed_job_is_an_end_like_any_other() -> None:
    (event,) = events(trigger("a", fail_on_error=False), {"a": FAILED})
    assert isinstance(event, TaskSuccessEvent)


def test_a_cancelled_trigger_is_no_longer_waited_for() -> None:
    async def cancel() -> None:
        async def never() -> AsyncIterator[Mapping[str, Outcome]]:
            await asyncio.Event().wait()
            yield {}

        async def run() -> None:
            async for _ in trigger("a").filter_shared_stream(never()):
                raise AssertionError("nothing is over")

        task = asyncio.create_task(run())
        await asyncio.sleep(0)
        assert watch_list("conn").ids
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    assert not watch_list("conn").ids


def test_the_payload_of_airflows_success_event_is_the_text_dag_test_resumes_with() -> None:
    assert failures_of_event(TaskSuccessEvent().payload) == {}


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        "failed",
        {"status": "completed"},
        {"status": "failed"},
        {"status": "failed", "failures": {}},
        {"status": "failed", "failures": "a"},
        ["success"],
    ],
)
def test_an_event_of_another_shape_is_a_bug_and_no_success(event: object) -> None:
    with pytest.raises(TriggerEventError):
        failures_of_event(event)
