"""Each request meets each fault; nobody dies, and the client's own patience must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.reliability.world import World

if TYPE_CHECKING:
    from tests.reliability.conftest import Trials

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


def _run(world: World, trials: Trials, fault: str, undisturbed: object, times: int = 1) -> None:
    world.workers.run("run", world.location)
    played = sum(entry["played"] for entry in world.vendor.control("GET", "faults"))
    world.vendor.clear_faults()
    trials.tried(fault, world.examine(), max(played, times))
    assert world.results() == undisturbed


@pytest.mark.parametrize(("kind", "endpoint"), _pairs(ANSWERS))
def test_an_error_answer_costs_nothing_but_time(
    world: World, trials: Trials, undisturbed: object, kind: str, endpoint: str
) -> None:
    world.vendor.fault(kind, endpoint, count=2)
    _run(world, trials, "answer-error", undisturbed)


@pytest.mark.faults
def test_an_upload_that_failed_for_no_reason_is_repeated(
    world: World, trials: Trials, undisturbed: object
) -> None:
    world.vendor.fault("upload_failed", "upload", count=2)
    _run(world, trials, "answer-error", undisturbed)


@pytest.mark.parametrize(
    ("kind", "endpoint"), _pairs(("server_error", "html", "unavailable", "gateway_timeout"), ("submit",))
)
def test_an_error_answer_to_an_accepted_submission_is_not_believed(
    world: World, trials: Trials, undisturbed: object, kind: str, endpoint: str
) -> None:
    world.vendor.fault(kind, endpoint, count=3, accepted=True)
    _run(world, trials, "accepted-error", undisturbed)


@pytest.mark.parametrize(("kind", "endpoint"), _pairs(tuple(TRANSPORT)))
def test_a_broken_connection_costs_nothing_but_time(
    world: World, trials: Trials, undisturbed: object, kind: str, endpoint: str
) -> None:
    world.vendor.fault(kind, endpoint, count=2)
    _run(world, trials, TRANSPORT[kind], undisturbed)


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["reset_after", "lost_answer", "truncated_json"])
def test_a_lost_submission_is_found_though_the_list_is_late(
    slow_world: World, trials: Trials, undisturbed: object, kind: str
) -> None:
    slow_world.vendor.fault("list_delay", delay_s=3)
    slow_world.vendor.fault(kind, "submit", count=4)
    _run(slow_world, trials, "list-delay", undisturbed)


@pytest.mark.faults
def test_a_transcript_that_cannot_be_found_at_first_is_waited_for(
    world: World, trials: Trials, undisturbed: object
) -> None:
    world.vendor.fault("get_delay", delay_s=3)
    _run(world, trials, "get-delay", undisturbed, times=4)
