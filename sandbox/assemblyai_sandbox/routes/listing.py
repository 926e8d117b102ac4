"""GET /v2/transcript: newest first, paged by id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from assemblyai_sandbox import errors
from assemblyai_sandbox.accounts import Project
from assemblyai_sandbox.clock import timestamp
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.records import ERROR, LIVE, Record
from assemblyai_sandbox.routes import Caller, answer, sandbox_of
from assemblyai_sandbox.settings import DAY_S
from assemblyai_sandbox.shape import DELETED_URL
from assemblyai_sandbox.state import Sandbox

router = APIRouter()
MAX_LIMIT = 200
WINDOW_S = 90 * DAY_S
_STATUSES = ("queued", "processing", "completed", "error")
_PARAMETERS = frozenset({"limit", "status", "created_on", "before_id", "after_id", "throttled_only"})


@dataclass(frozen=True, slots=True)
class Query:
    limit: int
    status: str | None
    created_on: str | None
    before_id: str | None
    after_id: str | None
    throttled_only: bool


@router.get("/v2/transcript")
async def list_transcripts(request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    sandbox.jobs.settle()
    query = _read_query(dict(request.query_params))
    found, newer, older = _page(sandbox, project, query)
    base = str(request.base_url)
    details = {
        "limit": query.limit,
        "result_count": len(found),
        "current_url": str(request.url),
        "prev_url": _page_url(base, query, "before_id", found[-1]) if older else None,
        "next_url": _page_url(base, query, "after_id", found[0]) if newer else None,
    }
    return answer({"page_details": details, "transcripts": [_item(record, base) for record in found]})


def _read_query(given: dict[str, str]) -> Query:
    limit = given.get("limit", "10")
    status = given.get("status")
    day = given.get("created_on")
    fits = (
        set(given) <= _PARAMETERS
        and limit.isdecimal()
        and 1 <= int(limit) <= MAX_LIMIT
        and (status is None or status in _STATUSES)
        and (day is None or re.fullmatch(r"\d{4}-\d\d-\d\d", day))
    )
    if not fits:
        raise ApiError(400, errors.INVALID_SCHEMA)
    throttled_only = given.get("throttled_only", "false").lower() == "true"
    return Query(int(limit), status, day, given.get("before_id"), given.get("after_id"), throttled_only)


def _page(sandbox: Sandbox, project: Project, query: Query) -> tuple[list[Record], bool, bool]:
    """One page, newest first, and whether there are newer and older transcripts."""
    rows = _matching(sandbox, project, query)
    if query.after_id is not None:
        pivot = sandbox.find(project, query.after_id).seq
        newer_rows = [record for record in rows if record.seq > pivot]
        return newer_rows[-query.limit :], len(newer_rows) > query.limit, bool(newer_rows)
    if query.before_id is not None:
        pivot = sandbox.find(project, query.before_id).seq
        found = list(islice((record for record in rows if record.seq < pivot), query.limit + 1))
        return found[: query.limit], bool(found), len(found) > query.limit
    found = list(islice(rows, query.limit + 1))
    return found[: query.limit], False, len(found) > query.limit


def _matching(sandbox: Sandbox, project: Project, query: Query) -> Iterator[Record]:
    oldest = sandbox.clock.now() - WINDOW_S
    for record in _candidates(sandbox, query):
        mine = record.project == project.path and record.created >= oldest
        if mine and _wanted(record, query) and sandbox.listed(record):
            yield record


def _candidates(sandbox: Sandbox, query: Query) -> Iterator[Record]:
    # A poller lists the few jobs in progress, so do not search through the many that have ended.
    if query.throttled_only or query.status in LIVE:
        return iter(sorted(sandbox.jobs.live.values(), key=lambda record: -record.seq))
    return sandbox.store.newest_first()


def _wanted(record: Record, query: Query) -> bool:
    if query.throttled_only:
        return record.status == "queued" and record.throttled
    if query.status is not None and record.status != query.status:
        return False
    return query.created_on is None or timestamp(record.created).startswith(query.created_on)


def _item(record: Record, base: str) -> dict[str, object]:
    failed = record.status == ERROR
    done = record.finished is not None and not failed
    return {
        "id": record.id,
        "resource_url": f"{base}v2/transcript/{record.id}",
        "status": record.status,
        "created": timestamp(record.created),
        "completed": timestamp(record.finished) if done and record.finished else None,
        "audio_url": DELETED_URL if record.deleted else record.audio_url,
        "error": record.outcome.error if failed and record.outcome else None,
    }


def _page_url(base: str, query: Query, name: str, record: Record) -> str:
    kept = {
        "limit": str(query.limit),
        "status": query.status,
        "created_on": query.created_on,
        name: record.id,
    }
    return f"{base}v2/transcript?" + urlencode({key: value for key, value in kept.items() if value})
