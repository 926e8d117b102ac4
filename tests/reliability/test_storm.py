"""Nearly a third of all requests to AssemblyAI fail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.dag_steps import UPLOAD_WORKERS
from tests.support.reliability.call_centre import CallCentre
from tests.support.reliability.running_airflow import RunningAirflow

if TYPE_CHECKING:
    from tests.reliability.conftest import FaultRecorder

pytestmark = pytest.mark.faults
CALLS = 300
SHARE = 0.3
KINDS = (
    *("rate_limited", "rate_limited_403", "server_error", "unavailable", "gateway_timeout", "html"),
    *("reset_before", "reset_after", "lost_answer", "truncated_json", "truncated_body"),
)
ACCOUNT_LIMIT = 20_000
MAX_RUNS = 6


def _plan_faults(vendor: SandboxServer) -> None:
    # The kinds are drawn one after the other until one is played, so together they reach the share.
    each = 1 - (1 - SHARE) ** (1 / (len(KINDS) + 1))
    for kind in KINDS:
        vendor.fault(kind, probability=each, count=None)
    vendor.fault("server_error", probability=each, count=None, accepted=True)


def test_300_calls_get_through_a_storm(
    shared_airflow: RunningAirflow, vendor: SandboxServer, faults: FaultRecorder
) -> None:
    shared_airflow.set_up(vendor, "storm", reconcile_s=3)
    shared_airflow.add_recordings(CALLS)
    vendor.script("*", {"processing_s": 3})
    _plan_faults(vendor)
    for _ in range(MAX_RUNS):
        shared_airflow.wait_for_run(shared_airflow.trigger(batch_size=20))
        if shared_airflow.count_transcripts("scored") == CALLS:
            break
    journal = vendor.journal()
    vendor.clear_faults()
    faulted = sum(entry["fault"] is not None for entry in journal)
    assert 0.25 < faulted / len(journal) < 0.35
    faults.record("storm", shared_airflow.examine(), faulted)
    assert shared_airflow.count_transcripts("scored") == CALLS
    assert len(vendor.charges()) == CALLS
    assert _max_in_five_minutes([_at(entry) for entry in journal]) <= ACCOUNT_LIMIT


def _at(entry: dict[str, str]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def _max_in_five_minutes(times: list[datetime]) -> int:
    """The largest number of requests within five minutes."""
    most = start = 0
    for end, at in enumerate(times):
        while times[start] <= at - timedelta(minutes=5):
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("endpoint", ["upload", "submit", "get"])
def test_retry_after_blocks_all_requests_of_the_process(
    centre: CallCentre, faults: FaultRecorder, expected: object, endpoint: str
) -> None:
    for number in range(12):
        centre.add_recording(f"more-{number}")
    centre.vendor.fault("rate_limited", endpoint, retry_after_s=3, skip=5)
    centre.workers.run_step("run", centre.location)
    journal = centre.vendor.journal()
    (refused,) = [index for index, entry in enumerate(journal) if entry["fault"]]
    blocked_until = _at(journal[refused]) + timedelta(seconds=3)
    # The other threads may have sent a request each before the refusal came.
    early = [entry for entry in journal[refused + 1 :] if _at(entry) < blocked_until]
    assert len(early) < UPLOAD_WORKERS
    assert all(_at(entry) - _at(journal[refused]) < timedelta(seconds=1) for entry in early)
    faults.record("answer-error", centre.examine())
    assert isinstance(expected, dict)
    assert expected.items() <= centre.read_results().items()
