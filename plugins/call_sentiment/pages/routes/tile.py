"""What the tile on Airflow's home shows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from call_sentiment.pages import guards
from call_sentiment.pages.render import ago, query, signed
from call_sentiment.pages.results import ResultsUnavailableError, rows

router = APIRouter(dependencies=guards.READ)


@router.get("/tile.json")
def tile(request: Request) -> Response:
    """The figures of the tile as it writes them; 503 with the reason where there are none."""
    try:
        (figures,) = rows("pages/tile")
    except ResultsUnavailableError as error:
        return JSONResponse({"error": str(error)}, status_code=503)
    return JSONResponse(tile_content(figures))


def tile_content(figures: dict[str, Any]) -> dict[str, Any]:
    """A heading, and for each figure its name, its text and the page behind it."""
    day = figures["day"]
    in_progress = {
        "name": "in progress",
        "value": str(figures["in_progress"]),
        "note": f"oldest for {ago(figures['oldest_since'])}" if figures["in_progress"] else "",
        "page": "pipeline",
    }
    if day is None:
        return {"heading": "No calls yet", "figures": [in_progress]}
    of_day = {"from": day, "to": day}
    calls = "1 call" if figures["calls"] == 1 else f"{figures['calls']} calls"
    return {
        "heading": f"{calls} {'today' if figures['today'] else f'on {day}'} (UTC)",
        "figures": [
            _figure("scored", str(figures["scored"]), "calls" + query(**of_day, sort="newest")),
            in_progress,
            _figure("failed", str(figures["failed"]), "calls" + query(**of_day, status="failed")),
            _figure("need review", str(figures["needs_review"]), "calls" + query(**of_day, review="needed")),
            _figure("mean score", signed(figures["score"]), "trends" + query(to=day)),
        ],
    }


def _figure(name: str, value: str, page: str) -> dict[str, str]:
    return {"name": name, "value": value, "note": "", "page": page}
