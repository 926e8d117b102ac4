"""Geometry of the reliability diagram, in units of its drawing; the template turns it into SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from call_sentiment.calibration.reliability import Bin

WIDTH, HEIGHT = 520, 380
LEFT, RIGHT, TOP, BOTTOM = 52, 508, 12, 332
LEAST_CONFIDENCE = 0.3
"""The most likely of three labels cannot have less than a third, so the axis usually begins here."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid: where it is, and what stands at it."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A bin at its mean confidence and its accuracy, with the ends of its interval."""

    bin: Bin
    x: float
    y: float
    y_low: float
    y_high: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """Points, grid, and the line on which accuracy is confidence."""

    points: Sequence[Point]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    diagonal: tuple[float, float, float, float]


def draw_diagram(bins: Sequence[Bin]) -> Diagram:
    """The diagram of bins from low to high confidence."""
    least = LEAST_CONFIDENCE if all(b.confidence >= LEAST_CONFIDENCE for b in bins) else 0.0

    def x(confidence: float) -> float:
        return round(LEFT + (confidence - least) / (1 - least) * (RIGHT - LEFT), 1)

    def y(accuracy: float) -> float:
        return round(BOTTOM - accuracy * (BOTTOM - TOP), 1)

    return Diagram(
        [Point(b, x(b.confidence), y(b.accuracy), y(b.interval.low), y(b.interval.high)) for b in bins],
        [Tick(x(n / 10), f"{n / 10:g}") for n in range(round(10 * least), 11, 1 if least else 2)],
        [Tick(y(n / 5), f"{20 * n}%") for n in range(6)],
        (x(least), y(least), x(1), y(1)),
    )
