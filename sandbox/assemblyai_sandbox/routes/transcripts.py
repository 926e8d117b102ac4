"""Upload, submit, read and delete."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from assemblyai_sandbox import errors
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.records import Record
from assemblyai_sandbox.routes import Caller, answer, sandbox_of
from assemblyai_sandbox.shape import transcript_object
from assemblyai_sandbox.state import Sandbox
from assemblyai_sandbox.validation import checked_request

router = APIRouter()


@router.post("/v2/upload")
async def upload(request: Request, project: Caller) -> Response:
    uploads = sandbox_of(request).uploads
    media_type = request.headers.get("content-type", "application/octet-stream").partition(";")[0]
    received = await uploads.receive(project, media_type, request.stream())
    return answer({"upload_url": uploads.url(received)})


@router.post("/v2/transcript")
async def submit(request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise ApiError(400, errors.INVALID_SCHEMA) from None
    record = sandbox.submit(project, checked_request(body))
    return answer(transcript_object(record, sandbox.settings, just_submitted=True))


@router.get("/v2/transcript/{transcript_id}")
async def read(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    return Response(_body(sandbox, sandbox.find(project, transcript_id)), media_type="application/json")


@router.delete("/v2/transcript/{transcript_id}")
async def delete(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    record = sandbox.find(project, transcript_id)
    sandbox.delete(record)
    return Response(_body(sandbox, record), media_type="application/json")


def _body(sandbox: Sandbox, record: Record) -> bytes:
    """The answer's bytes. They are cached until the record changes, because thousands may be polled."""
    if record.body is None:
        text = json.dumps(transcript_object(record, sandbox.settings), ensure_ascii=False)
        record.body = text.encode()
    return record.body
