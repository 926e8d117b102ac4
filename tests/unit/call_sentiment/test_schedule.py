from __future__ import annotations

from datetime import timedelta

import pytest

from call_sentiment.schedule import default_wait_s, read_schedule


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("30", timedelta(seconds=30)),
        (" 90 ", timedelta(seconds=90)),
        ("*/5 * * * *", "*/5 * * * *"),
        ("", None),
    ],
)
def test_a_schedule_is_seconds_or_a_cron_expression(text: str, schedule: object) -> None:
    assert read_schedule(text) == schedule


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 15),
        ("60", 30),
        ("1", 1),
        ("* * * * *", 30),
        ("*/15 * * * *", 450),
        ("0,10 * * * *", 300),
        ("@hourly", 1800),
        ("0 6 * * *", 3600),
        ("86400", 3600),
        ("", 3600),
        ("what", 3600),
    ],
)
def test_a_run_waits_for_half_the_time_to_the_next(text: str, seconds: float) -> None:
    assert default_wait_s(text) == seconds
