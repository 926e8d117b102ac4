"""Reads how often the Dag runs, and how long a run waits because of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

LONGEST_WAIT_S = 3600.0


def read_schedule(text: str) -> timedelta | str | None:
    """A Dag's schedule from a number of seconds or a cron expression; None, only when triggered, if empty."""
    text = text.strip()
    return timedelta(seconds=int(text)) if text.isdecimal() else text or None


def default_wait_s(text: str) -> float:
    """Seconds that a run waits for its transcripts: half the time to the next run, an hour at most.

    So a run soon leaves late jobs to the next one. A run without a next one waits as long as it may.
    """
    schedule = read_schedule(text)
    if schedule is None:
        return LONGEST_WAIT_S
    period = schedule if isinstance(schedule, timedelta) else _shortest_period(schedule)
    return max(1.0, min(period.total_seconds() / 2, LONGEST_WAIT_S))


def _shortest_period(cron: str) -> timedelta:
    # Late, because most deployments give seconds.
    from croniter import CroniterError, croniter

    try:
        times = croniter(cron, datetime(2026, 1, 1, tzinfo=UTC), ret_type=datetime)
        moments: list[datetime] = [times.get_next() for _ in range(50)]
    except CroniterError:
        # Airflow itself reports what is wrong with the expression.
        return timedelta(seconds=2 * LONGEST_WAIT_S)
    return min(later - sooner for sooner, later in pairwise(moments))
