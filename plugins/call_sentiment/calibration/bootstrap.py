"""Intervals by bootstrap over calls.

Calls are drawn and not sentences, because the sentences of one call belong together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

REPLICATES = 1000
MOST_UNDEFINED = 0.05
FEW_CALLS = 10
"""Fewer calls have no interval: drawn again, they show too little of how calls differ."""

Sums: TypeAlias = Sequence[float]
Statistic: TypeAlias = Callable[[Sums], float | None]


class Interval(NamedTuple):
    """The bounds of a 95% interval."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def add_up(calls: Sequence[Sums]) -> tuple[float, ...]:
    """The sums over all calls, column by column."""
    return tuple(sum(column) for column in zip(*calls, strict=True))


def intervals(calls: Sequence[Sums], statistics: Sequence[Statistic]) -> list[Interval | None]:
    """The 95% percentile interval of each statistic of the sums over calls.

    The same calls give the same intervals. None where drawing calls again tells nothing: there are fewer than
    `FEW_CALLS`, the statistic is the same each time, or it is undefined in more than one of 20 replicates.

    :param calls: the sums of each call, in an order that is always the same.
    """
    if len(calls) < FEW_CALLS:
        return [None for _ in statistics]
    # Of counts alone: the last digits of sums depend on the order in which PostgreSQL added them.
    generator = random.Random(len(calls))
    replicates = [add_up(generator.choices(calls, k=len(calls))) for _ in range(REPLICATES)]
    return [_percentiles([statistic(sums) for sums in replicates]) for statistic in statistics]


def _percentiles(replicates: Sequence[float | None]) -> Interval | None:
    values = sorted(value for value in replicates if value is not None)
    if len(values) < (1 - MOST_UNDEFINED) * len(replicates):
        return None
    beyond = round(0.025 * len(values))
    low, high = values[beyond], values[-1 - beyond]
    # Rounded, because equal values may differ in their last digits.
    return Interval(low, high) if round(high - low, 9) else None
