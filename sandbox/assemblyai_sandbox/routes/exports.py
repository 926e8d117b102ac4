"""Sentences, paragraphs, subtitles, word search and redacted audio of a finished transcript."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from assemblyai_sandbox import errors, exports
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.records import COMPLETED, Record
from assemblyai_sandbox.routes import Caller, answer, sandbox_of
from assemblyai_sandbox.shape import transcript_object
from assemblyai_sandbox.state import REDACTED_AUDIO_LIFE_S, Sandbox

router = APIRouter(prefix="/v2/transcript/{transcript_id}")


def _completed(sandbox: Sandbox, record: Record) -> dict[str, Any]:
    if record.status != COMPLETED:
        raise ApiError(400, errors.wrong_status(record.status))
    return transcript_object(record, sandbox.settings)


@router.get("/sentences")
async def sentences(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    record = sandbox.find(project, transcript_id)
    transcript = _completed(sandbox, record)
    return answer({**_head(transcript), "sentences": exports.sentences(record, transcript)})


@router.get("/paragraphs")
async def paragraphs(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    record = sandbox.find(project, transcript_id)
    transcript = _completed(sandbox, record)
    return answer({**_head(transcript), "paragraphs": exports.paragraphs(record, transcript)})


@router.get("/srt")
async def srt(transcript_id: str, request: Request, project: Caller) -> Response:
    return _subtitles(transcript_id, request, project, "srt")


@router.get("/vtt")
async def vtt(transcript_id: str, request: Request, project: Caller) -> Response:
    return _subtitles(transcript_id, request, project, "vtt")


@router.get("/word-search")
async def word_search(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    transcript = _completed(sandbox, sandbox.find(project, transcript_id))
    phrases = [
        phrase.strip() for phrase in request.query_params.get("words", "").split(",") if phrase.strip()
    ]
    if not phrases or any(len(phrase.split()) > 5 for phrase in phrases):
        raise ApiError(400, errors.INVALID_SCHEMA)
    matches = exports.word_search(transcript, phrases)
    total = sum(int(match["count"]) for match in matches)
    return answer({"id": transcript_id, "total_count": total, "matches": matches})


@router.get("/redacted-audio")
async def redacted_audio(transcript_id: str, request: Request, project: Caller) -> Response:
    sandbox = sandbox_of(request)
    record = sandbox.find(project, transcript_id)
    url = sandbox.redacted_audio_url(record)
    if not record.is_over and record.request.get("redact_pii_audio"):
        return answer({"status": "redacted_audio_processing"}, 202)
    if url is None or record.finished is None or record.outcome is None:
        raise ApiError(400, "Redacted audio was not requested for this transcript")
    age = sandbox.clock.now() - record.finished - record.outcome.redaction_s
    if age < 0:
        return answer({"status": "redacted_audio_processing"}, 202)
    if age >= REDACTED_AUDIO_LIFE_S:
        raise ApiError(400, "Redacted audio is no longer available")
    return answer({"status": "redacted_audio_ready", "redacted_audio_url": url})


def _subtitles(transcript_id: str, request: Request, project: Caller, kind: str) -> Response:
    sandbox = sandbox_of(request)
    transcript = _completed(sandbox, sandbox.find(project, transcript_id))
    width = request.query_params.get("chars_per_caption", "128")
    if not width.isdecimal() or int(width) < 1:
        raise ApiError(400, errors.INVALID_SCHEMA)
    return Response(exports.subtitles(transcript, kind, int(width)), media_type="text/plain")


def _head(transcript: dict[str, Any]) -> dict[str, Any]:
    return {name: transcript[name] for name in ("id", "confidence", "audio_duration")}
