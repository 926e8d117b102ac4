"""How often the poller asks, without input or output."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from assemblyai_provider._client.rate_limiter import WINDOW_S


@dataclass(slots=True)
class Pace:
    """How long to pause between rounds: longer while nothing happens, never beyond a share of the budget."""

    uniform: Callable[[float, float], float] = random.uniform
    _slowdown: float = 1.0
    _affordable: float = 0.0

    def pause(self, interval_s: float, *, news: bool, requests: int, budget: int) -> float:
        """Seconds until the next round, after one that took `requests` of the `budget` per five minutes."""
        self._slowdown = 1.0 if news else min(self._slowdown * 1.25, 3.0)
        self._affordable = requests * WINDOW_S / (budget * 0.5)
        return self.shortest(interval_s * self._slowdown)

    def shortest(self, interval_s: float) -> float:
        """Seconds to pause after the same round for whoever must not be slowed down."""
        return max(interval_s * self.uniform(0.8, 1.2), self._affordable)
