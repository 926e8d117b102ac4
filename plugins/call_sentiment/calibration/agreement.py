"""Raw agreement and weighted kappa of two labels for the same items, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from call_sentiment.calibration.bootstrap import Interval, Sums, add_up, intervals

Cell: TypeAlias = Mapping[str, Any]
"""How often two steps met in one call: a row of `calibration/compare_labels`."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two figures with their intervals, and what they are made of. A figure that is undefined is None."""

    calls: int
    items: int
    labels: int
    agreement: float | None
    agreement_interval: Interval | None
    kappa: float | None
    kappa_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell of a confusion matrix: the number of labels, and their share of the weight."""

    labels: int
    share: float


def measure(cells: Sequence[Cell]) -> Agreement:
    """Agreement and kappa of all cells."""
    calls = [tuple(sums) for sums in _sums_by_call(cells).values()]
    sums = add_up(calls)
    found = intervals(calls, (raw_agreement, quadratic_kappa))
    return Agreement(
        calls=len(calls),
        items=round(sum(cell["items"] for cell in cells)),
        labels=sum(cell["labels"] for cell in cells),
        agreement=raw_agreement(sums),
        agreement_interval=found[0],
        kappa=quadratic_kappa(sums),
        kappa_interval=found[1],
    )


def raw_agreement(sums: Sums) -> float | None:
    """The share of the weight whose two labels are the same; None without weight."""
    return sums[1] / sums[0] if sums and sums[0] else None


def quadratic_kappa(sums: Sums) -> float | None:
    """Cohen's kappa with quadratic weights; None where chance alone would agree always.

    That is 1 - observed / expected, where both are mean squared distances of the two steps, and the expected
    one is that of steps drawn independently: E(x - y)^2 = E(x^2) + E(y^2) - 2 E(x) E(y).
    """
    if not sums or not sums[0]:
        return None
    weight, _, distance, first, second, squares = sums
    expected = squares - 2 * first * second / weight
    return 1 - distance / expected if expected > 1e-9 * weight else None


def confusion(cells: Iterable[Cell], steps: Sequence[int]) -> list[list[Pair]]:
    """One row for each step people gave, from low to high, with a cell for each step beside it."""
    labels: dict[tuple[int, int], int] = defaultdict(int)
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for cell in cells:
        met = cell["reviewed_step"], cell["other_step"]
        labels[met] += cell["labels"]
        weights[met] += cell["weight"]
    total = sum(weights.values()) or 1
    return [[Pair(labels[row, step], weights[row, step] / total) for step in steps] for row in steps]


def _sums_by_call(cells: Iterable[Cell]) -> dict[str, list[float]]:
    """For each call what both figures are made of: a bootstrap draws calls and adds these up."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0] * 6)
    for cell in cells:
        weight, x, y = cell["weight"], cell["reviewed_step"], cell["other_step"]
        sums = found[cell["call_id"]]
        for index, value in enumerate((1, x == y, (x - y) ** 2, x, y, x * x + y * y)):
            sums[index] += weight * value
    return found
