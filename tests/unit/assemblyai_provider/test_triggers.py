from __future__ import annotations

import asyncio
import json
import pydoc
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import TaskInstance
from airflow.sdk.execution_time.comms import SetXCom
from airflow.sdk.execution_time.supervisor import set_supervisor_comms
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from assemblyai_provider._waiting.job_tracker import JobOutcome, PollResult
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.exceptions import TriggerEventError
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, ended_of_event, failures_of_event

DONE, FAILED = JobOutcome(), JobOutcome("Audio duration is too short.")


def trigger(*ids: str, fail_on_error: bool = True) -> AssemblyAITranscriptTrigger:
    return AssemblyAITranscriptTrigger(ids, "conn", 3.0, fail_on_error)


def events(waiting: AssemblyAITranscriptTrigger, *results: Mapping[str, JobOutcome]) -> list[TriggerEvent]:
    async def stream() -> AsyncIterator[PollResult]:
        for result in results:
            assert set(wait_registry("conn").ids) == set(waiting.transcript_ids)
            yield PollResult(result)
        raise AssertionError("it should have ended")

    async def collect() -> list[TriggerEvent]:
        waiting.open_poller = lambda _: nullcontext(stream())
        return [event async for event in waiting.run()]

    return asyncio.run(collect())


def test_its_class_path_never_changes_since_waiting_tasks_store_it() -> None:
    path, kwargs = trigger("a").serialize()
    assert path == "assemblyai_provider.triggers.AssemblyAITranscriptTrigger"
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert pydoc.locate(path) is AssemblyAITranscriptTrigger
    assert AssemblyAITranscriptTrigger(**kwargs).serialize() == (path, kwargs)


def test_it_can_be_made_from_the_arguments_of_the_first_release() -> None:
    AssemblyAITranscriptTrigger(
        transcript_ids=["a"], assemblyai_conn_id="c", poll_interval=None, fail_on_error=True
    )


def test_it_waits_for_its_last_job_and_then_ends_the_task() -> None:
    (event,) = events(trigger("a", "b"), {}, {"a": DONE}, {"b": DONE, "x": FAILED}, {"a": DONE, "b": DONE})
    assert isinstance(event, TaskSuccessEvent)
    assert event.xcoms is None
    assert not wait_registry("conn").ids


def test_a_failed_job_resumes_the_task_once_all_have_ended() -> None:
    (event,) = events(trigger("a", "b"), {"a": FAILED}, {"a": FAILED, "b": DONE})
    assert not isinstance(event, TaskSuccessEvent)
    assert failures_of_event(event.payload) == {"a": "Audio duration is too short."}


def test_with_fail_on_error_off_a_failed_job_is_an_end_like_any_other() -> None:
    (event,) = events(trigger("a", fail_on_error=False), {"a": FAILED})
    assert isinstance(event, TaskSuccessEvent)


def test_the_payload_of_airflows_own_success_event_is_a_success() -> None:
    assert failures_of_event(TaskSuccessEvent().payload) == {}


class Comms:
    """The supervisor's end: keeps what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def asend(self, message: object) -> None:
        self.sent.append(message)

    def send(self, message: object) -> None:  # before Airflow 3.3
        self.sent.append(message)


def pushed(
    waiting: AssemblyAITranscriptTrigger, *results: Mapping[str, JobOutcome], map_index: int
) -> list[Any]:
    """The messages that store the result of a task of this index."""
    waiting.task_instance = TaskInstance(
        id=uuid.uuid4(),
        task_id="wait",
        dag_id="d",
        run_id="r",
        try_number=1,
        map_index=map_index,
        dag_version_id=uuid.uuid4(),
    )
    comms = Comms()
    with set_supervisor_comms(comms):
        events(waiting, *results)
    return comms.sent


def result_of(*ids: str, **arguments: Any) -> AssemblyAITranscriptTrigger:
    return AssemblyAITranscriptTrigger(ids, "conn", push_result=True, **arguments)


def test_the_ids_are_pushed_in_the_order_given_before_the_task_ends() -> None:
    assert pushed(result_of("b", "a", "b"), {"a": DONE}, {"a": DONE, "b": DONE}, map_index=3) == [
        SetXCom(key="return_value", value=["b", "a"], dag_id="d", run_id="r", task_id="wait", map_index=3)
    ]


def test_failed_jobs_are_part_of_the_result_with_fail_on_error_off() -> None:
    (message,) = pushed(result_of("a", "b", fail_on_error=False), {"a": FAILED, "b": DONE}, map_index=-1)
    assert (message.value, message.mapped_length) == (["a", "b"], None)


@pytest.mark.parametrize(("map_index", "length"), [(-1, 2), (0, None)])
def test_the_length_is_recorded_for_tasks_expanded_over_the_result(
    map_index: int, length: int | None
) -> None:
    waiting = result_of("a", "b", has_mapped_dependants=True)
    (message,) = pushed(waiting, {"a": DONE, "b": DONE}, map_index=map_index)
    assert message.mapped_length == length


def test_requests_are_pushed_once_with_those_of_the_worker() -> None:
    def counts() -> list[Any]:
        waiting = AssemblyAITranscriptTrigger(["a"], "conn", worker_requests=2)
        return [(message.key, message.value) for message in pushed(waiting, {"a": DONE}, map_index=3)]

    wait_registry("conn").unreported_requests = 5
    assert counts() == [("requests", 7)]
    assert counts() == [("requests", 2)]


def test_nothing_is_pushed_unless_asked_for_and_not_if_the_task_fails() -> None:
    assert pushed(trigger("a"), {"a": DONE}, map_index=-1) == []
    assert pushed(result_of("a"), {"a": FAILED}, map_index=-1) == []


def event_after(*polls: tuple[float, Mapping[str, JobOutcome]], **arguments: Any) -> TriggerEvent:
    """The event of a wait for a, b and c, polled at these seconds of its clock."""
    now = 0.0

    class Clocked(AssemblyAITranscriptTrigger):
        clock = staticmethod(lambda: now)
        open_poller = staticmethod(lambda _: nullcontext(stream()))

    async def stream() -> AsyncIterator[PollResult]:
        nonlocal now
        for at, ended in polls:
            assert wait_registry("conn").steady_count
            now = at
            yield PollResult(ended, started_at=at)
        raise AssertionError("it should have ended")

    async def first() -> TriggerEvent:
        return await anext(aiter(Clocked(["a", "b", "c"], "conn", **arguments).run()))

    return asyncio.run(first())


def test_with_patience_it_ends_with_the_jobs_that_have_ended() -> None:
    event = event_after((0, {}), (4, {"c": DONE}), (8, {"c": DONE}), (9, {"c": DONE, "x": DONE}), patience=5)
    assert isinstance(event, TaskSuccessEvent)
    assert ended_of_event(event.payload) == ["c"]


def test_it_includes_a_job_that_ends_as_the_patience_passes() -> None:
    ended = {"a": DONE, "b": DONE}
    event = event_after((0, {"a": DONE}), (5, ended), (10, ended), patience=5)
    assert ended_of_event(event.payload) == ["a", "b"]


def test_it_ends_with_nothing_if_no_job_has_ended() -> None:
    assert ended_of_event(event_after((0, {}), (5, {}), patience=5).payload) == []


def test_it_ends_at_the_deadline_at_the_latest() -> None:
    ended = {"a": DONE, "b": DONE}
    event = event_after((0, {}), (19, {"a": DONE}), (21, ended), patience=60, end_at=time.time() + 20)
    assert ended_of_event(event.payload) == ["a", "b"]


def test_a_deadline_that_passed_before_a_restart_ends_the_first_poll() -> None:
    event = event_after((-3, {}), (1, {"b": DONE}), end_at=time.time() - 600)
    assert ended_of_event(event.payload) == ["b"]


def test_a_wait_that_ends_early_fails_for_the_failed_jobs_it_ends_with() -> None:
    event = event_after((0, {}), (1, {"b": FAILED}), (9, {"b": FAILED}), patience=5)
    assert failures_of_event(event.payload) == {"b": "Audio duration is too short."}


def test_a_success_event_holds_the_ids_for_a_task_that_resumes() -> None:
    (event,) = events(trigger("b", "a", fail_on_error=False), {"a": FAILED, "b": DONE})
    assert ended_of_event(event.payload) == ["b", "a"]
    assert failures_of_event(event.payload) == {}
    assert ended_of_event("success") is None


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
        {"status": "over"},
        {"status": "over", "ended": "a"},
    ],
)
def test_an_event_of_another_shape_is_a_bug_and_no_success(event: object) -> None:
    with pytest.raises(TriggerEventError):
        failures_of_event(event)
