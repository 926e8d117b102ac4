"""Runs that end while jobs are in progress, overlap, and are killed in the middle of it."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.reliability.live import Live
from tests.support.reliability.world import content_sha256
from tests.support.workers import until

if TYPE_CHECKING:
    from tests.reliability.conftest import Trials

SENTENCES = [{"text": "Good day.", "start": 0, "end": 900, "sentiment": "NEUTRAL", "confidence": 0.9}]
WAIT_S = 9.0
NEVER_S = 10**7


@pytest.fixture
def live(airflow: Live, vendor: SandboxServer, request: pytest.FixtureRequest) -> Live:
    airflow.set_up(vendor, re.sub(r"\W", "-", request.node.name))
    vendor.script("*", {"processing_s": 1, "sentences": SENTENCES})
    return airflow


def slow(live: Live, call_id: str, seconds: float) -> None:
    """Have AssemblyAI work on a call's recording for so long."""
    audio = content_sha256(f"audio of {call_id}.mp3".encode())
    live.vendor.script(audio, {"processing_s": seconds, "sentences": SENTENCES})


def settle(live: Live) -> None:
    """Let runs follow one another until nothing is open."""

    def is_settled() -> bool:
        if not sum(live.ledger(state) for state in ("intent", "submitted", "loaded")):
            return True
        assert live.finished(live.trigger(wait_s=WAIT_S)) == "success"
        return False

    # A run with nothing but jobs in progress ends at once, so their number says nothing.
    until(is_settled, "nothing is open", 180)


def overview(live: Live) -> dict[str, dict[str, Any]]:
    return {row["call_id"]: row for row in live.query("SELECT * FROM call_sentiment.call_overview")}


def test_a_straggler_holds_up_nobody(live: Live, trials: Trials) -> None:
    live.record(12)
    straggler, others = live.call_ids[0], live.call_ids[1:]
    slow(live, straggler, 60)
    assert live.finished(live.trigger(wait_s=WAIT_S)) == "success"
    rows = overview(live)
    assert {rows[call_id]["status"] for call_id in others} == {"ok"}
    assert rows[straggler]["status"] == "in_progress"
    (times,) = live.query(
        "SELECT max(scored_at) - max(submitted_at) AS took,"
        " min(submitted_at) FILTER (WHERE call_id = %s) AS since FROM call_sentiment.transcripts",
        straggler,
    )
    assert times["took"] < timedelta(seconds=30)
    assert rows[straggler]["in_progress_since"] == times["since"]
    # What comes meanwhile is scored by the next run, beside the straggler.
    live.record_one(thirteenth := f"{live.calls.name}-12")
    assert live.finished(live.trigger(wait_s=WAIT_S)) == "success"
    assert {call_id: row["status"] for call_id, row in overview(live).items()} == {
        straggler: "in_progress",
        thirteenth: "ok",
        **dict.fromkeys(others, "ok"),
    }
    settle(live)
    assert overview(live)[straggler]["status"] == "ok"
    assert len(live.vendor.charges()) == 13
    trials.tried("straggler", live.examine())


@pytest.mark.faults
def test_a_job_that_never_ends_fails_no_run(live: Live, trials: Trials) -> None:
    live.record(3)
    never = live.call_ids[0]
    slow(live, never, NEVER_S)
    assert live.finished(live.trigger(wait_s=WAIT_S)) == "success"
    assert live.finished(live.trigger(wait_s=WAIT_S, give_up_after_h=0.0005)) == "success"
    row = overview(live)[never]
    assert (row["status"], row["reason"][:38]) == ("failed", "AssemblyAI has not finished this job i")
    trials.tried("given-up", live.examine())
    assert len(live.vendor.charges()) == 2


@pytest.mark.faults
def test_runs_overlap_over_the_same_stragglers(live: Live, trials: Trials) -> None:
    live.record(20)
    for call_id in live.call_ids[:6]:
        slow(live, call_id, 25)
    first = live.trigger(wait_s=WAIT_S)
    until(lambda: live.ledger("submitted") >= 6, "jobs are in progress", 90)
    second, third = live.trigger(wait_s=WAIT_S), live.trigger(wait_s=WAIT_S)
    assert [live.finished(run) for run in (first, second, third)] == ["success"] * 3
    settle(live)
    trials.tried("overlapping-runs", live.examine(), 3)
    assert live.ledger("scored") == 20
    assert len(live.vendor.journal("submit")) == 20


@pytest.mark.faults
@pytest.mark.parametrize("late_s", [-0.6, -0.3, 0.0, 0.3, 0.6])
def test_patience_passes_as_the_last_job_ends(live: Live, trials: Trials, late_s: float) -> None:
    live.record(4)
    # Three are over after a second. A third of the wait later the patience passes, and the last one ends.
    slow(live, live.call_ids[0], 1 + WAIT_S / 3 + late_s)
    assert live.finished(live.trigger(wait_s=WAIT_S)) == "success"
    settle(live)
    trials.tried("patience", live.examine())
    assert live.ledger("scored") == 4


@pytest.mark.faults
def test_triggerer_and_worker_killed_while_half_is_loaded(live: Live, trials: Trials) -> None:
    live.record(20)
    for call_id in live.call_ids[:4]:
        slow(live, call_id, 30)
    run_id = live.trigger(wait_s=WAIT_S)
    # The sensors look by id as well, once each; then a load hangs in the middle of its batch.
    until(lambda: live.ledger("submitted") == 20, "all are submitted", 90)
    live.vendor.fault("lost_answer", "get", delay_s=50, count=2, skip=8)
    until(lambda: any(entry["fault"] for entry in live.vendor.journal("get")), "a worker hangs at a get", 90)
    for process in live.task_processes():
        with suppress(psutil.NoSuchProcess):
            process.kill()
    live.stack.processes.kill("triggerer")
    live.vendor.clear_faults()
    live.stack.start_component("triggerer")
    assert live.finished(run_id) == "success"
    settle(live)
    trials.tried("killed-half-loaded", live.examine(), 2)
    assert live.ledger("scored") == 20
