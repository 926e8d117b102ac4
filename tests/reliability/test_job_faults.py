"""Jobs that fail at AssemblyAI, and accounts that stop being good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.discovery.discover import MAX_ATTEMPTS
from tests.support.dag_steps import UPLOAD_WORKERS
from tests.support.reliability.world import World, content_sha256

if TYPE_CHECKING:
    from tests.reliability.conftest import Trials

ALFA = content_sha256(b"audio of alfa")
SERVER_ERRORS = (
    "Server error, developers have been alerted.",
    "Internal server error. Please retry your request. If the error persists, please contact"
    " support@assemblyai.com for more information.",
)
SENTENCE = {
    "text": "Good day.",
    "start": 0,
    "end": 900,
    "sentiment": "NEUTRAL",
    "confidence": 0.9,
    "speaker": "A",
}
GOOD = {"status": "completed", "sentences": [SENTENCE]}


def _attempts(world: World, call_id: str) -> list[dict[str, Any]]:
    return world.query(
        "SELECT * FROM call_sentiment.transcripts WHERE call_id = %s ORDER BY transcript_id", call_id
    )


def _submissions(world: World) -> int:
    return len(world.vendor.journal("submit"))


@pytest.mark.parametrize("text", SERVER_ERRORS)
def test_a_server_error_is_submitted_again_and_then_scored(world: World, trials: Trials, text: str) -> None:
    world.vendor.script(ALFA, {"status": "error", "error": text}, GOOD)
    world.workers.run("run", world.location)
    world.workers.run("run", world.location)
    trials.tried("server-error-job", world.examine())
    assert [row["state"] for row in _attempts(world, "alfa")] == ["failed", "scored"]


@pytest.mark.faults
def test_a_server_error_that_stays_is_given_up(world: World, trials: Trials) -> None:
    world.vendor.script(ALFA, {"status": "error", "error": SERVER_ERRORS[1]})
    for _ in range(MAX_ATTEMPTS + 2):
        world.workers.run("run", world.location)
    trials.tried("server-error-job", world.examine(), MAX_ATTEMPTS)
    attempts = _attempts(world, "alfa")
    assert [row["state"] for row in attempts] == ["failed"] * MAX_ATTEMPTS
    assert attempts[-1]["error"].startswith("Internal server error")


def _lose(world: World, call_id: str) -> None:
    """Have AssemblyAI lose a job without a trace (and without a bill): the ledger knows an id it does not."""
    world.query(
        "UPDATE call_sentiment.transcripts SET assemblyai_id = 'lost-' || transcript_id, state = 'submitted',"
        " posted_at = now(), submitted_at = now() WHERE call_id = %s AND state = 'intent'",
        call_id,
    )


def test_a_lost_job_is_submitted_again_a_bounded_number_of_times(world: World, trials: Trials) -> None:
    for number in range(MAX_ATTEMPTS):
        world.workers.run("discover", world.location)
        assert len(_attempts(world, "alfa")) == number + 1
        _lose(world, "alfa")
        world.workers.run("load", ["alfa"])
        assert _attempts(world, "alfa")[-1]["error"] == "AssemblyAI no longer knows this transcript"
    world.workers.run("run", world.location)
    trials.tried("lost-job", world.examine(), MAX_ATTEMPTS)
    assert len(_attempts(world, "alfa")) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    "text",
    [
        "Download error, unable to download https://x.example/a. Please make sure the file exists.",
        "Transcoding failed. File does not appear to contain audio. File type is text/html (HTML).",
        "Audio duration is too short.",
    ],
)
def test_a_permanent_error_is_never_submitted_again(world: World, trials: Trials, text: str) -> None:
    world.vendor.script(ALFA, {"status": "error", "error": text})
    world.workers.run("run", world.location)
    before = _submissions(world)
    for _ in range(2):
        world.workers.run("run", world.location)
    trials.tried("permanent-error-job", world.examine())
    assert _submissions(world) == before
    assert [row["state"] for row in _attempts(world, "alfa")] == ["failed"]


def _stopped(world: World, step: str, *given: Any) -> str:
    """Run a step that must fail; what it says."""
    world.workers.log.write_text("")
    with world.workers.started(step, *given) as process:
        process.join(60)
        assert process.exitcode == 1
    return world.workers.log.read_text()


@pytest.mark.parametrize(
    ("fault", "cure", "step"),
    [
        ("refused-key", "API key", "submit"),
        ("refused-key", "API key", "load"),
        ("negative-balance", "balance is negative", "submit"),
    ],
)
def test_an_account_that_is_refused_stops_the_run_and_fails_no_call(
    world: World, trials: Trials, undisturbed: object, fault: str, cure: str, step: str
) -> None:
    for number in range(30):
        world.record(f"more-{number}")
    world.workers.run("discover", world.location)
    good = dict(world.workers.environment)
    if step == "load":
        world.workers.run("submit", world.call_ids)
    before = len(world.vendor.journal())
    if fault == "refused-key":
        name = "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT"
        world.workers.environment[name] = good[name].replace(world.vendor.api_key, "revoked")
    else:
        world.vendor.account(negative_balance=True)
    said = _stopped(world, step, world.call_ids)
    assert said.count(cure) <= 3, "one clear message, not one for each call"
    assert cure in said
    # No more than what was under way at the same time, an upload and its submission for each worker.
    assert len(world.vendor.journal()) - before <= 2 * UPLOAD_WORKERS
    failed = world.query("SELECT call_id FROM call_sentiment.transcripts WHERE state = 'failed'")
    assert {row["call_id"] for row in failed} <= {"empty"}
    world.workers.environment.update(good)
    world.vendor.account(negative_balance=False)
    world.workers.run("run", world.location)
    trials.tried(fault, world.examine())
    assert isinstance(undisturbed, dict)
    assert undisturbed.items() <= world.results().items()
