"""Jobs that fail at AssemblyAI, and accounts that AssemblyAI stops serving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.discovery.discover import MAX_ATTEMPTS
from tests.support.dag_steps import UPLOAD_WORKERS
from tests.support.reliability.call_centre import CallCentre, content_sha256

if TYPE_CHECKING:
    from tests.reliability.conftest import FaultRecorder

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


def _attempts(centre: CallCentre, call_id: str) -> list[dict[str, Any]]:
    return centre.query(
        "SELECT * FROM call_sentiment.transcripts WHERE call_id = %s ORDER BY transcript_id", call_id
    )


def _submissions(centre: CallCentre) -> int:
    return len(centre.vendor.journal("submit"))


@pytest.mark.parametrize("text", SERVER_ERRORS)
def test_a_server_error_is_submitted_again_and_then_scored(
    centre: CallCentre, faults: FaultRecorder, text: str
) -> None:
    centre.vendor.script(ALFA, {"status": "error", "error": text}, GOOD)
    centre.workers.run_step("run", centre.location)
    centre.workers.run_step("run", centre.location)
    faults.record("server-error-job", centre.examine())
    assert [row["state"] for row in _attempts(centre, "alfa")] == ["failed", "scored"]


@pytest.mark.faults
def test_a_server_error_that_stays_is_given_up(centre: CallCentre, faults: FaultRecorder) -> None:
    centre.vendor.script(ALFA, {"status": "error", "error": SERVER_ERRORS[1]})
    for _ in range(MAX_ATTEMPTS + 2):
        centre.workers.run_step("run", centre.location)
    faults.record("server-error-job", centre.examine(), MAX_ATTEMPTS)
    attempts = _attempts(centre, "alfa")
    assert [row["state"] for row in attempts] == ["failed"] * MAX_ATTEMPTS
    assert attempts[-1]["error"].startswith("Internal server error")


def _lose(centre: CallCentre, call_id: str) -> None:
    """Give a transcript an id that AssemblyAI does not know, as if it had lost the job unpaid."""
    centre.query(
        "UPDATE call_sentiment.transcripts SET assemblyai_id = 'lost-' || transcript_id, state = 'submitted',"
        " posted_at = now(), submitted_at = now() WHERE call_id = %s AND state = 'intent'",
        call_id,
    )


def test_a_lost_job_is_submitted_again_a_bounded_number_of_times(
    centre: CallCentre, faults: FaultRecorder
) -> None:
    for number in range(MAX_ATTEMPTS):
        centre.workers.run_step("discover", centre.location)
        assert len(_attempts(centre, "alfa")) == number + 1
        _lose(centre, "alfa")
        centre.workers.run_step("load", ["alfa"])
        assert _attempts(centre, "alfa")[-1]["error"] == "AssemblyAI no longer knows this transcript"
    centre.workers.run_step("run", centre.location)
    faults.record("lost-job", centre.examine(), MAX_ATTEMPTS)
    assert len(_attempts(centre, "alfa")) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    "text",
    [
        "Download error, unable to download https://x.example/a. Please make sure the file exists.",
        "Transcoding failed. File does not appear to contain audio. File type is text/html (HTML).",
        "Audio duration is too short.",
    ],
)
def test_a_permanent_error_is_never_submitted_again(
    centre: CallCentre, faults: FaultRecorder, text: str
) -> None:
    centre.vendor.script(ALFA, {"status": "error", "error": text})
    centre.workers.run_step("run", centre.location)
    before = _submissions(centre)
    for _ in range(2):
        centre.workers.run_step("run", centre.location)
    faults.record("permanent-error-job", centre.examine())
    assert _submissions(centre) == before
    assert [row["state"] for row in _attempts(centre, "alfa")] == ["failed"]


def _run_failing_step(centre: CallCentre, step: str, *arguments: Any) -> str:
    """Run a step that must fail; returns its log."""
    centre.workers.log.write_text("")
    with centre.workers.start_step(step, *arguments) as process:
        process.join(60)
        assert process.exitcode == 1
    return centre.workers.log.read_text()


@pytest.mark.parametrize(
    ("fault", "cure", "step"),
    [
        ("refused-key", "API key", "submit"),
        ("refused-key", "API key", "load"),
        ("negative-balance", "balance is negative", "submit"),
    ],
)
def test_an_account_that_is_refused_stops_the_run_and_fails_no_call(
    centre: CallCentre, faults: FaultRecorder, expected: object, fault: str, cure: str, step: str
) -> None:
    for number in range(30):
        centre.add_recording(f"more-{number}")
    centre.workers.run_step("discover", centre.location)
    good = dict(centre.workers.environment)
    if step == "load":
        centre.workers.run_step("submit", centre.call_ids)
    before = len(centre.vendor.journal())
    if fault == "refused-key":
        name = "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT"
        centre.workers.environment[name] = good[name].replace(centre.vendor.api_key, "revoked")
    else:
        centre.vendor.account(negative_balance=True)
    log = _run_failing_step(centre, step, centre.call_ids)
    assert log.count(cure) <= 3, "there is one message for each call"
    assert cure in log
    # No more than one upload and one submission by each upload worker, which ran at the same time.
    assert len(centre.vendor.journal()) - before <= 2 * UPLOAD_WORKERS
    failed = centre.query("SELECT call_id FROM call_sentiment.transcripts WHERE state = 'failed'")
    assert {row["call_id"] for row in failed} <= {"empty"}
    centre.workers.environment.update(good)
    centre.vendor.account(negative_balance=False)
    centre.workers.run_step("run", centre.location)
    faults.record(fault, centre.examine())
    assert isinstance(expected, dict)
    assert expected.items() <= centre.read_results().items()
