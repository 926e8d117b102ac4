"""The page of calls."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from call_sentiment.pages import guards
from call_sentiment.pages.render import render
from call_sentiment.pages.results import rows

router = APIRouter(dependencies=guards.READ)


@router.get("/calls")
def calls(request: Request) -> Response:
    """The newest calls."""
    return render(request, "calls.html", page="calls", calls=rows("calls"))
