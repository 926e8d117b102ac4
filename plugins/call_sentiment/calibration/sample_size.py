"""How many more calls must be reviewed until a figure is firm."""

from __future__ import annotations

import math

from call_sentiment.calibration.bootstrap import Interval

WANTED_HALF_WIDTH = 0.05
ASSUMED_AGREEMENT = 0.8
ASSUMED_CORRELATION = 0.21
"""Of the sentences of one call. Both are assumed as long as there are no reviews to measure them."""

Z = 1.96


def more_calls(interval: Interval, calls: int) -> int:
    """How many more calls narrow an interval to the wanted half-width; 0: it is as narrow.

    A half-width shrinks with the square root of the number of calls.
    """
    # Rounded, so that the last digits of a float ask for no further call.
    wanted = round(calls * (interval.half_width / WANTED_HALF_WIDTH) ** 2, 6)
    return max(0, math.ceil(wanted) - calls)


def planned_calls(sentences_per_call: float = 1) -> int:
    """How many calls give raw agreement the wanted half-width, before there are reviews: a plan.

    The number of independent items, times the design effect of several sentences from the same call.
    """
    items = Z**2 * ASSUMED_AGREEMENT * (1 - ASSUMED_AGREEMENT) / WANTED_HALF_WIDTH**2
    design_effect = 1 + (sentences_per_call - 1) * ASSUMED_CORRELATION
    return math.ceil(items * design_effect / sentences_per_call)
