"""The request rate: a limiter per account and process, and backoff."""

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
    """Keeps requests to `budget` in any window of five minutes. Thread-safe.

    A tenth of the budget may be sent at once; the rest follows at an even rate. Other processes may use the
    same account: a refused process waits as long as `Retry-After` says, which leaves the budget to the others
    until they are refused in turn.
    """

    def __init__(self, budget: int, clock: Callable[[], float] = time.monotonic) -> None:
        if budget < 1:
            raise ValueError("the request budget must be at least 1")
        self._clock = clock
        self._spacing_s = WINDOW_S / (budget * (1 - BURST_SHARE))
        self._burst_s = (max(budget * BURST_SHARE, 1) - 1) * self._spacing_s
        self._next_slot = 0.0
        self._blocked_until = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next free slot and return the seconds to wait before sending in it."""
        with self._lock:
            now = self._clock()
            slot = max(self._next_slot, now)
            self._next_slot = slot + self._spacing_s
            return max(slot - self._burst_s - now, self._blocked_until - now, 0.0)

    def block(self, seconds: float) -> None:
        """Block every user of this limiter for `seconds`.

        `Retry-After` applies to the whole account.
        """
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)


_limiters: dict[tuple[str, str, int], RateLimiter] = {}
_limiters_lock = threading.Lock()


def shared_limiter(base_url: str, api_key: str, budget: int) -> RateLimiter:
    """The limiter that all clients of this account share in this process."""
    key = (base_url, hashlib.sha256(api_key.encode()).hexdigest(), budget)
    with _limiters_lock:
        return _limiters.setdefault(key, RateLimiter(budget))


@dataclass(slots=True)
class Backoff:
    """The pauses between the tries of one request, and when to stop trying.

    Exponential with full jitter, so that clients that failed together do not retry together.

    :param max_tries: how often to try, the first time included.
    :param base_s: the longest first pause; each later one may be twice as long, up to `cap_s`.
    """

    limiter: RateLimiter
    max_tries: int = 6
    base_s: float = 1.0
    cap_s: float = 30.0
    uniform: Callable[[float, float], float] = random.uniform
    failures: int = field(init=False, default=0)

    def delay_after(self, error: TransportError) -> float:
        """Seconds to wait before the next try; raises `error` after the last one."""
        self.failures += 1
        if self.failures >= self.max_tries:
            raise error
        backoff_s = self.uniform(0, min(self.cap_s, self.base_s * 2.0 ** (self.failures - 1)))
        if not isinstance(error, RateLimitedError):
            return backoff_s
        if error.retry_after is None:
            self.limiter.block(backoff_s)
            return backoff_s
        self.limiter.block(error.retry_after)
        return error.retry_after + self.uniform(0, self.base_s)
