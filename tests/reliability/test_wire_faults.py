"""Each kind of request meets each fault. No process dies: the client's own retries must be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.reliability.call_centre import CallCentre

if TYPE_CHECKING:
    from tests.reliability.conftest import FaultRecorder

ANSWERS = ("rate_limited", "rate_limited_403", "server_error", "html", "unavailable", "gateway_timeout")
TRANSPORT = {
    "reset_before": "reset-before",
    "reset_after": "reset-after",
    "lost_answer": "lost-answer",
    "truncated_json": "truncated",
    "truncated_body": "truncated",
}
ENDPOINTS = ("list", "upload", "submit", "get")
QUICK = {("lost_answer", "submit"), ("server_error", "submit")}


def _pairs(kinds: tuple[str, ...], endpoints: tuple[str, ...] = ENDPOINTS) -> list[object]:
    return [
        pytest.param(kind, endpoint, marks=() if (kind, endpoint) in QUICK else pytest.mark.faults)
        for kind in kinds
        for endpoint in endpoints
    ]


def _run(centre: CallCentre, faults: FaultRecorder, fault: str, expected: object, times: int = 1) -> None:
    centre.workers.run_step("run", centre.location)
    played = sum(entry["played"] for entry in centre.vendor.control("GET", "faults"))
    centre.vendor.clear_faults()
    faults.record(fault, centre.examine(), max(played, times))
    assert centre.read_results() == expected


@pytest.mark.parametrize(("kind", "endpoint"), _pairs(ANSWERS))
def test_an_error_answer_costs_nothing_but_time(
    centre: CallCentre, faults: FaultRecorder, expected: object, kind: str, endpoint: str
) -> None:
    centre.vendor.fault(kind, endpoint, count=2)
    _run(centre, faults, "answer-error", expected)


@pytest.mark.faults
def test_an_upload_that_failed_for_no_reason_is_repeated(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    centre.vendor.fault("upload_failed", "upload", count=2)
    _run(centre, faults, "answer-error", expected)


@pytest.mark.parametrize(
    ("kind", "endpoint"), _pairs(("server_error", "html", "unavailable", "gateway_timeout"), ("submit",))
)
def test_an_error_answer_to_an_accepted_submission_is_not_believed(
    centre: CallCentre, faults: FaultRecorder, expected: object, kind: str, endpoint: str
) -> None:
    centre.vendor.fault(kind, endpoint, count=3, accepted=True)
    _run(centre, faults, "accepted-error", expected)


@pytest.mark.parametrize(("kind", "endpoint"), _pairs(tuple(TRANSPORT)))
def test_a_broken_connection_costs_nothing_but_time(
    centre: CallCentre, faults: FaultRecorder, expected: object, kind: str, endpoint: str
) -> None:
    centre.vendor.fault(kind, endpoint, count=2)
    _run(centre, faults, TRANSPORT[kind], expected)


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["reset_after", "lost_answer", "truncated_json"])
def test_a_lost_submission_is_found_though_the_list_is_late(
    patient_centre: CallCentre, faults: FaultRecorder, expected: object, kind: str
) -> None:
    patient_centre.vendor.fault("list_delay", delay_s=3)
    patient_centre.vendor.fault(kind, "submit", count=4)
    _run(patient_centre, faults, "list-delay", expected)


@pytest.mark.faults
def test_a_transcript_that_cannot_be_found_at_first_is_waited_for(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    centre.vendor.fault("get_delay", delay_s=3)
    _run(centre, faults, "get-delay", expected, times=4)
