"""The page of trends: scores and labels by day or week, in all and for each queue or agent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response

from call_sentiment.pages import guards
from call_sentiment.pages.filters import FirstDay, LastDay, Words
from call_sentiment.pages.render import MINUS, render
from call_sentiment.pages.results import rows
from call_sentiment.pages.trend_chart import (
    FEW_CALLS,
    LABELS,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    Frame,
    draw_chart,
    scale_limit,
)

router = APIRouter(dependencies=guards.READ)

DEFAULT_DAYS = 30
MOST_BUCKETS = 400
PARTS_SHOWN = 12
NAMES_SHOWN = 100


@router.get("/trends")
def trends(
    request: Request,
    by: Literal["day", "week"] = "day",
    split: Literal["queue", "agent"] = "queue",
    queue: Words = None,
    agent: Words = None,
    first: FirstDay = None,
    last: LastDay = None,
) -> Response:
    """The trends of the calls that began between two days (UTC), both included."""
    frame = make_frame(by, first, last)
    asked = {"queue": queue, "agent": agent, "by": by, "split": split}
    found = rows("pages/trends", {**asked, "first": frame.first, "last": frame.last, "parts": PARTS_SHOWN})
    # The sums over all buckets are a row even where no call is found.
    whole = next(row for row in found if not row["of_bucket"] and not row["of_part"])
    values = {
        "frame": frame,
        "asked": {**asked, "from": frame.first, "to": frame.last},
        "whole": whole,
        "chart": draw_chart([row for row in found if row["of_bucket"] and not row["of_part"]], frame),
        "newest": None if whole["calls"] else rows("pages/trends_newest")[0]["day"],
        "LABELS": LABELS,
        "MINUS": MINUS,
        "few": FEW_CALLS,
        **_parts(found, frame),
    }
    return render(request, "trends.html", page="trends", **values)


def make_frame(by: str, first: date | None, last: date | None) -> Frame:
    """The days asked for, or the last 30.

    Raises HTTPException 422 where the first is after the last, or there are more than can be drawn.
    """
    last = last or max(datetime.now(UTC).date(), first or date.min)
    try:
        first = first or last - timedelta(days=DEFAULT_DAYS - 1)
        frame = Frame(first, last, 7 if by == "week" else 1)
        start = frame.start
    except OverflowError:
        raise HTTPException(422, "These dates are outside of the calendar: from, to.") from None
    if start > last or first > last:
        raise HTTPException(422, "The first day is after the last: from, to.")
    if frame.steps > MOST_BUCKETS:
        advice = "fewer days, or weeks" if by == "day" else "fewer weeks"
        raise HTTPException(
            422, f"That is {frame.steps} {by}s; {MOST_BUCKETS} can be shown. Ask for {advice}."
        )
    return frame


def _parts(found: list[dict[str, Any]], frame: Frame) -> dict[str, Any]:
    """The queues or agents with the most calls, each with its line, and the names of the others."""
    parts = [row for row in found if row["of_part"] and not row["of_bucket"]]
    shown = [row for row in parts if row["place"] <= PARTS_SHOWN]
    others = parts[len(shown) :]
    of_part = {
        row["place"]: [r for r in found if r["of_bucket"] and r["place"] == row["place"]] for row in shown
    }
    small = Frame(frame.first, frame.last, frame.step_days, 4, SPARK_WIDTH - 4, 3, SPARK_HEIGHT - 3)
    # One scale for all, so that the lines compare.
    limit = scale_limit([row for part in of_part.values() for row in part])
    return {
        "parts": [(row, draw_chart(of_part[row["place"]], small, limit)) for row in shown],
        "spark_limit": limit,
        "others": others[:NAMES_SHOWN],
        "other_count": len(others),
        "other_calls": sum(row["calls"] for row in others),
    }
