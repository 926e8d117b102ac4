from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assemblyai_provider._waiting.wait_limit import WaitLimit, describe_progress, read_wait
from assemblyai_provider.exceptions import ConfigurationError

STARTED_AT = 1000.0


def due_at(limit: WaitLimit, *polls: tuple[float, int]) -> list[float]:
    """When the wait may end if polls at these times, each finished at once, find so many jobs ended."""
    return [
        at - STARTED_AT
        for at, ended in ((STARTED_AT + at, ended) for at, ended in polls)
        if limit.is_reached(ended, at, at)
    ]


def test_without_patience_and_deadline_a_wait_never_ends_early() -> None:
    assert due_at(WaitLimit(STARTED_AT), (0, 5), (1e6, 5)) == []


def test_patience_starts_again_with_each_job_that_ends() -> None:
    polls = [(0, 0), (4, 1), (8, 2), (12, 2), (13, 2)]
    assert due_at(WaitLimit(STARTED_AT, patience_s=5), *polls) == [13]


def test_a_job_that_ends_as_the_patience_passes_is_waited_for() -> None:
    assert due_at(WaitLimit(STARTED_AT, patience_s=5), (0, 1), (5, 2), (9, 2), (10, 2)) == [10]


def test_patience_passes_even_if_no_job_has_ended() -> None:
    assert due_at(WaitLimit(STARTED_AT, patience_s=5), (0, 0), (4.9, 0), (5, 0)) == [5]


def test_the_deadline_counts_whatever_ends_meanwhile() -> None:
    polls = [(n, n) for n in range(9)]
    assert due_at(WaitLimit(STARTED_AT, patience_s=5, end_at=STARTED_AT + 7), *polls) == [7, 8]


def test_a_poll_that_started_before_the_deadline_ends_no_wait() -> None:
    """A job that ended after it passed that job's list, and before the deadline, would be left out."""
    limit = WaitLimit(STARTED_AT, end_at=STARTED_AT + 10)
    assert not limit.is_reached(3, STARTED_AT + 9, STARTED_AT + 12)
    assert limit.is_reached(4, STARTED_AT + 12, STARTED_AT + 13)


def test_patience_counts_from_the_end_of_the_poll_that_finds_a_job() -> None:
    limit = WaitLimit(STARTED_AT, patience_s=5)
    assert not limit.is_reached(1, STARTED_AT, STARTED_AT + 8)
    assert not limit.is_reached(1, STARTED_AT + 9, STARTED_AT + 9)
    assert limit.is_reached(1, STARTED_AT + 13, STARTED_AT + 13)


def test_an_incomplete_poll_ends_no_wait_but_restarts_the_patience() -> None:
    limit = WaitLimit(STARTED_AT, patience_s=5, end_at=STARTED_AT + 20)
    assert not limit.is_reached(1, None, STARTED_AT + 8)
    assert not limit.is_reached(1, STARTED_AT + 10, STARTED_AT + 10)
    assert not limit.is_reached(1, None, STARTED_AT + 30)
    assert limit.is_reached(1, STARTED_AT + 31, STARTED_AT + 31)


def test_a_poll_from_before_the_wait_does_not_end_it() -> None:
    limit = WaitLimit(STARTED_AT, end_at=STARTED_AT - 60)  # restarted long after the deadline
    assert not limit.is_reached(0, STARTED_AT - 1, STARTED_AT + 1)
    assert limit.is_reached(0, STARTED_AT, STARTED_AT + 1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (15, 15.0),
        (0.5, 0.5),
        ("15", 15.0),
        (" 5.0 ", 5.0),
        (timedelta(minutes=2), 120.0),
        (None, None),
        ("", None),
        (" ", None),
        ("None", None),
        (" None ", None),
    ],
)
def test_a_wait_is_seconds_a_text_of_them_or_a_timedelta(value: Any, seconds: float | None) -> None:
    assert read_wait(value, "patience") == seconds


@pytest.mark.parametrize(
    "value",
    [0, -1, "0", float("nan"), "inf", True, "15s", "null", "{{ 5 }}", [5], {}, 1e9, timedelta(0), "0:15"],
)
def test_an_invalid_wait_is_refused_with_its_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"task 'wait', patience: .* seconds from 0.1 to 604800"):
        read_wait(value, "task 'wait', patience")


def test_the_log_counts_the_ended_jobs_and_those_in_progress() -> None:
    assert describe_progress(37, 60) == "37 of 60 transcripts have ended; 23 are still in progress"
    assert describe_progress(60, 60) == "60 of 60 transcripts have ended"
