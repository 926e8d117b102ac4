"""The figures of calibration from their textbook definitions, one item at a time, to check ours against."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Rated(NamedTuple):
    """An item that two raters gave the steps `one` and `other`."""

    one: int
    other: int
    weight: float


class Sentence(NamedTuple):
    confidence: float
    correct: bool
    weight: float


def raw_agreement(items: Sequence[Rated]) -> float:
    return math.fsum(i.weight for i in items if i.one == i.other) / math.fsum(i.weight for i in items)


def quadratic_kappa(items: Sequence[Rated], steps: Sequence[int]) -> float | None:
    """1 - sum(v O) / sum(v E) over the cells of the table, with v = (i - j)^2 / (K - 1)^2."""
    total = math.fsum(i.weight for i in items)
    observed = {
        (a, b): math.fsum(i.weight for i in items if (i.one, i.other) == (a, b)) / total
        for a in steps
        for b in steps
    }
    rows = {a: math.fsum(observed[a, b] for b in steps) for a in steps}
    columns = {b: math.fsum(observed[a, b] for a in steps) for b in steps}
    penalty = {(a, b): (a - b) ** 2 / (len(steps) - 1) ** 2 for a in steps for b in steps}
    by_chance = math.fsum(penalty[a, b] * rows[a] * columns[b] for a in steps for b in steps)
    if by_chance < 1e-12:
        return None
    return 1 - math.fsum(penalty[cell] * observed[cell] for cell in penalty) / by_chance


def calibration_error(bins: Sequence[Sequence[Sentence]]) -> float:
    """Guo et al. 2017, with weights: sum over bins of their share * |accuracy - confidence|."""
    total = math.fsum(s.weight for sentences in bins for s in sentences)
    error = 0.0
    for sentences in bins:
        weight = math.fsum(s.weight for s in sentences)
        accuracy = math.fsum(s.weight for s in sentences if s.correct) / weight
        confidence = math.fsum(s.weight * s.confidence for s in sentences) / weight
        error += weight / total * abs(accuracy - confidence)
    return error


def brier_score(sentences: Sequence[Sentence]) -> float:
    total = math.fsum(s.weight for s in sentences)
    return math.fsum(s.weight * (s.confidence - s.correct) ** 2 for s in sentences) / total


def wilson(share: float, n: float) -> tuple[float, float]:
    """The shares that a score test at 95% does not reject, found by halving."""

    def beyond(true: float) -> bool:
        return (share - true) ** 2 > 1.959964**2 * true * (1 - true) / n

    return _border(beyond, share, 0.0), _border(beyond, share, 1.0)


def _border(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    if not beyond(outside):
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return inside
