"""A job is queued, processing and ended, as the clock moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

MINUTE = {"processing_s": 60, "sentences": []}


def test_nothing_ends_before_its_time_and_everything_at_it(api: Api, server: SandboxServer) -> None:
    server.script("*", MINUTE)
    transcript_id = api.submit()

    server.clock.advance(59.999)
    before = api.get(transcript_id)["status"]
    server.clock.advance(0.001)

    assert (before, api.get(transcript_id)["status"]) == ("processing", "completed")


def test_reading_does_not_move_a_frozen_clock(api: Api, server: SandboxServer) -> None:
    server.script("*", MINUTE)
    transcript_id = api.submit()
    moment = server.clock.now()

    assert {api.get(transcript_id)["status"] for _ in range(20)} == {"processing"}
    assert server.clock.now() == moment


def test_a_running_clock_can_be_pushed_ahead(start: Callable[..., Api]) -> None:
    api = start(clock="real")
    api.server.script("*", {"processing_s": 3600})
    transcript_id = api.submit()

    api.server.clock.advance(3600)

    assert api.get(transcript_id)["status"] == "completed"


def test_the_clock_does_not_go_back(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="turned back"):
        server.clock.advance(-1)


def test_jobs_over_the_limit_are_queued_in_order(start: Callable[..., Api]) -> None:
    api = start(concurrency=2)
    api.server.script("*", MINUTE)
    answers = [api.post().json() for _ in range(5)]
    ids = [answer["id"] for answer in answers]

    def seen() -> list[tuple[str, bool]]:
        return [(transcript["status"], transcript["throttled"]) for transcript in map(api.get, ids)]

    running, waiting, over = ("processing", False), ("queued", True), ("completed", False)
    assert [(answer["status"], answer["throttled"]) for answer in answers] == [running] * 2 + [waiting] * 3
    assert seen() == [running] * 2 + [waiting] * 3
    api.server.clock.advance(60)
    assert seen() == [over] * 2 + [running] * 2 + [waiting]
    api.server.clock.advance(60)
    assert seen() == [over] * 4 + [running]


def test_one_long_step_has_the_same_result_as_small_steps(start: Callable[..., Api]) -> None:
    def history(steps: list[float]) -> list[str]:
        api = start(concurrency=2, seed=5)
        for seconds in (10, 30, 20, 40):
            api.server.script("*", {"processing_s": seconds})
            api.submit()
        moment = api.server.clock.now()
        for step in steps:
            api.server.clock.advance(step)
        page = api.http.get("/v2/transcript").json()["transcripts"]
        ends = [datetime.fromisoformat(item["completed"] + "+00:00") for item in page]
        return [f"{(end - moment).total_seconds():.3f}" for end in ends]

    assert history([100]) == history([1.0] * 100) == ["70.000", "30.000", "30.000", "10.000"]


def test_accounts_do_not_wait_for_each_other(start: Callable[..., Api], connect: Callable[..., Api]) -> None:
    one = start(concurrency=1, api_keys={"a": "one/main", "b": "two/main"})
    two = connect(one.server, "b")
    one.server.script("*", MINUTE)

    assert [one.post().json()["status"], one.post().json()["status"]] == ["processing", "queued"]
    assert two.post().json()["status"] == "processing"


def test_a_preset_sets_queued_on_submit(start: Callable[..., Api]) -> None:
    old, new = start(preset="spec"), start(preset="docs")
    for api in (old, new):
        api.server.script("*", MINUTE)

    first, second = old.post().json(), new.post().json()

    assert (first["status"], second["status"]) == ("queued", "processing")
    assert old.get(first["id"])["status"] == "processing"


def test_many_jobs_end_together(start: Callable[..., Api]) -> None:
    api = start(concurrency=300)
    api.server.script("*", MINUTE)
    for _ in range(300):
        api.submit()
    assert len(api.ids(status="processing", limit=200)) == 200

    api.server.clock.advance(60)

    assert api.ids(status="processing") == []
    assert len(api.server.charges()) == 300
