from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack, aclosing

import pytest

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._waiting.job_tracker import MISSING_AFTER_S, JobOutcome
from assemblyai_provider._waiting.poller import Poller
from assemblyai_provider._waiting.wait_registry import wait_registry
from assemblyai_provider.exceptions import AuthenticationError
from assemblyai_sandbox.testing import SandboxServer
from tests.support.polling import CONN, FAILING, requested, sandbox_poller, submit

Ended = Mapping[str, JobOutcome]


@pytest.fixture(autouse=True)
def connection(assemblyai_conn: str) -> None:
    assert assemblyai_conn == CONN


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
    results = until(ids, sandbox_poller(sandbox))
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
    until([submit(client, "mine")], sandbox_poller(sandbox))
    # Ours is the newest, and its age is known when it leaves a list.
    assert not [entry for entry in sandbox.journal("list") if "before_id" in entry["query"]]


@pytest.mark.parametrize(
    "fault", ["server_error", "html", "reset_before", "rate_limited", "rate_limited_403", "truncated_json"]
)
def test_it_survives_an_outage(client: AssemblyAIClient, sandbox: SandboxServer, fault: str) -> None:
    ids = [submit(client, "a")]
    sandbox.fault(fault, "*", count=25)
    (*_, ended) = until(ids, sandbox_poller(sandbox))
    assert ended == {ids[0]: JobOutcome()}


def test_a_fault_in_the_middle_of_a_round_loses_no_job(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", FAILING)
    ids = [submit(client, str(number)) for number in range(20)]
    sandbox.fault("server_error", "get", count=30, skip=5)
    (*_, ended) = until(ids, sandbox_poller(sandbox))
    assert set(ended) == set(ids)
    answered = [entry["path"] for entry in sandbox.journal("get") if entry["status"] == 200]
    assert len(answered) == len(set(answered)) == 20


def test_an_outage_among_requests_by_id_ends_the_round(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("*", FAILING)
    ids = [submit(client, str(number)) for number in range(100)]
    sandbox.fault("server_error", "get", count=None)
    assert until(ids, sandbox_poller(sandbox), rounds=1) == [{}]
    assert len(sandbox.journal("get")) <= 4 * 6


def test_unreadable_answers_delay_no_other_jobs(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    """More of them than are requested at the same time, and some before all others."""
    sandbox.script("*", FAILING)
    sandbox.script("broken", {**FAILING, "transcript": {"id": None}})
    ids = sorted(submit(client, f"broken-{number}") for number in range(8))
    others = [submit(client, str(number)) for number in range(40)]
    with wait_registry(CONN).register(ids, None):
        *_, ended = until(others, sandbox_poller(sandbox), rounds=20)
    assert set(ended) == set(others)


def test_a_failed_and_a_vanished_job_end_with_their_reasons(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.script("bad", FAILING)
    sandbox.fault("get_delay", delay_s=1)
    ids = [submit(client, "good"), submit(client, "bad"), "11111111-2222-3333-4444-555555555555"]
    started = sandbox.clock.now()
    (*_, ended) = until(ids, sandbox_poller(sandbox))
    good, bad, vanished = (ended[transcript_id].failure for transcript_id in ids)
    assert (good, bad) == (None, "Audio duration is too short.")
    assert "does not know" in str(vanished)
    assert (sandbox.clock.now() - started).total_seconds() >= MISSING_AFTER_S


def test_jobs_are_polled_less_often_while_none_ends(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 300})
    pauses: list[float] = []
    until([submit(client, "a")], sandbox_poller(sandbox, pauses))
    assert pauses[0] < pauses[5]
    assert max(pauses) == pytest.approx(5 * 3 * 1.2)


def test_a_steady_wait_is_never_polled_less_often(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"processing_s": 300})
    pauses: list[float] = []
    with wait_registry(CONN).register([], None, steady=True):
        until([submit(client, "a")], sandbox_poller(sandbox, pauses))
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
            async with aclosing(sandbox_poller(sandbox).results()) as results:
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
        until(["a"], sandbox_poller(sandbox))
    assert len(sandbox.journal()) == 3


def test_a_corrected_key_is_used(
    client: AssemblyAIClient, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript_id = submit(client, "a")
    fields = {"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(fields))
    waiting = sandbox_poller(sandbox)
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
            async with aclosing(sandbox_poller(sandbox).results()) as results:
                assert (await anext(results)).ended == {}
                moved = json.dumps({**fields, "host": sandbox.url})
                monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", moved)
                return (await anext(results)).ended

    assert asyncio.run(both()) == {transcript_id: JobOutcome()}
