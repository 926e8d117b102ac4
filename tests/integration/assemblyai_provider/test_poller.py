from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, aclosing

import pytest
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent
from airflow.triggers.shared_stream import SharedStreamManager

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._waiting.job_tracker import MISSING_AFTER_S, JobOutcome, PollResult
from assemblyai_provider._waiting.poller import Poller
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.exceptions import AuthenticationError
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger, ended_of_event
from assemblyai_sandbox.testing import SandboxServer

CONN = "assemblyai_default"
Ended = Mapping[str, JobOutcome]
FAILING = {"status": "error", "error": "Audio duration is too short."}


@pytest.fixture(autouse=True)
def connection(assemblyai_conn: str) -> None:
    assert assemblyai_conn == CONN


def submit(client: AssemblyAIClient, name: str) -> str:
    return client.post_transcript({"audio_url": f"https://h/{name}.mp3"}, lambda: None)


def poller(sandbox: SandboxServer, pauses: list[float] | None = None) -> Poller:
    """One that moves the sandbox's clock instead of waiting."""

    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        await asyncio.to_thread(sandbox.clock.advance, seconds)

    return Poller(
        CONN, sleep=sleep, clock=lambda: sandbox.clock.now().timestamp(), uniform=lambda low, high: high
    )


async def requested(sandbox: SandboxServer, endpoint: str, times: int = 1) -> None:
    """Return when the sandbox has had so many requests."""
    while len(sandbox.journal(endpoint)) < times:  # noqa: ASYNC110  (waits for another thread)
        await asyncio.sleep(0.01)


def until(ids: list[str], waiting: Poller, *, rounds: int = 200) -> list[Ended]:
    """The results until all of the ids have ended."""

    async def collect() -> list[Ended]:
        seen: list[Ended] = []
        with wait_registry(CONN).register(ids, None):
            async with aclosing(waiting.results()) as results:
                async for result in results:
                    seen.append(result.ended)
                    if all(transcript_id in result.ended for transcript_id in ids) or len(seen) == rounds:
                        break
        return seen

    return asyncio.run(collect())


def test_many_jobs_are_polled_by_list(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    for seconds in range(10):
        sandbox.script(f"/{seconds}-", {"processing_s": seconds * 7})
    ids = [submit(client, f"{number % 10}-{number}") for number in range(450)]
    results = until(ids, poller(sandbox))
    assert len(results[-1]) == 450
    assert sandbox.journal("get") == []
    # Pages of 200: one of queued jobs, at most three of those in progress, at most three of completed ones.
    assert len(sandbox.journal("list")) <= len(results) * 7


def test_it_lists_no_further_back_than_the_oldest_wanted_job(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 1000})
    for number in range(410):
        submit(client, f"foreign-{number}")
    sandbox.clock.advance(1)
    sandbox.script("mine", {"processing_s": 30})
    until([submit(client, "mine")], poller(sandbox))
    # Ours is the newest, and its age is known when it leaves a list.
    assert not [entry for entry in sandbox.journal("list") if "before_id" in entry["query"]]


@pytest.mark.parametrize(
    "fault", ["server_error", "html", "reset_before", "rate_limited", "rate_limited_403", "truncated_json"]
)
def test_it_survives_an_outage(client: AssemblyAIClient, sandbox: SandboxServer, fault: str) -> None:
    ids = [submit(client, "a")]
    sandbox.fault(fault, "*", count=25)
    (*_, ended) = until(ids, poller(sandbox))
    assert ended == {ids[0]: JobOutcome()}


def test_a_fault_in_the_middle_of_a_round_loses_no_job(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", FAILING)
    ids = [submit(client, str(number)) for number in range(20)]
    sandbox.fault("server_error", "get", count=30, skip=5)
    (*_, ended) = until(ids, poller(sandbox))
    assert set(ended) == set(ids)
    answered = [entry["path"] for entry in sandbox.journal("get") if entry["status"] == 200]
    assert len(answered) == len(set(answered)) == 20


def test_an_outage_among_requests_by_id_ends_the_round(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", FAILING)
    ids = [submit(client, str(number)) for number in range(100)]
    sandbox.fault("server_error", "get", count=None)
    assert until(ids, poller(sandbox), rounds=1) == [{}]
    assert len(sandbox.journal("get")) <= 4 * 6


def test_unreadable_answers_delay_no_other_jobs(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    """More of them than are requested at the same time, and some before all others."""
    sandbox.script("*", FAILING)
    sandbox.script("broken", {**FAILING, "transcript": {"id": None}})
    ids = sorted(submit(client, f"broken-{number}") for number in range(8))
    others = [submit(client, str(number)) for number in range(40)]
    with wait_registry(CONN).register(ids, None):
        *_, ended = until(others, poller(sandbox), rounds=20)
    assert set(ended) == set(others)


def test_a_failed_and_a_vanished_job_end_with_their_reasons(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("bad", FAILING)
    sandbox.fault("get_delay", delay_s=1)
    ids = [submit(client, "good"), submit(client, "bad"), "11111111-2222-3333-4444-555555555555"]
    started = sandbox.clock.now()
    (*_, ended) = until(ids, poller(sandbox))
    good, bad, vanished = (ended[transcript_id].failure for transcript_id in ids)
    assert (good, bad) == (None, "Audio duration is too short.")
    assert "does not know" in str(vanished)
    assert (sandbox.clock.now() - started).total_seconds() >= MISSING_AFTER_S


def test_jobs_are_polled_less_often_while_none_ends(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 300})
    pauses: list[float] = []
    until([submit(client, "a")], poller(sandbox, pauses))
    assert pauses[0] < pauses[5]
    assert max(pauses) == pytest.approx(5 * 3 * 1.2)


def test_a_steady_wait_is_never_polled_less_often(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 300})
    pauses: list[float] = []
    with wait_registry(CONN).register([], None, steady=True):
        until([submit(client, "a")], poller(sandbox, pauses))
    assert len(pauses) >= 50
    assert max(pauses) == pytest.approx(5 * 1.2)


def test_a_steady_wait_that_starts_in_a_long_pause_shortens_it(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 3000})
    transcript_id, pauses = submit(client, "a"), list[float]()

    async def run() -> None:
        with ExitStack() as waits:

            async def sleep(seconds: float) -> None:
                pauses.append(seconds)
                if seconds < 17:
                    await asyncio.to_thread(sandbox.clock.advance, seconds)
                else:  # the wait starts two seconds later
                    await asyncio.to_thread(sandbox.clock.advance, 2)
                    waits.enter_context(wait_registry(CONN).register([], 4.0, steady=True))
                    async with asyncio.timeout(20):
                        await asyncio.Event().wait()

            def clock() -> float:
                return sandbox.clock.now().timestamp()

            waiting = Poller(CONN, sleep=sleep, clock=clock, uniform=lambda low, high: high)
            waits.enter_context(wait_registry(CONN).register([transcript_id], None))
            async with aclosing(waiting.results()) as results:
                async for _ in results:
                    if len(pauses) > 10:
                        return

    asyncio.run(run())
    longest = pauses.index(max(pauses))
    assert pauses[longest] == pytest.approx(5 * 3 * 1.2)
    assert pauses[longest + 1] == pytest.approx(4 * 1.2 - 2)
    assert pauses[longest + 2 :] == pytest.approx([4 * 1.2] * len(pauses[longest + 2 :]))


def test_a_result_has_the_start_of_its_round_unless_it_is_incomplete(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 300})
    transcript_id = submit(client, "a")

    async def collect() -> list[float | None]:
        with wait_registry(CONN).register([transcript_id], None):
            async with aclosing(poller(sandbox).results()) as results:
                before = sandbox.clock.now().timestamp()
                first = await anext(results)
                sandbox.fault("server_error", "*", count=8)  # one round with its retries
                moments = [first.started_at, *[(await anext(results)).started_at for _ in range(3)]]
        assert moments[0] == pytest.approx(before)
        return moments

    moments = asyncio.run(collect())
    assert None in moments
    known = [moment for moment in moments if moment is not None]
    assert known == sorted(set(known))


def test_a_key_refused_three_times_in_a_row_fails_the_wait(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(wrong))
    with pytest.raises(AuthenticationError):
        until(["a"], poller(sandbox))
    assert len(sandbox.journal()) == 3


def test_a_corrected_key_is_used(
    client: AssemblyAIClient, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript_id = submit(client, "a")
    fields = {"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(fields))
    waiting = poller(sandbox)
    right = json.dumps({**fields, "password": sandbox.api_key})

    async def correct() -> None:
        await requested(sandbox, "list")
        monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", right)

    async def both() -> Ended:
        with wait_registry(CONN).register([transcript_id], None):
            correction = asyncio.create_task(correct())
            async with aclosing(waiting.results()) as results:
                async for result in results:
                    if result.ended:
                        await correction
                        return result.ended
        raise AssertionError("it ended")

    assert asyncio.run(both()) == {transcript_id: JobOutcome()}


def test_a_connection_with_a_new_host_is_used(
    client: AssemblyAIClient, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript_id = submit(client, "a")
    fields = {"conn_type": "assemblyai", "password": sandbox.api_key}
    nowhere = {**fields, "host": "http://127.0.0.1:9"}
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(nowhere))

    async def both() -> Ended:
        with wait_registry(CONN).register([transcript_id], None):
            async with aclosing(poller(sandbox).results()) as results:
                assert (await anext(results)).ended == {}
                moved = json.dumps({**fields, "host": sandbox.url})
                monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", moved)
                return (await anext(results)).ended

    assert asyncio.run(both()) == {transcript_id: JobOutcome()}


async def fire(
    manager: SharedStreamManager, number: int, waiting: AssemblyAITranscriptTrigger
) -> TriggerEvent:
    """What the triggerer does with a trigger that shares a stream."""
    key = waiting.shared_stream_key()
    stream = manager.subscribe(trigger_id=number, trigger=waiting, key=key)
    try:
        async for event in waiting.filter_shared_stream(stream):
            return event
    finally:
        await manager.unsubscribe(trigger_id=number, key=key)
    raise AssertionError("it ended without an event")


def through_airflow(
    triggers: list[AssemblyAITranscriptTrigger], meanwhile: Callable[[], Awaitable[None]]
) -> list[TriggerEvent]:
    async def run() -> list[TriggerEvent]:
        manager = SharedStreamManager()
        events, _ = await asyncio.gather(
            asyncio.gather(*(fire(manager, number, waiting) for number, waiting in enumerate(triggers))),
            meanwhile(),
        )
        return events

    return asyncio.run(run())


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

    events = through_airflow(triggers, meanwhile)
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
        manager = SharedStreamManager()
        waiting = asyncio.create_task(fire(manager, 1, first))
        await requested(sandbox, "list", times=3)
        late_event = await fire(manager, 2, late)
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
        manager = SharedStreamManager()
        tasks = [asyncio.create_task(fire(manager, n, each)) for n, each in enumerate((cancelled, other))]
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
        manager = SharedStreamManager()
        waiting = asyncio.create_task(fire(manager, 1, alone))
        await requested(sandbox, "list", times=2)
        waiting.cancel()  # while the answer to a further request is awaited
        await asyncio.gather(waiting, return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in others if not task.done() and not task.cancelling()]

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
        manager = SharedStreamManager()
        tasks = [asyncio.create_task(fire(manager, number, each)) for number, each in enumerate(waits)]
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

    class Clocked(AssemblyAITranscriptTrigger):
        clock = staticmethod(lambda: sandbox.clock.now().timestamp())

    async def rounds(results: AsyncIterator[PollResult]) -> AsyncIterator[PollResult]:
        for _ in range(50):
            yield await anext(results)

    async def run() -> TriggerEvent:
        waiting = Clocked([*broken, good], CONN, patience=60)
        async with aclosing(poller(sandbox).results()) as results:
            return await anext(aiter(waiting.filter_shared_stream(rounds(results))))

    assert ended_ids(asyncio.run(run())) == [good]


def test_a_trigger_can_also_run_alone(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    waiting = AssemblyAITranscriptTrigger([submit(client, "a")], CONN, 0.1)

    async def run() -> list[TriggerEvent]:
        return [event async for event in waiting.run()]

    (event,) = asyncio.run(run())
    assert isinstance(event, TaskSuccessEvent)
