from __future__ import annotations

import asyncio
import gc
import json
import traceback
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._waiting.shared_poller import shared_poller
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.exceptions import AuthenticationError, TransportError
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, ended_of_event
from assemblyai_sandbox.testing import SandboxServer
from tests.support.polling import CONN, FAILING, requested, sandbox_poller, submit


@pytest.fixture(autouse=True)
def connection(assemblyai_conn: str) -> None:
    assert assemblyai_conn == CONN


async def fire(waiting: AssemblyAITranscriptTrigger) -> TriggerEvent:
    """What the triggerer does with a trigger."""
    (event,) = [event async for event in waiting.run()]
    return event


def together(
    triggers: list[AssemblyAITranscriptTrigger], meanwhile: Callable[[], Awaitable[None]]
) -> list[TriggerEvent]:
    async def run() -> list[TriggerEvent]:
        events, _ = await asyncio.gather(asyncio.gather(*map(fire, triggers)), meanwhile())
        return events

    return asyncio.run(run())


def on_the_sandboxs_clock(
    waiting: AssemblyAITranscriptTrigger, sandbox: SandboxServer
) -> AssemblyAITranscriptTrigger:
    """The trigger with a poller that moves the sandbox's clock instead of waiting."""
    waiting.clock = lambda: sandbox.clock.now().timestamp()
    waiting.open_poller = partial(shared_poller, make_poller=lambda _: sandbox_poller(sandbox))
    return waiting


def running_tasks() -> set[asyncio.Task[None]]:
    """All other tasks that go on."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return {task for task in others if not task.done() and not task.cancelling()}


def test_all_triggers_of_a_connection_share_one_poller(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("slow", {"processing_s": 5})
    sandbox.script("bad", {"processing_s": 5, **FAILING})
    batches = [[submit(client, f"slow-{number}-{part}") for part in range(3)] for number in range(40)]
    bad = submit(client, "bad")
    triggers = [AssemblyAITranscriptTrigger(ids, CONN, 0.1) for ids in (*batches, [bad, batches[0][0]])]

    async def meanwhile() -> None:
        await requested(sandbox, "list", times=4)
        assert sandbox.journal("get") == []
        await asyncio.to_thread(sandbox.clock.advance, 10)

    events = together(triggers, meanwhile)
    assert all(isinstance(event, TaskSuccessEvent) for event in events[:-1])
    assert events[-1].payload == {"status": "failed", "failures": {bad: "Audio duration is too short."}}
    assert [entry["path"] for entry in sandbox.journal("get")] == [f"/v2/transcript/{bad}"]
    assert len(sandbox.journal("list")) < 40
    assert not wait_registry(CONN).ids


def test_a_late_trigger_gets_a_job_that_ended_before_it_started(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("slow", {"processing_s": 5})
    fast, slow = submit(client, "fast"), submit(client, "slow")
    first = AssemblyAITranscriptTrigger([fast, slow], CONN, 0.1)
    late = AssemblyAITranscriptTrigger([fast], CONN, 0.1)

    async def run() -> list[TriggerEvent]:
        waiting = asyncio.create_task(fire(first))
        await requested(sandbox, "list", times=3)
        late_event = await fire(late)
        assert not waiting.done()
        await asyncio.to_thread(sandbox.clock.advance, 10)
        return [late_event, await waiting]

    assert all(isinstance(event, TaskSuccessEvent) for event in asyncio.run(run()))
    completed = [entry for entry in sandbox.journal("list") if "status=completed" in entry["query"]]
    assert len(completed) == 2


def test_a_cancelled_trigger_is_not_polled_for_and_the_others_go_on(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 5})
    ids = [submit(client, str(number)) for number in range(250)]  # the oldest are on the second page
    cancelled = AssemblyAITranscriptTrigger(ids[:25], CONN, 0.1)
    other = AssemblyAITranscriptTrigger(ids[-25:], CONN, 0.1)

    async def run() -> TriggerEvent:
        tasks = [asyncio.create_task(fire(each)) for each in (cancelled, other)]
        await requested(sandbox, "list", times=4)
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        assert set(wait_registry(CONN).ids) == set(ids[-25:])
        await requested(sandbox, "list", times=len(sandbox.journal("list")) + 4)
        await asyncio.to_thread(sandbox.clock.advance, 10)
        return await tasks[1]

    assert isinstance(asyncio.run(run()), TaskSuccessEvent)
    assert not wait_registry(CONN).ids
    # A round in progress may still have requested the second page.
    assert "before_id" not in sandbox.journal("list")[-1]["query"]


def test_polling_stops_once_the_last_trigger_is_cancelled(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 5})
    alone = AssemblyAITranscriptTrigger([submit(client, "a")], CONN, 0.1)
    sandbox.fault("slow", "list", delay_s=30, skip=2)

    async def run() -> None:
        waiting = asyncio.create_task(fire(alone))
        await requested(sandbox, "list", times=2)
        waiting.cancel()  # while the answer to a further request is awaited
        await asyncio.gather(waiting, return_exceptions=True)
        assert not running_tasks()

    asyncio.run(run())
    assert not wait_registry(CONN).ids


def ended_ids(event: TriggerEvent) -> list[str] | None:
    assert isinstance(event, TaskSuccessEvent)
    return ended_of_event(event.payload)


def test_a_wait_with_patience_ends_without_its_straggler_and_others_go_on(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("slow", {"processing_s": 500})
    fast, slow = submit(client, "fast"), submit(client, "slow")
    waits = [
        AssemblyAITranscriptTrigger([slow, fast], CONN, 0.1, patience=0.5),
        AssemblyAITranscriptTrigger([slow], CONN, 0.1, patience=0.5),
        AssemblyAITranscriptTrigger([slow, fast], CONN, 0.1),
    ]

    async def run() -> list[list[str] | None]:
        tasks = [asyncio.create_task(fire(each)) for each in waits]
        early = await asyncio.gather(*tasks[:2])
        assert not tasks[2].done()
        assert not wait_registry(CONN).steady_count
        await asyncio.to_thread(sandbox.clock.advance, 1000)
        return [ended_ids(event) for event in (*early, await tasks[2])]

    assert asyncio.run(run()) == [[fast], [], [slow, fast]]


def test_unreadable_answers_do_not_delay_a_wait_with_patience(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("broken", {**FAILING, "transcript": {"id": None}})
    broken, good = [submit(client, f"broken-{number}") for number in range(8)], submit(client, "good")
    waiting = AssemblyAITranscriptTrigger([*broken, good], CONN, patience=60)
    assert ended_ids(asyncio.run(fire(on_the_sandboxs_clock(waiting, sandbox)))) == [good]


def test_an_error_that_ends_the_poller_fails_every_wait_and_the_next_wait_starts_another(
    client: AssemblyAIClient, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.script("*", {"processing_s": 5})
    ids = [submit(client, str(number)) for number in range(20)]
    wrong = {"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong"}

    def waits() -> list[AssemblyAITranscriptTrigger]:
        return [on_the_sandboxs_clock(AssemblyAITranscriptTrigger([each], CONN), sandbox) for each in ids]

    async def run() -> None:
        with monkeypatch.context() as refused:
            refused.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(wrong))
            errors = await asyncio.gather(*map(fire, waits()), return_exceptions=True)
        assert {type(error) for error in errors} == {AuthenticationError}
        assert len(sandbox.journal("list")) == 3
        # Each wait's error has its own traceback, not those of all waits before it.
        assert len(traceback.extract_tb(errors[-1].__traceback__)) < 20
        assert not running_tasks()
        await asyncio.gather(*map(fire, waits()))

    asyncio.run(run())
    assert not wait_registry(CONN).ids


def test_a_poller_that_somebody_else_cancels_fails_its_waits_with_retry(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 5})
    alone = AssemblyAITranscriptTrigger([submit(client, "a")], CONN, 0.1)

    async def run() -> None:
        waiting = asyncio.create_task(fire(alone))
        await requested(sandbox, "list")
        for task in running_tasks() - {waiting}:
            task.cancel()
        with pytest.raises(TransportError, match="poller was stopped"):
            await waiting

    asyncio.run(run())


def test_a_late_trigger_gets_the_newest_result_before_the_next_round(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    fast, slow = submit(client, "fast"), submit(client, "slow")
    sandbox.script("slow", {"processing_s": 500})
    first = AssemblyAITranscriptTrigger([fast, slow], CONN, 3600)

    async def run() -> TriggerEvent:
        waiting = asyncio.create_task(fire(first))
        async with shared_poller(CONN) as results:
            await anext(results)
        async with asyncio.timeout(30):
            event = await fire(AssemblyAITranscriptTrigger([fast], CONN, 3600))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return event

    assert ended_ids(asyncio.run(run())) == [fast]


# What the closed loop leaves behind cannot end properly when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_closes_without_cancelling_its_tasks_leaves_no_wait_behind(
    client: AssemblyAIClient, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = submit(client, "wanted")

    async def started() -> asyncio.Task[TriggerEvent]:
        waiting = asyncio.create_task(fire(AssemblyAITranscriptTrigger(["lost"], CONN)))
        await asyncio.sleep(0)
        assert "lost" in wait_registry(CONN).ids
        return waiting

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # it would log each task that is left
    with monkeypatch.context() as broken:
        broken.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", '{"conn_type": "assemblyai"}')
        waiting = loop.run_until_complete(started())
    loop.close()
    assert ended_ids(asyncio.run(fire(AssemblyAITranscriptTrigger([wanted], CONN, 0.1)))) == [wanted]
    assert sandbox.journal("get") == []
    assert not wait_registry(CONN).ids
    del waiting, loop
    gc.collect()


def test_ten_thousand_waits_share_one_poller(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 5})
    ids = [submit(client, str(number)) for number in range(100)]
    waits = [AssemblyAITranscriptTrigger(ids[n % 50 : n % 50 + 50], CONN, 0.1) for n in range(10_000)]

    async def meanwhile() -> None:
        await requested(sandbox, "list", times=2)
        await asyncio.to_thread(sandbox.clock.advance, 10)

    events = together(waits, meanwhile)
    assert sum(isinstance(event, TaskSuccessEvent) for event in events) == 10_000
    assert len(sandbox.journal("list")) < 40
    assert not wait_registry(CONN).ids
