"""What is asked for where a sample is to be drawn: a rate and the days it is applied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

DEFAULT_DAYS = 30
DEFAULT_PERCENT = "10"


@dataclass(frozen=True, slots=True)
class SampleForm:
    """The form as typed, and what it means; `problem` says what has no meaning."""

    percent: str
    first: str
    last: str
    rate: float | None
    first_day: date | None
    last_day: date | None
    problem: str | None


def read_sample_form(typed: Mapping[str, str], newest: date | None) -> SampleForm:
    """What is typed; without it 10 % of the 30 days up to that of the newest call."""
    last = typed.get("to") or str(newest or datetime.now(UTC).date())
    last_day = _read_day(last)
    first = typed.get("from") or (str(_days_before(last_day, DEFAULT_DAYS - 1)) if last_day else "")
    first_day = _read_day(first)
    percent = typed.get("percent") or DEFAULT_PERCENT
    rate = _read_rate(percent)
    problem = None
    if first_day is None or last_day is None:
        problem = "Give the first and the last day as a date, such as 2026-11-25."
    elif first_day > last_day:
        problem = "The first day is after the last. Change one of them."
    elif rate is None:
        problem = f"{percent!r} is no rate. Give a number above 0 and up to 100."
    return SampleForm(percent, first, last, rate, first_day, last_day, problem)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=min(days, (day - date.min).days))


def _read_rate(percent: str) -> float | None:
    try:
        rate = float(percent.strip().removesuffix("%").replace(",", ".")) / 100
    except ValueError:
        return None
    return rate if 0 < rate <= 1 else None
