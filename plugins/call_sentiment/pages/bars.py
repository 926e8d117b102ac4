"""The geometry of a bar chart, drawn by a template as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 120.0
WIDTH = 960.0
LEFT = 44.0
MAX_NAMES = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; lengths in units of the view box. `is_named`: its name fits below the axis."""

    name: str
    value: int
    x: float
    y: float
    width: float
    height: float
    is_named: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart: its bars, and the value at its top."""

    bars: Sequence[Bar]
    top: int
    width: float = WIDTH
    height: float = HEIGHT


def make_bars(values: Sequence[tuple[str, int]]) -> Bars:
    """Bars of the same width from left to right; the highest fills the height."""
    top = max((value for _, value in values), default=0)
    step = (WIDTH - LEFT) / max(len(values), 1)
    every = -(-len(values) // MAX_NAMES) or 1
    width = min(step * 0.8, 48.0)
    bars = []
    for index, (name, value) in enumerate(values):
        height = HEIGHT * value / top if top else 0.0
        x = LEFT + step * index + (step - width) / 2
        bars.append(Bar(name, value, x, HEIGHT - height, width, height, index % every == 0))
    return Bars(bars, top)
