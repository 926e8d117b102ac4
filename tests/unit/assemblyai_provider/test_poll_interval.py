from __future__ import annotations

import pytest

from assemblyai_provider._waiting.poll_interval import Pace
from assemblyai_provider._waiting.poller import WatchList


def pace() -> Pace:
    return Pace(uniform=lambda low, high: 1.0)


def test_quiet_rounds_slow_it_down_to_a_third_and_news_wakes_it_up() -> None:
    steady = pace()
    pauses = [steady.pause(4, news=False, requests=2, budget=20_000) for _ in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 12
    assert steady.pause(4, news=True, requests=2, budget=20_000) == 4


def test_many_requests_a_round_are_spread_over_half_of_the_budget() -> None:
    assert pace().pause(1, news=True, requests=1000, budget=20_000) == pytest.approx(30)


def test_the_jitter_never_exceeds_the_budget() -> None:
    eager = Pace(uniform=lambda low, high: low)
    assert eager.pause(30, news=True, requests=1000, budget=20_000) == pytest.approx(30)


def test_the_shortest_pause_is_neither_slowed_down_nor_beyond_the_budget() -> None:
    steady = pace()
    for _ in range(20):
        steady.pause(4, news=False, requests=2, budget=20_000)
    assert steady.shortest(4) == 4
    steady.pause(4, news=False, requests=1000, budget=20_000)
    assert steady.shortest(4) == pytest.approx(30)


def test_an_id_is_watched_until_the_last_who_waits_for_it_is_gone() -> None:
    watched = WatchList()
    with watched.waiting(["a", "b"], 5.0):
        with watched.waiting(["b", "b"], None, prompt=True):
            assert watched.prompt
            assert set(watched.ids) == {"a", "b"}
        assert set(watched.ids) == {"a", "b"}
    assert not watched.ids
    assert not watched.intervals
    assert not watched.prompt


def test_the_shortest_interval_that_anybody_asks_for_counts() -> None:
    watched = WatchList()
    assert watched.interval_s(5) == 5
    with watched.waiting(["a"], 60.0):
        assert watched.interval_s(5) == 60
        with watched.waiting(["b"], None):
            assert watched.interval_s(5) == 5
