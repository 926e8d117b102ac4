"""Decides how long the poller pauses between rounds. No I/O."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from assemblyai_provider._client.rate_limiter import WINDOW_S

_BUDGET_SHARE = 0.5


@dataclass(slots=True)
class PollInterval:
    """Pauses between rounds: longer while no job ends.

    They are long enough to use half of the request budget at most.
    """

    uniform: Callable[[float, float], float] = random.uniform
    _slowdown: float = 1.0
    _affordable_s: float = 0.0

    def next_pause(self, interval_s: float, *, slow_down: bool, requests: int, budget: int) -> float:
        """Seconds until the next round.

        :param interval_s: the interval that the waits ask for.
        :param slow_down: pause longer than last time, up to three intervals; False: one interval again.
        :param requests: how many the last round took.
        :param budget: how many the account has per five minutes.
        """
        self._slowdown = min(self._slowdown * 1.25, 3.0) if slow_down else 1.0
        self._affordable_s = requests * WINDOW_S / (budget * _BUDGET_SHARE)
        return self.shortest_pause(interval_s * self._slowdown)

    def shortest_pause(self, interval_s: float) -> float:
        """Seconds to pause after the same round without slowing down."""
        return max(interval_s * self.uniform(0.8, 1.2), self._affordable_s)
