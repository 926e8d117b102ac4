"""Runs that end while jobs are in progress, that overlap, and that are killed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.reliability.call_centre import content_sha256
from tests.support.reliability.running_airflow import RunningAirflow
from tests.support.workers import wait_until

if TYPE_CHECKING:
    from tests.reliability.conftest import FaultRecorder

SENTENCES = [{"text": "Good day.", "start": 0, "end": 900, "sentiment": "NEUTRAL", "confidence": 0.9}]
WAIT_S = 9.0
NEVER_S = 10**7


@pytest.fixture
def airflow(airflow: RunningAirflow) -> RunningAirflow:
    airflow.vendor.script("*", {"processing_s": 1, "sentences": SENTENCES})
    return airflow


def set_job_duration(airflow: RunningAirflow, call_id: str, seconds: float) -> None:
    """Let the job of a call take so many seconds."""
    audio = content_sha256(f"audio of {call_id}.mp3".encode())
    airflow.vendor.script(audio, {"processing_s": seconds, "sentences": SENTENCES})


def run_until_settled(airflow: RunningAirflow) -> None:
    """Run the Dag again and again until no transcript is open."""

    def is_settled() -> bool:
        if not sum(airflow.count_transcripts(state) for state in ("intent", "submitted", "loaded")):
            return True
        assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S)) == "success"
        return False

    # A time limit, not a number of runs: a run that has only jobs in progress ends at once.
    wait_until(is_settled, "nothing is open", 180)


def read_overview(airflow: RunningAirflow) -> dict[str, dict[str, Any]]:
    return {row["call_id"]: row for row in airflow.query("SELECT * FROM call_sentiment.call_overview")}


def test_a_straggler_delays_no_other_call(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(12)
    straggler, others = airflow.call_ids[0], airflow.call_ids[1:]
    set_job_duration(airflow, straggler, 3600)
    assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S)) == "success"
    rows = read_overview(airflow)
    assert {rows[call_id]["status"] for call_id in others} == {"ok"}
    assert rows[straggler]["status"] == "in_progress"
    (times,) = airflow.query(
        "SELECT max(scored_at) - max(submitted_at) AS took,"
        " min(submitted_at) FILTER (WHERE call_id = %s) AS since FROM call_sentiment.transcripts",
        straggler,
    )
    assert times["took"] < timedelta(seconds=30)
    assert rows[straggler]["in_progress_since"] == times["since"]
    # The next run scores a new call although the straggler is in progress.
    airflow.add_recording(thirteenth := f"{airflow.recordings.name}-12")
    assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S)) == "success"
    assert {call_id: row["status"] for call_id, row in read_overview(airflow).items()} == {
        straggler: "in_progress",
        thirteenth: "ok",
        **dict.fromkeys(others, "ok"),
    }
    airflow.vendor.clock.advance(3600)
    run_until_settled(airflow)
    assert read_overview(airflow)[straggler]["status"] == "ok"
    assert len(airflow.vendor.charges()) == 13
    faults.record("straggler", airflow.examine())


@pytest.mark.faults
def test_a_job_that_never_ends_fails_no_run(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(3)
    never = airflow.call_ids[0]
    set_job_duration(airflow, never, NEVER_S)
    assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S)) == "success"
    assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S, give_up_after_h=0.0005)) == "success"
    row = read_overview(airflow)[never]
    assert (row["status"], row["reason"][:38]) == ("failed", "AssemblyAI has not finished this job i")
    faults.record("given-up", airflow.examine())
    assert len(airflow.vendor.charges()) == 2


@pytest.mark.faults
def test_runs_overlap_over_the_same_stragglers(airflow: RunningAirflow, faults: FaultRecorder) -> None:
    airflow.add_recordings(20)
    for call_id in airflow.call_ids[:6]:
        set_job_duration(airflow, call_id, 25)
    first = airflow.trigger(wait_s=WAIT_S)
    wait_until(lambda: airflow.count_transcripts("submitted") >= 6, "jobs are in progress", 90)
    second, third = airflow.trigger(wait_s=WAIT_S), airflow.trigger(wait_s=WAIT_S)
    assert [airflow.wait_for_run(run) for run in (first, second, third)] == ["success"] * 3
    run_until_settled(airflow)
    faults.record("overlapping-runs", airflow.examine(), 3)
    assert airflow.count_transcripts("scored") == 20
    assert len(airflow.vendor.journal("submit")) == 20


@pytest.mark.faults
@pytest.mark.parametrize("late_s", [-0.6, -0.3, 0.0, 0.3, 0.6])
def test_patience_passes_as_the_last_job_ends(
    airflow: RunningAirflow, faults: FaultRecorder, late_s: float
) -> None:
    airflow.add_recordings(4)
    # Three jobs end after a second. The patience passes a third of the wait later, as the last job ends.
    set_job_duration(airflow, airflow.call_ids[0], 1 + WAIT_S / 3 + late_s)
    assert airflow.wait_for_run(airflow.trigger(wait_s=WAIT_S)) == "success"
    run_until_settled(airflow)
    faults.record("patience", airflow.examine())
    assert airflow.count_transcripts("scored") == 4


@pytest.mark.faults
def test_triggerer_and_worker_killed_while_half_is_loaded(
    airflow: RunningAirflow, faults: FaultRecorder
) -> None:
    airflow.add_recordings(20)
    for call_id in airflow.call_ids[:4]:
        set_job_duration(airflow, call_id, 30)
    run_id = airflow.trigger(wait_s=WAIT_S)
    # Each sensor sends gets too. They pass, and then a load hangs in the middle of its batch.
    wait_until(lambda: airflow.count_transcripts("submitted") == 20, "all are submitted", 90)
    airflow.vendor.fault("lost_answer", "get", delay_s=50, count=2, skip=8)
    wait_until(
        lambda: any(entry["fault"] for entry in airflow.vendor.journal("get")), "a worker hangs at a get", 90
    )
    for process in airflow.task_processes():
        with suppress(psutil.NoSuchProcess):
            process.kill()
    airflow.stack.processes.kill("triggerer")
    airflow.vendor.clear_faults()
    airflow.stack.start_component("triggerer")
    assert airflow.wait_for_run(run_id) == "success"
    run_until_settled(airflow)
    faults.record("killed-half-loaded", airflow.examine(), 2)
    assert airflow.count_transcripts("scored") == 20
