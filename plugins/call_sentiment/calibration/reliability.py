"""Whether confidences are what they say: how often labels of about the same confidence are right."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from call_sentiment.calibration.bootstrap import Interval, Sums, add_up, intervals

MOST_BINS = 10
FEW_SENTENCES = 20
"""A bin with fewer sentences says little."""
Z = 1.959964

Row: TypeAlias = Mapping[str, Any]
"""What a call has in a bin: a row of `calibration/compare_confidences`."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Sentences of about the same confidence; means and shares are weighted."""

    lowest: float
    highest: float
    sentences: int
    share: float
    confidence: float
    accuracy: float
    interval: Interval

    @property
    def few(self) -> bool:
        return self.sentences < FEW_SENTENCES


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins from low to high confidence; `chance_error`: the error that perfect confidences would show."""

    bins: Sequence[Bin]
    calls: int
    sentences: int
    error: float
    error_interval: Interval | None
    chance_error: float
    brier: float
    brier_interval: Interval | None


def measure(rows: Sequence[Row]) -> Reliability | None:
    """The reliability of the confidences in all rows; None without any."""
    if not rows:
        return None
    by_bin: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_bin[row["bin"]].append(row)
    total = math.fsum(row["weight"] for row in rows)
    bins = [_make_bin(by_bin[number], total) for number in sorted(by_bin)]
    calls = _sums_by_call(rows, sorted(by_bin))
    sums = add_up(calls)
    error_interval, brier_interval = intervals(calls, (calibration_error, brier_score))
    return Reliability(
        bins=bins,
        calls=len(calls),
        sentences=sum(b.sentences for b in bins),
        error=calibration_error(sums),
        error_interval=error_interval,
        chance_error=_chance_error(by_bin.values(), total),
        brier=brier_score(sums),
        brier_interval=brier_interval,
    )


def calibration_error(sums: Sums) -> float:
    """The expected calibration error: the gaps between accuracy and confidence of the bins, by weight."""
    weight, _, *gaps = sums
    return sum(abs(gap) for gap in gaps) / weight


def brier_score(sums: Sums) -> float:
    """The mean squared difference between confidence and correctness, 1 or 0, of the label that was given."""
    return sums[1] / sums[0]


def wilson(share: float, n: float) -> Interval:
    """Wilson's 95% interval of a share among `n` independent items."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    reach = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))


def effective_size(rows: Sequence[Row]) -> float:
    """Kish's effective number: as many sentences of equal weight would be as firm."""
    weight = math.fsum(row["weight"] for row in rows)
    return weight * weight / math.fsum(row["weight_square"] for row in rows)


def _make_bin(rows: Sequence[Row], total: float) -> Bin:
    weight = math.fsum(row["weight"] for row in rows)
    accuracy = min(1.0, math.fsum(row["correct"] for row in rows) / weight)
    return Bin(
        lowest=min(row["lowest"] for row in rows),
        highest=max(row["highest"] for row in rows),
        sentences=sum(row["sentences"] for row in rows),
        share=weight / total,
        confidence=math.fsum(row["confidence"] for row in rows) / weight,
        accuracy=accuracy,
        interval=wilson(accuracy, effective_size(rows)),
    )


def _sums_by_call(rows: Sequence[Row], bins: Sequence[int]) -> list[Sums]:
    """For each call its weight, its part of the Brier score, and its gap in each bin."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0] * (2 + len(bins)))
    for row in rows:
        sums = found[row["call_id"]]
        sums[0] += row["weight"]
        sums[1] += row["brier"]
        sums[2 + bins.index(row["bin"])] += row["correct"] - row["confidence"]
    return list(found.values())


def _chance_error(bins: Iterable[Sequence[Row]], total: float) -> float:
    """The mean calibration error of so many sentences whose confidences are exactly their accuracies."""
    error = 0.0
    for rows in bins:
        weight = math.fsum(row["weight"] for row in rows)
        confidence = math.fsum(row["confidence"] for row in rows) / weight
        # The mean absolute deviation of a normal distribution is sqrt(2 / pi) of its standard deviation.
        deviation = math.sqrt(max(0.0, confidence * (1 - confidence)) / effective_size(rows))
        error += weight / total * math.sqrt(2 / math.pi) * deviation
    return error
