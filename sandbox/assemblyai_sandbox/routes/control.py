"""/_sandbox/*: controls for tests. They need no key, get no faults, and are not in the journal."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assemblyai_sandbox import __version__
from assemblyai_sandbox.clock import timestamp
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.faults import Fault
from assemblyai_sandbox.outcomes import Outcome
from assemblyai_sandbox.routes import answer, sandbox_of

router = APIRouter(prefix="/_sandbox")


@router.get("")
@router.get("/health")
async def health(request: Request) -> Response:
    """The version, the engine, and the number of transcripts."""
    sandbox = sandbox_of(request)
    known = {"transcripts": len(sandbox.store), "live": len(sandbox.jobs.live)}
    settings = sandbox.settings
    return answer({"version": __version__, "engine": settings.engine, "region": settings.region, **known})


@router.get("/clock")
async def read_clock(request: Request) -> Response:
    clock = sandbox_of(request).clock
    return answer({"now": timestamp(clock.now()), "frozen": clock.frozen})


@router.post("/clock")
async def move_clock(request: Request) -> Response:
    """``{"advance": seconds}`` or ``{"set": "2026-12-08T00:00:00Z"}``; waits for all due events."""
    sandbox = sandbox_of(request)
    body = await _object(request, {"advance", "set"})
    try:
        if "set" in body:
            sandbox.clock.set(datetime.fromisoformat(body["set"]))
        sandbox.clock.advance(float(body.get("advance", 0)))
    except (TypeError, ValueError) as exc:
        raise ApiError(400, str(exc)) from exc
    await sandbox.catch_up()
    return await read_clock(request)


@router.post("/script")
async def script(request: Request) -> Response:
    """``{"match": text, "outcome": {…}}`` or ``"outcomes": [{…}, …]``, one per submission."""
    body = await _object(request, {"match", "outcome", "outcomes"})
    try:
        outcomes = [Outcome.from_json(value) for value in body.get("outcomes") or [body.get("outcome")]]
        match = body["match"]
    except (KeyError, TypeError, ValueError) as exc:
        raise ApiError(400, f"not a script: {exc}") from exc
    sandbox_of(request).script.add(str(match), outcomes)
    return answer({"match": match, "outcomes": len(outcomes)})


@router.post("/faults")
async def add_fault(request: Request) -> Response:
    """A :class:`~assemblyai_sandbox.faults.Fault` as JSON."""
    try:
        fault = Fault.from_json(await _json(request))
    except (TypeError, ValueError) as exc:
        raise ApiError(400, str(exc)) from exc
    sandbox_of(request).faults.add(fault)
    return await faults(request)


@router.get("/faults")
async def faults(request: Request) -> Response:
    return answer(sandbox_of(request).faults.to_json())


@router.delete("/faults")
async def clear_faults(request: Request) -> Response:
    sandbox_of(request).faults.clear()
    return answer([])


@router.post("/accounts/{name}")
async def change_account(name: str, request: Request) -> Response:
    """``{"concurrency", "rate_limit", "negative_balance", "created_on"}``, any of them."""
    try:
        sandbox_of(request).accounts.change(name, await _json(request))
    except (AttributeError, ValueError) as exc:
        raise ApiError(400, str(exc)) from exc
    return answer({"account": name})


@router.get("/billing")
@router.get("/ledger")  # the former name
async def billing(request: Request) -> Response:
    """All charges in the order of submission, and their sum."""
    sandbox = sandbox_of(request)
    sandbox.jobs.settle()
    charges = [record.charge for record in sandbox.store.oldest_first() if record.charge]
    total = round(sum(charge["usd"] for charge in charges), 6)
    return answer({"charges": charges, "seconds": sum(c["seconds"] for c in charges), "usd": total})


@router.get("/journal")
async def journal(request: Request) -> Response:
    return answer(sandbox_of(request).journal.to_json())


@router.get("/webhooks")
async def webhooks(request: Request) -> Response:
    """All attempts to deliver a webhook: transcript, URL without query, attempt, status or null."""
    return answer(sandbox_of(request).webhooks.log)


@router.post("/reset")
async def reset(request: Request) -> Response:
    """Delete uploads, transcripts, charges, faults, script and journal; the clock keeps its time."""
    sandbox_of(request).reset()
    return answer({})


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as exc:
        raise ApiError(400, f"not JSON: {exc}") from exc


async def _object(request: Request, names: set[str]) -> dict[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict) or not set(body) <= names:
        raise ApiError(400, f"expected an object with {', '.join(sorted(names))}")
    return body
