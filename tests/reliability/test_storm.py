"""Weather: nearly a third of everything asked of AssemblyAI goes wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.dag_steps import UPLOAD_WORKERS
from tests.support.reliability.live import Live
from tests.support.reliability.world import World

if TYPE_CHECKING:
    from tests.reliability.conftest import Trials

pytestmark = pytest.mark.faults
CALLS = 300
SHARE = 0.3
KINDS = (
    *("rate_limited", "rate_limited_403", "server_error", "unavailable", "gateway_timeout", "html"),
    *("reset_before", "reset_after", "lost_answer", "truncated_json", "truncated_body"),
)
ACCOUNT_LIMIT = 20_000
MAX_RUNS = 6


def _blow(vendor: SandboxServer) -> None:
    # The first of the kinds whose die falls is played, so that together they come to the share.
    each = 1 - (1 - SHARE) ** (1 / (len(KINDS) + 1))
    for kind in KINDS:
        vendor.fault(kind, probability=each, count=None)
    vendor.fault("server_error", probability=each, count=None, accepted=True)


def test_300_calls_get_through_a_storm(airflow: Live, vendor: SandboxServer, trials: Trials) -> None:
    airflow.set_up(vendor, "storm", reconcile_s=3)
    airflow.record(CALLS)
    vendor.script("*", {"processing_s": 3})
    _blow(vendor)
    for _ in range(MAX_RUNS):
        airflow.finished(airflow.trigger(batch_size=20))
        if airflow.ledger("scored") == CALLS:
            break
    journal = vendor.journal()
    vendor.clear_faults()
    faulted = sum(entry["fault"] is not None for entry in journal)
    assert 0.25 < faulted / len(journal) < 0.35
    trials.tried("storm", airflow.examine(), faulted)
    assert airflow.ledger("scored") == CALLS
    assert len(vendor.charges()) == CALLS
    assert _busiest_window([_at(entry) for entry in journal]) <= ACCOUNT_LIMIT


def _at(entry: dict[str, str]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def _busiest_window(times: list[datetime]) -> int:
    """The most requests in any five minutes."""
    most = start = 0
    for end, at in enumerate(times):
        while times[start] <= at - timedelta(minutes=5):
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("endpoint", ["upload", "submit", "get"])
def test_retry_after_holds_back_everything_of_the_process(
    world: World, trials: Trials, undisturbed: object, endpoint: str
) -> None:
    for number in range(12):
        world.record(f"more-{number}")
    world.vendor.fault("rate_limited", endpoint, retry_after_s=3, skip=5)
    world.workers.run("run", world.location)
    journal = world.vendor.journal()
    (refused,) = [index for index, entry in enumerate(journal) if entry["fault"]]
    held = _at(journal[refused]) + timedelta(seconds=3)
    # What was on the wire when the refusal came could not be held back: one for each other thread.
    early = [entry for entry in journal[refused + 1 :] if _at(entry) < held]
    assert len(early) < UPLOAD_WORKERS
    assert all(_at(entry) - _at(journal[refused]) < timedelta(seconds=1) for entry in early)
    trials.tried("answer-error", world.examine())
    assert isinstance(undisturbed, dict)
    assert undisturbed.items() <= world.results().items()
