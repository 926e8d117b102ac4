"""The ASGI application: routes, error answers, and the layer that plays faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from assemblyai_sandbox import __version__
from assemblyai_sandbox.errors import NOT_FOUND, ApiError
from assemblyai_sandbox.routes import answer, control, exports, listing, transcripts
from assemblyai_sandbox.settings import Settings
from assemblyai_sandbox.state import Sandbox
from assemblyai_sandbox.wire import Wire


def create_app(settings: Settings) -> ASGIApp:
    """The application; its state lives as long as its lifespan."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sandbox = app.state.sandbox = Sandbox(settings)
        await sandbox.start()
        yield
        await sandbox.stop()

    app = FastAPI(
        title="AssemblyAI sandbox",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
    )
    for module in (transcripts, listing, exports, control):
        app.include_router(module.router)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _no_such_path)
    return Wire(app, lambda: cast(Sandbox, app.state.sandbox))


async def _refused(_: Request, failure: Exception) -> Response:
    refusal = cast(ApiError, failure)
    response = answer({"error": refusal.message}, refusal.status)
    response.headers.update(refusal.headers)
    return response


async def _no_such_path(_: Request, failure: Exception) -> Response:
    problem = cast(HTTPException, failure)
    return answer({"error": NOT_FOUND if problem.status_code == 404 else problem.detail}, problem.status_code)
