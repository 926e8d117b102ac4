"""The page of the pipeline: what is in progress, how long things take, what failed, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import APIRouter, Query, Request, Response

from assemblyai_provider.models import DEFAULT_REQUEST_BUDGET
from call_sentiment import ASSEMBLYAI_CONN_ID
from call_sentiment.database import run_sql
from call_sentiment.discovery.claims import MAX_ATTEMPTS
from call_sentiment.pages import guards
from call_sentiment.pages.bars import Bars, make_bars
from call_sentiment.pages.failures import group_failures
from call_sentiment.pages.render import render
from call_sentiment.pages.results import reading
from call_sentiment.report import find_held

router = APIRouter(dependencies=guards.READ)

PERIODS = {24: "24 hours", 168: "7 days", 720: "30 days"}
STATEMENTS = (
    "pages/pipeline_open",
    "pages/pipeline_oldest",
    "pages/pipeline_period",
    "pages/pipeline_backfills",
    "pages/pipeline_turnaround",
    "pages/pipeline_failures",
    "pages/pipeline_days",
    "pages/pipeline_prices",
    "pages/pipeline_requests",
)


@router.get("/pipeline")
def pipeline(request: Request, hours: Annotated[int, Query(ge=1, le=8760)] = 24) -> Response:
    """What the pipeline did in the last `hours`, and what it is doing."""
    params = {"hours": hours, "unit": "hour" if hours <= 48 else "day", "max_attempts": MAX_ATTEMPTS}
    with reading() as connection:
        found = {
            name.removeprefix("pages/pipeline_"): run_sql(connection, name, params) for name in STATEMENTS
        }
        held = find_held(connection)
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
        backfills=found["backfills"],
        held=held,
        turnaround=found["turnaround"],
        throughput=_throughput(found["turnaround"], str(params["unit"])),
        failures=group_failures(found["failures"]),
        days=found["days"],
        prices=[price for price in found["prices"] if price["per_hour"] is not None],
        unpriced=[price["item"] for price in found["prices"] if price["per_hour"] is None],
        requests=found["requests"][0],
        budget=_request_budget(),
    )


def _throughput(rows: Sequence[Mapping[str, Any]], unit: str) -> Bars:
    def name(start: datetime) -> str:
        return f"{start:%H:%M}" if unit == "hour" else f"{start:%d %b}"

    return make_bars([(name(row["start"]), row["submitted"]) for row in rows])


def _request_budget() -> int:
    """The requests that the connection allows in five minutes."""
    try:
        extra = BaseHook.get_connection(ASSEMBLYAI_CONN_ID).extra_dejson
        return int(extra.get("request_budget") or DEFAULT_REQUEST_BUDGET)
    except (AirflowNotFoundException, ValueError, TypeError):
        return DEFAULT_REQUEST_BUDGET
