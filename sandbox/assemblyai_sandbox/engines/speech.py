"""The speech engine: recognises in worker processes, so that the server keeps answering."""

from __future__ import annotations

import asyncio
import ipaddress
import multiprocessing
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from urllib.parse import urlsplit

from assemblyai_sandbox import errors
from assemblyai_sandbox.engines.recogniser import prepare_process, recognise
from assemblyai_sandbox.outcomes import Outcome, Script
from assemblyai_sandbox.records import Record
from assemblyai_sandbox.uploads import Uploads

MAX_TRIES = 3
"""Tries of a job whose worker dies. One that kills every worker ends in the service's server error."""


class SpeechEngine:
    """Recognises uploads and audio on loopback addresses; it fetches nothing else."""

    def __init__(self, script: Script, uploads: Uploads, workers: int) -> None:
        self._script = script
        self._uploads = uploads
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def decide(self, record: Record) -> Outcome | None:
        scripted = self._script.take(record.audio_url, record.upload_sha256)
        if scripted is not None:
            return scripted
        upload = self._uploads.find(record.audio_url)
        if upload is None and not is_loopback(record.audio_url):
            return Outcome(status="error", error=errors.download_failed(record.audio_url))
        return None

    def listen(self, record: Record) -> asyncio.Future[Outcome]:
        return asyncio.ensure_future(self._recognise(record))

    async def _recognise(self, record: Record) -> Outcome:
        upload = self._uploads.find(record.audio_url)
        if upload is None and self._uploads.is_upload_url(record.audio_url):
            return Outcome(status="error", error=errors.download_failed(record.audio_url))
        path = upload.path if upload else None
        for _ in range(MAX_TRIES):
            pool = self._pool or self._new_pool()
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(pool, recognise, path, record.audio_url, record.request)
            except BrokenExecutor:
                # A worker died, and with it the pool and all its jobs. Each starts again in a new pool.
                if self._pool is pool:
                    self._pipe.close()
                    self._pool = None
        return Outcome(status="error", error=errors.SERVER_ERROR_NEW)

    def _new_pool(self) -> ProcessPoolExecutor:
        # Not forked, so that the workers do not inherit the server's threads and sockets.
        context = multiprocessing.get_context("spawn")
        workers_end, self._pipe = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            self._workers, context, initializer=prepare_process, initargs=(workers_end,)
        )
        return self._pool

    def close(self) -> None:
        """End the workers, also while they recognise."""
        if self._pool:
            self._pipe.close()
            self._pool.shutdown(wait=True, cancel_futures=True)


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
