from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field

import pytest

from assemblyai_provider._client.rate_limiter import WINDOW_S, Backoff, RateLimiter, shared_limiter
from assemblyai_provider.exceptions import RateLimitedError, TransportError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("budget", [1, 10, 300, 20_000])
def test_no_window_of_five_minutes_holds_more_requests_than_the_budget(budget: int) -> None:
    clock = Clock()
    limiter = RateLimiter(budget, clock)
    window: deque[float] = deque()
    for _ in range(min(budget * 3, 30_000)):
        clock.now += limiter.reserve()
        window.append(clock.now)
        while window[0] <= clock.now - WINDOW_S:
            window.popleft()
        assert len(window) <= budget


def test_a_tenth_of_the_budget_is_sent_at_once() -> None:
    limiter = RateLimiter(1000, Clock())
    assert [limiter.reserve() for _ in range(100)] == pytest.approx([0.0] * 100)
    assert limiter.reserve() > 0.1


def test_after_the_burst_each_request_gets_a_later_slot() -> None:
    limiter = RateLimiter(10, Clock())
    waits = [limiter.reserve() for _ in range(5)]
    assert waits == sorted(waits)
    assert len(set(waits)) == 5


def test_a_block_delays_every_user_until_it_ends() -> None:
    clock = Clock()
    limiter = RateLimiter(20_000, clock)
    limiter.block(30)
    assert limiter.reserve() == pytest.approx(30)
    clock.now += 31
    assert limiter.reserve() == 0


@dataclass
class Account:
    """AssemblyAI's side: what was accepted within the last five minutes, by process."""

    limit: int
    accepted: deque[tuple[float, int]] = field(default_factory=deque)
    totals: Counter[int] = field(default_factory=Counter)
    refused: int = 0

    def ask(self, now: float, process: int) -> float | None:
        """None, or how long to stay away."""
        while self.accepted and self.accepted[0][0] <= now - WINDOW_S:
            self.accepted.popleft()
        if len(self.accepted) < self.limit:
            self.accepted.append((now, process))
            self.totals[process] += 1
            return None
        self.refused += 1
        return max(1.0, self.accepted[0][0] + WINDOW_S - now)


@pytest.mark.parametrize("processes", [2, 5])
def test_independent_processes_share_the_budget_of_their_account(processes: int) -> None:
    clock, account = Clock(), Account(2000)
    limiters = [RateLimiter(2000, clock) for _ in range(processes)]
    queue = [(clock.now + limiter.reserve(), process) for process, limiter in enumerate(limiters)]
    end = clock.now + 20 * WINDOW_S
    while queue[0][0] < end:
        clock.now, process = heapq.heappop(queue)
        stay_away = account.ask(clock.now, process)
        if stay_away is not None:
            limiters[process].block(stay_away)
        heapq.heappush(queue, (clock.now + limiters[process].reserve(), process))
    fair = account.totals.total() / processes
    assert account.refused < account.totals.total() / 50
    assert account.totals.total() > 0.95 * 20 * 2000
    assert all(0.9 * fair < account.totals[process] < 1.1 * fair for process in range(processes))


def test_one_limiter_for_each_account_and_region() -> None:
    us = shared_limiter("https://us", "key", 100)
    assert shared_limiter("https://us", "key", 100) is us
    assert shared_limiter("https://eu", "key", 100) is not us
    assert shared_limiter("https://us", "other", 100) is not us


def backoff(limiter: RateLimiter, max_tries: int = 6) -> Backoff:
    return Backoff(limiter=limiter, max_tries=max_tries, base_s=1, cap_s=5, uniform=lambda low, high: high)


def test_pauses_double_up_to_a_cap_and_the_last_try_raises_its_error() -> None:
    fault = TransportError("x")
    pauses = backoff(RateLimiter(100))
    assert [pauses.delay_after(fault) for _ in range(5)] == [1, 2, 4, 5, 5]
    with pytest.raises(TransportError) as raised:
        pauses.delay_after(fault)
    assert raised.value is fault


def test_a_retry_after_blocks_every_user_of_the_limiter() -> None:
    limiter = RateLimiter(20_000, Clock())
    assert backoff(limiter).delay_after(RateLimitedError("slow down", 20.0)) >= 20
    assert limiter.reserve() == pytest.approx(20)


def test_a_refusal_without_retry_after_blocks_every_user_as_well() -> None:
    limiter = RateLimiter(20_000, Clock())
    assert backoff(limiter).delay_after(RateLimitedError("slow down", None)) == 1
    assert limiter.reserve() == pytest.approx(1)
