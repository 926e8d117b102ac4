from __future__ import annotations

import random

import pytest

from call_sentiment.calibration.bootstrap import FEW_CALLS, Interval, Sums, add_up, intervals
from call_sentiment.calibration.sample_size import more_calls, planned_calls


def mean(sums: Sums) -> float | None:
    return sums[1] / sums[0]


def values(number: int) -> list[tuple[float, float]]:
    generator = random.Random(number)
    return [(1.0, generator.gauss(5, 2)) for _ in range(number)]


def test_the_interval_of_a_mean_is_about_1_96_standard_errors() -> None:
    (interval,) = intervals(values(400), [mean])
    assert interval is not None
    assert interval.half_width == pytest.approx(1.96 * 2 / 20, rel=0.1)
    middle = mean(add_up(values(400)))
    assert sum(interval) / 2 == pytest.approx(middle, abs=0.03)


def test_the_same_calls_give_the_same_interval() -> None:
    assert intervals(values(30), [mean]) == intervals(values(30), [mean])


@pytest.mark.parametrize("number", [0, 1, FEW_CALLS - 1])
def test_few_calls_have_no_interval(number: int) -> None:
    assert intervals(values(number), [mean]) == [None]
    assert intervals(values(FEW_CALLS), [mean]) != [None]


def test_what_never_differs_has_no_interval() -> None:
    # 0.1 + 0.2 and the like: the last digits depend on the order.
    assert intervals([(0.1 * n, 0.1 * n) for n in range(1, 40)], [mean]) == [None]


@pytest.mark.parametrize(("undefined", "has_interval"), [(0.02, True), (0.2, False)])
def test_a_statistic_that_is_often_undefined_has_no_interval(undefined: float, has_interval: bool) -> None:
    seen = iter(range(10**6))

    def sometimes(sums: Sums) -> float | None:
        return None if next(seen) % 100 < 100 * undefined else mean(sums)

    (interval,) = intervals(values(30), [sometimes])
    assert (interval is not None) == has_interval


def test_half_the_width_needs_four_times_the_calls() -> None:
    assert more_calls(Interval(0.7, 0.9), 50) == 150
    assert more_calls(Interval(0.75, 0.85), 50) == 0
    assert more_calls(Interval(0.79, 0.81), 50) == 0


def test_the_plan_is_the_textbooks_number_times_the_design_effect() -> None:
    # 1.96^2 * 0.8 * 0.2 / 0.05^2 = 245.9 independent items; ten sentences a call: times 1 + 9 * 0.21 = 2.89.
    assert planned_calls() == 246
    assert planned_calls(10) == 72
