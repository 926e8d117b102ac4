"""The application behind the pages: its routes, its headers, its error page."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from call_sentiment.pages import guards
from call_sentiment.pages.render import render
from call_sentiment.pages.results import ResultsUnavailableError
from call_sentiment.pages.routes import ROUTERS

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


def make_app() -> FastAPI:
    """The application; it touches the database only when a page asks it."""
    app = FastAPI(title="Call Sentiment", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.middleware("http")(_add_headers)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_bad_request)
    app.exception_handler(ResultsUnavailableError)(_unavailable)
    return app


async def _add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(guards.HEADERS)
    if "/static/" not in request.url.path:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 401:
        # Not one byte of ours before the login.
        return Response(status_code=401, headers=error.headers)
    return render(request, "error.html", status_code=error.status_code, message=str(error.detail))


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = ", ".join(sorted({str(problem["loc"][-1]) for problem in error.errors()}))
    return render(
        request,
        "error.html",
        status_code=422,
        message=f"This address has values without sense: {names}.",
    )


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("A page could not be shown: %s", error)
    return render(request, "error.html", status_code=503, message=str(error))
