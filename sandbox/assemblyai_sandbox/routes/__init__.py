"""The HTTP routes, one module per part of the API."""

from __future__ import annotations

import json
from typing import Annotated, cast

from fastapi import Depends, Request, Response

from assemblyai_sandbox.accounts import Project
from assemblyai_sandbox.state import Sandbox


def sandbox_of(request: Request) -> Sandbox:
    return cast(Sandbox, request.app.state.sandbox)


async def caller(request: Request) -> Project:
    """The project of the request's key; raises 401, or counts the request for its rate limit."""
    sandbox = sandbox_of(request)
    project = sandbox.accounts.authenticate(request.headers.get("authorization"))
    if request.method == "POST" or sandbox.settings.rate_limit_counts == "all":
        sandbox.accounts.of(project).count_request(sandbox.clock.now(), sandbox.settings)
    return project


Caller = Annotated[Project, Depends(caller)]


def answer(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status, media_type="application/json")
