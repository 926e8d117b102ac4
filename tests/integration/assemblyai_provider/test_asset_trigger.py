"""The trigger of an AssetWatcher reports each transcript that ends, across faults and restarts."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider.asset_triggers import MAX_TRANSCRIPTS, AssemblyAITranscriptsEndedTrigger
from assemblyai_sandbox.testing import SandboxServer

CONN = "assemblyai_default"
LASTING = {"processing_s": 60}
FAILING = {**LASTING, "status": "error", "error": "Audio duration is too short."}

Act = Callable[[int], object]
"""What happens in the pause after a round, by its number from 0."""


@pytest.fixture(autouse=True)
def connection(assemblyai_conn: str, sandbox: SandboxServer) -> None:
    assert assemblyai_conn == CONN
    sandbox.script("*", LASTING)


class Store:
    """What Airflow 3.3 gives a trigger of one asset; it outlives a triggerer."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def aget(self, key: str) -> Any:
        return json.loads(self.values.get(key, "null"))

    async def aset(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(value)


def submit(client: AssemblyAIClient, name: str) -> str:
    return client.post_transcript({"audio_url": f"https://h/{name}.mp3"}, lambda: None)


def watch(
    sandbox: SandboxServer, acts: list[Act], *, store: Store | None = None, lookback: float = 0
) -> list[tuple[str, str]]:
    """The (id, status) pairs that a trigger reports in as many rounds as there are acts, and one."""
    trigger = AssemblyAITranscriptsEndedTrigger(CONN, poll_interval=5, lookback=lookback)
    trigger.asset_state_store = store  # type: ignore[assignment]
    rounds = 0

    async def sleep(seconds: float) -> None:
        nonlocal rounds
        if rounds == len(acts):
            raise asyncio.CancelledError
        await asyncio.to_thread(acts[rounds], rounds)
        rounds += 1

    trigger.sleep = sleep  # type: ignore[assignment,method-assign]
    events: list[Any] = []

    async def collect() -> None:
        run: AsyncIterator[TriggerEvent] = trigger.run()
        async with aclosing(run) as stream:  # type: ignore[type-var]
            async for event in stream:
                events.append(event.payload)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(collect())
    assert all(1 <= len(payload["transcripts"]) <= MAX_TRANSCRIPTS for payload in events)
    return [(item["id"], item["status"]) for payload in events for item in payload["transcripts"]]


def nothing(round_: int) -> None:
    pass


def test_each_job_that_ends_is_reported_once_with_its_status(
    sandbox: SandboxServer, client: AssemblyAIClient
) -> None:
    sandbox.script("short", FAILING)
    ended = submit(client, "ended-before")
    sandbox.clock.advance(3600)
    old = submit(client, "in-progress-before")
    later: list[str] = []

    def add(round_: int) -> None:
        later.extend(submit(client, name) for name in ("short", "long"))

    reported = watch(sandbox, [add, lambda _: sandbox.clock.advance(3600), nothing, nothing])
    assert sorted(reported) == sorted([(old, "completed"), (later[0], "error"), (later[1], "completed")])
    assert ended not in dict(reported)


def test_jobs_of_the_look_back_are_reported(sandbox: SandboxServer, client: AssemblyAIClient) -> None:
    ended = submit(client, "ended-before")
    sandbox.clock.advance(100)
    assert watch(sandbox, [nothing], lookback=600) == [(ended, "completed")]


def test_a_restarted_triggerer_reports_what_ended_without_it_and_nothing_twice(
    sandbox: SandboxServer, client: AssemblyAIClient
) -> None:
    store = Store()
    first, second = submit(client, "a"), ""

    def end_and_add(round_: int) -> None:
        nonlocal second
        sandbox.clock.advance(3600)
        second = submit(client, "b")

    assert watch(sandbox, [end_and_add, nothing], store=store) == [(first, "completed")]
    third = submit(client, "c")
    sandbox.clock.advance(3600)
    assert sorted(watch(sandbox, [nothing], store=store)) == sorted(
        [(second, "completed"), (third, "completed")]
    )
    assert watch(sandbox, [nothing], store=store) == []


def test_a_deleted_transcript_is_not_reported(sandbox: SandboxServer, client: AssemblyAIClient) -> None:
    gone, kept = submit(client, "gone"), submit(client, "kept")

    def end_and_delete(round_: int) -> None:
        sandbox.clock.advance(3600)
        client.delete_transcript(gone)

    assert watch(sandbox, [end_and_delete]) == [(kept, "completed")]


def test_more_jobs_than_fit_on_a_page_or_in_an_event(
    sandbox: SandboxServer, client: AssemblyAIClient
) -> None:
    ids = {submit(client, str(number)) for number in range(2 * MAX_TRANSCRIPTS + 1)}
    reported = watch(sandbox, [lambda _: sandbox.clock.advance(36_000)] * 3)
    assert len(reported) == len(ids)
    assert {id_ for id_, _ in reported} == ids


def test_a_refused_key_delays_reports_and_loses_none(
    sandbox: SandboxServer,
    client: AssemblyAIClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    id_ = submit(client, "a")
    name = f"AIRFLOW_CONN_{CONN.upper()}"
    good = os.environ[name]
    monkeypatch.setenv(name, json.dumps({**json.loads(good), "password": "revoked"}))

    def restore(round_: int) -> None:
        monkeypatch.setenv(name, good)

    assert watch(sandbox, [restore, lambda _: sandbox.clock.advance(3600), nothing]) == [(id_, "completed")]
    assert sum("Correct the API key" in record.getMessage() for record in caplog.records) == 1
    assert not any("revoked" in record.getMessage() for record in caplog.records)
