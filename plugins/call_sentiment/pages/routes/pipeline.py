"""The page of the pipeline: what is in progress, how long things take, what failed, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import APIRouter, Query, Request, Response

from call_sentiment.database import run_sql
from call_sentiment.discovery.claims import MAX_ATTEMPTS
from call_sentiment.pages import guards
from call_sentiment.pages.bars import Bars, make_bars
from call_sentiment.pages.failures import group_failures
from call_sentiment.pages.render import render
from call_sentiment.pages.results import reading
from call_sentiment.prices import Prices, PricesError, read_prices

router = APIRouter(dependencies=guards.READ)

PERIODS = {24: "24 hours", 168: "7 days", 720: "30 days"}
ASSEMBLYAI_CONN_ID = "assemblyai_default"
DEFAULT_REQUEST_BUDGET = 20_000


@dataclass(slots=True)
class Day:
    """Audio of one day, and its cost as far as it is known."""

    day: date
    transcripts: int = 0
    audio_s: float = 0.0
    cost: float | None = None
    unpriced_models: set[str] = field(default_factory=set)


@router.get("/pipeline")
def pipeline(request: Request, hours: Annotated[int, Query(ge=1, le=8760)] = 24) -> Response:
    """What the pipeline did in the last `hours`, and what it is doing."""
    params = {"hours": hours, "unit": "hour" if hours <= 48 else "day", "max_attempts": MAX_ATTEMPTS}
    with reading() as connection:
        found = {
            name: run_sql(connection, f"pages/pipeline_{name}", params)
            for name in ("open", "oldest", "period", "turnaround", "failures", "days", "requests")
        }
    prices, price_error = _prices()
    return render(
        request,
        "pipeline.html",
        page="pipeline",
        hours=hours,
        unit=params["unit"],
        periods=PERIODS,
        open={row["state"]: row for row in found["open"]},
        oldest=found["oldest"],
        period=found["period"][0],
        turnaround=found["turnaround"],
        throughput=_throughput(found["turnaround"], str(params["unit"])),
        failures=group_failures(found["failures"]),
        days=add_costs(found["days"], prices),
        prices=prices,
        price_error=price_error,
        requests=found["requests"][0],
        budget=_request_budget(),
    )


def add_costs(rows: Sequence[Mapping[str, Any]], prices: Prices | None) -> list[Day]:
    """Days with minutes and cost, the newest first. A day's cost is None where a model has no price."""
    days: dict[date, Day] = {}
    for row in rows:
        day = days.setdefault(row["day"], Day(row["day"], cost=0.0))
        day.transcripts += row["transcripts"]
        day.audio_s += row["audio_s"] or 0.0
        cost = prices.cost(row["model"], row["audio_s"]) if prices else None
        if cost is None:
            day.unpriced_models.add(row["model"] or "unknown model")
        day.cost = None if cost is None or day.cost is None else day.cost + cost
    return list(days.values())


def _throughput(rows: Sequence[Mapping[str, Any]], unit: str) -> Bars:
    def name(start: datetime) -> str:
        return f"{start:%H:%M}" if unit == "hour" else f"{start:%d %b}"

    return make_bars([(name(row["start"]), row["submitted"]) for row in rows])


def _prices() -> tuple[Prices | None, str | None]:
    try:
        return read_prices(), None
    except PricesError as error:
        return None, str(error)


def _request_budget() -> int:
    """The requests that the connection allows in five minutes."""
    try:
        extra = BaseHook.get_connection(ASSEMBLYAI_CONN_ID).extra_dejson
        return int(extra.get("request_budget") or DEFAULT_REQUEST_BUDGET)
    except (AirflowNotFoundException, ValueError, TypeError):
        return DEFAULT_REQUEST_BUDGET
