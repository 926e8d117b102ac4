"""Geometry of the charts of trends, in units of their drawings; the template turns it into SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

LABELS = ("very_negative", "negative", "mixed", "neutral", "positive", "very_positive", "insufficient")
"""The labels in the order they are stacked, from below; the last has too few sentences to judge."""

FEW_CALLS = 5
"""A bucket with fewer calls is drawn grey and hollow."""

WIDTH, LEFT, RIGHT = 960, 46, 10
TOP, BOTTOM, BARS_BOTTOM = 12, 212, 172
SPARK_WIDTH, SPARK_HEIGHT = 180, 36
_SCALES = (0.25, 0.5, 1.0)
_MOST_TICKS = 8

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    label: str
    count: int
    share: float
    y: float
    height: float


@dataclass(frozen=True)
class Bucket:
    """A day or week with calls: its dates, its figures and where it is drawn."""

    first: date
    last: date
    row: Row
    x: float
    width: float
    y: float | None
    y_low: float | None
    y_high: float | None
    shares: tuple[Share, ...]

    @property
    def few(self) -> bool:
        return bool(self.row["rated"] < FEW_CALLS)


@dataclass(frozen=True)
class Tick:
    position: float
    text: str


@dataclass(frozen=True)
class Chart:
    """One line of buckets on a common scale from -`limit` to `limit`."""

    buckets: tuple[Bucket, ...]
    limit: float
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero: float


@dataclass(frozen=True)
class Frame:
    """The dates that a drawing spans, in steps of days, and its edges."""

    first: date
    last: date
    step_days: int
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = BOTTOM

    @property
    def start(self) -> date:
        """First day of the first bucket: that day, or the Monday before it."""
        return self.first if self.step_days == 1 else self.first - timedelta(days=self.first.weekday())

    @property
    def steps(self) -> int:
        return (self.last - self.start).days // self.step_days + 1

    @property
    def step_width(self) -> float:
        return (self.right - self.left) / self.steps

    def x(self, day: date) -> float:
        """The middle of the bucket that begins on `day`."""
        return self.left + ((day - self.start).days / self.step_days + 0.5) * self.step_width

    def y(self, value: float, limit: float) -> float:
        clipped = max(-limit, min(limit, value))
        return (self.top + self.bottom) / 2 - clipped / limit * (self.bottom - self.top) / 2


def draw_chart(rows: Sequence[Row], frame: Frame, limit: float | None = None) -> Chart:
    """The chart of the buckets in `rows`; a day or week without calls is a gap in its lines."""
    limit = limit or scale_limit(rows)
    buckets = tuple(_bucket(row, frame, limit) for row in rows)
    runs = _runs([bucket for bucket in buckets if bucket.y is not None], frame.step_days)
    return Chart(
        buckets,
        limit,
        tuple(_points((b.x, b.y) for b in run) for run in runs if len(run) > 1),
        tuple(_band(part) for run in runs for part in _with_interval(run) if len(part) > 1),
        _x_ticks(frame),
        tuple(Tick(frame.y(value, limit), f"{value:+g}" if value else "0") for value in _y_values(limit)),
        frame.y(0, limit),
    )


def scale_limit(rows: Sequence[Row]) -> float:
    """The smallest scale on which every score and interval of `rows` fits."""
    values = [abs(row[name]) for row in rows for name in ("score", "low", "high") if row[name] is not None]
    return next(scale for scale in _SCALES if scale >= max([*values, 0]) or scale == _SCALES[-1])


def _bucket(row: Row, frame: Frame, limit: float) -> Bucket:
    first, last = row["bucket"], row["bucket"] + timedelta(days=frame.step_days - 1)
    score, low, high = (
        None if row[name] is None else round(frame.y(row[name], limit), 1)
        for name in ("score", "low", "high")
    )
    width = max(frame.step_width - 3, frame.step_width * 0.7)
    return Bucket(
        max(first, frame.first), min(last, frame.last), row, round(frame.x(first), 1), round(width, 1),
        score, low, high, _shares(row),
    )  # fmt: skip


def _shares(row: Row) -> tuple[Share, ...]:
    shares, below = [], float(BARS_BOTTOM)
    for label in LABELS:
        share = row[label] / row["calls"]
        height = share * (BARS_BOTTOM - TOP)
        below -= height
        if row[label]:
            shares.append(Share(label, row[label], share, round(below, 2), round(height, 2)))
    return tuple(shares)


def _runs(buckets: Sequence[Bucket], step_days: int) -> list[list[Bucket]]:
    """Buckets that follow each other without a gap."""
    runs: list[list[Bucket]] = []
    for bucket in buckets:
        if runs and (bucket.row["bucket"] - runs[-1][-1].row["bucket"]).days == step_days:
            runs[-1].append(bucket)
        else:
            runs.append([bucket])
    return runs


def _with_interval(run: Sequence[Bucket]) -> list[list[Bucket]]:
    """The parts of a run that have an interval; a bucket with one call has none."""
    parts: list[list[Bucket]] = [[]]
    for bucket in run:
        if bucket.y_low is None:
            parts.append([])
        else:
            parts[-1].append(bucket)
    return parts


def _band(part: Sequence[Bucket]) -> str:
    return _points([*((b.x, b.y_high) for b in part), *((b.x, b.y_low) for b in reversed(part))])


def _points(pairs: Any) -> str:
    return " ".join(f"{x},{y}" for x, y in pairs)


def _x_ticks(frame: Frame) -> tuple[Tick, ...]:
    every = -(-frame.steps // _MOST_TICKS)
    days = [frame.start + timedelta(days=i * frame.step_days) for i in range(0, frame.steps, every)]
    long = frame.start.year != frame.last.year
    return tuple(Tick(round(frame.x(d), 1), d.strftime("%Y-%m-%d" if long else "%m-%d")) for d in days)


def _y_values(limit: float) -> tuple[float, ...]:
    return (-limit, -limit / 2, 0, limit / 2, limit)
