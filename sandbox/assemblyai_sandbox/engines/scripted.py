"""Outcomes from the script, and small invented conversations for all other recordings."""

from __future__ import annotations

import asyncio

from assemblyai_sandbox import errors
from assemblyai_sandbox.outcomes import Outcome, Script, invented
from assemblyai_sandbox.records import Record
from assemblyai_sandbox.uploads import Uploads

# Content-Types of bodies that are not raw bytes. The real service looks at the bytes.
_NOT_RAW = ("application/json", "multipart/form-data", "text/")


class ScriptedEngine:
    def __init__(self, script: Script, uploads: Uploads, seed: int | None) -> None:
        self._script = script
        self._uploads = uploads
        self._seed = seed

    def decide(self, record: Record) -> Outcome:
        scripted = self._script.take(record.audio_url, record.upload_sha256)
        if scripted is not None:
            return scripted
        upload = self._uploads.find(record.audio_url)
        if upload is None and self._uploads.is_upload_url(record.audio_url):
            return Outcome(status="error", error=errors.download_failed(record.audio_url))
        if upload is not None and upload.media_type.startswith(_NOT_RAW):
            return Outcome(status="error", error=errors.wrong_body(upload.media_type))
        return invented(self._seed, record.upload_sha256 or record.audio_url)

    def listen(self, record: Record) -> asyncio.Future[Outcome]:
        """Not needed: every outcome is known at the submission."""
        raise NotImplementedError
