from __future__ import annotations

import pytest

from assemblyai_provider._waiting.poll_interval import PollInterval
from assemblyai_provider._waiting.wait_registry import WaitRegistry


def poll_interval() -> PollInterval:
    return PollInterval(uniform=lambda low, high: 1.0)


def test_pauses_grow_to_three_intervals_until_a_job_ends() -> None:
    interval = poll_interval()
    pauses = [interval.next_pause(4, slow_down=True, requests=2, budget=20_000) for _ in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 12
    assert interval.next_pause(4, slow_down=False, requests=2, budget=20_000) == 4


def test_a_round_of_many_requests_spends_half_of_the_budget() -> None:
    assert poll_interval().next_pause(1, slow_down=False, requests=1000, budget=20_000) == pytest.approx(30)


def test_the_jitter_never_exceeds_the_budget() -> None:
    eager = PollInterval(uniform=lambda low, high: low)
    assert eager.next_pause(30, slow_down=False, requests=1000, budget=20_000) == pytest.approx(30)


def test_the_shortest_pause_has_no_slowdown_and_keeps_the_budget() -> None:
    interval = poll_interval()
    for _ in range(20):
        interval.next_pause(4, slow_down=True, requests=2, budget=20_000)
    assert interval.shortest_pause(4) == 4
    interval.next_pause(4, slow_down=True, requests=1000, budget=20_000)
    assert interval.shortest_pause(4) == pytest.approx(30)


def test_an_id_is_registered_until_its_last_wait_ends() -> None:
    registry = WaitRegistry()
    with registry.register(["a", "b"], 5.0):
        with registry.register(["b", "b"], None, steady=True):
            assert registry.steady_count
            assert set(registry.ids) == {"a", "b"}
        assert set(registry.ids) == {"a", "b"}
    assert not registry.ids
    assert not registry.intervals
    assert not registry.steady_count


def test_the_shortest_interval_of_all_waits_counts() -> None:
    registry = WaitRegistry()
    assert registry.interval_s(5) == 5
    with registry.register(["a"], 60.0):
        assert registry.interval_s(5) == 60
        with registry.register(["b"], None):
            assert registry.interval_s(5) == 5
