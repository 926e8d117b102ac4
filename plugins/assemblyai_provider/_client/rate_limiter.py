"""The pace of requests: one limiter per account and process, and the waits between tries."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assemblyai_provider.exceptions import RateLimitedError, TransportError

WINDOW_S = 300.0
"""AssemblyAI counts an account's requests over five minutes (20,000, by its documentation)."""

BURST_SHARE = 0.1


class RateLimiter:
    """Spreads requests so that no window of five minutes holds more than `budget` of them. Thread-safe.

    A tenth of the budget may go out at once, the rest follows at an even pace. Other processes that draw on
    the same account need not be known: who is refused holds for as long as AssemblyAI asks for, which leaves
    the rest of the account's budget to the others until it is their turn to hold.
    """

    def __init__(self, budget: int, clock: Callable[[], float] = time.monotonic) -> None:
        if budget < 1:
            raise ValueError("the request budget must be at least 1")
        self._clock = clock
        self._spacing_s = WINDOW_S / (budget * (1 - BURST_SHARE))
        self._burst_s = (max(budget * BURST_SHARE, 1) - 1) * self._spacing_s
        self._next_slot = 0.0
        self._held_until = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next free slot and return the seconds to wait before sending in it."""
        with self._lock:
            now = self._clock()
            slot = max(self._next_slot, now)
            self._next_slot = slot + self._spacing_s
            return max(slot - self._burst_s - now, self._held_until - now, 0.0)

    def hold(self, seconds: float) -> None:
        """Let nobody who shares this limiter send for so long: AssemblyAI's Retry-After concerns them all."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)


_limiters: dict[tuple[str, str, int], RateLimiter] = {}
_limiters_lock = threading.Lock()


def shared_limiter(base_url: str, api_key: str, budget: int) -> RateLimiter:
    """The limiter that everything in this process shares which uses this account."""
    key = (base_url, hashlib.sha256(api_key.encode()).hexdigest(), budget)
    with _limiters_lock:
        return _limiters.setdefault(key, RateLimiter(budget))


@dataclass(slots=True)
class Tries:
    """The tries of one request: how long to wait after each failure, and when to give up.

    Exponential with full jitter, so that clients that failed together do not come back together.
    """

    limiter: RateLimiter
    allowed: int = 6
    base_s: float = 1.0
    cap_s: float = 30.0
    uniform: Callable[[float, float], float] = random.uniform
    failed: int = field(init=False, default=0)

    def delay_after(self, error: TransportError) -> float:
        """Seconds to wait before the next try; raises `error` when there is none left."""
        self.failed += 1
        if self.failed >= self.allowed:
            raise error
        backoff_s = self.uniform(0, min(self.cap_s, self.base_s * 2.0 ** (self.failed - 1)))
        if not isinstance(error, RateLimitedError):
            return backoff_s
        if error.retry_after is None:
            self.limiter.hold(backoff_s)
            return backoff_s
        self.limiter.hold(error.retry_after)
        return error.retry_after + self.uniform(0, self.base_s)
