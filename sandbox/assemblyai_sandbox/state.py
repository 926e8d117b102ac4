"""The sandbox without HTTP: its data, and what happens as time passes."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any

import httpx

from assemblyai_sandbox import errors
from assemblyai_sandbox.accounts import Account, Accounts, Project
from assemblyai_sandbox.clock import Clock
from assemblyai_sandbox.engines.scripted import ScriptedEngine
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.faults import Faults
from assemblyai_sandbox.jobs import Engine, Jobs
from assemblyai_sandbox.journal import Journal
from assemblyai_sandbox.models_policy import requested_models, routed
from assemblyai_sandbox.outcomes import Script
from assemblyai_sandbox.records import COMPLETED, Record
from assemblyai_sandbox.settings import Settings
from assemblyai_sandbox.store import Store
from assemblyai_sandbox.uploads import Uploads
from assemblyai_sandbox.webhooks import TIMEOUT_S, Webhooks

REDACTED_AUDIO_LIFE_S = 86_400.0


class Sandbox:
    """One region of the service: its own accounts, uploads, transcripts and clock."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._temporary = (
            None if settings.state_dir else tempfile.TemporaryDirectory(prefix="assemblyai-sandbox-")
        )
        home = settings.state_dir or Path(self._temporary.name if self._temporary else "")
        # Two regions with the same seed must not make the same ids.
        rng = random.Random(None if settings.seed is None else f"{settings.region}:{settings.seed}")
        self.clock = Clock(frozen=settings.clock == "virtual", start=settings.start)
        self.accounts = Accounts(settings)
        self.script = Script()
        self.faults = Faults(settings.seed)
        self.journal = Journal()
        self.uploads = Uploads(settings, self.clock, home / "uploads", rng)
        self.store = Store(settings, self.clock, home / "transcripts" if settings.state_dir else None, rng)
        self.webhooks = Webhooks(self.clock, self.faults)
        self.engine: Engine = self._engine()
        self.jobs = Jobs(settings, self.clock, self.accounts, self.engine, self._changed)
        self._pump: asyncio.Task[None] | None = None
        self._pump_lock = asyncio.Lock()
        self._wake = asyncio.Event()

    def _engine(self) -> Engine:
        if self.settings.engine == "scripted":
            return ScriptedEngine(self.script, self.uploads, self.settings.seed)
        # The recogniser's libraries are optional. A scripted sandbox does not need them.
        from assemblyai_sandbox.engines.speech import SpeechEngine

        return SpeechEngine(self.script, self.uploads, self.settings.speech_workers)

    async def start(self) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        for record in self.store.interrupted():
            self.jobs.submit(record)
        self._pump = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._pump:
            self._pump.cancel()
        self.jobs.clear()
        await self._http.aclose()
        close = getattr(self.engine, "close", None)
        if close:
            close()
        if self._temporary:
            self._temporary.cleanup()

    async def catch_up(self) -> None:
        """Make all due events happen, and wait for their webhooks."""
        async with self._pump_lock:
            while True:
                self.jobs.settle()
                for record in await self.webhooks.deliver_due(self._http):
                    self.store.save(record)
                due = self.webhooks.next_event
                if due is None or due > self.clock.now():
                    return

    def submit(self, project: Project, request: dict[str, Any]) -> Record:
        """A new record for a checked request; raises :class:`ApiError` if it is refused."""
        account = self.accounts.of(project)
        if account.negative_balance and self.settings.negative_balance == "refuse":
            raise ApiError(400, errors.NEGATIVE_BALANCE)
        record = self._new_record(project, account, request)
        self.store.add(record)
        self.jobs.submit(record)
        return record

    def find(self, project: Project, transcript_id: str) -> Record:
        """A transcript of this project; raises :class:`ApiError` if there is none."""
        self.jobs.settle()
        record = self.store.get(transcript_id)
        if record is None or record.project != project.path or self._too_young(record, "get_delay"):
            unknown = self.settings.unknown_id_status
            raise ApiError(unknown, errors.NOT_FOUND if unknown == 404 else errors.LOOKUP_FAILED)
        return record

    def delete(self, record: Record) -> None:
        if not record.is_over:
            raise ApiError(400, f"This transcript has a status of '{record.status}' and cannot be deleted.")
        if self.uploads.is_upload_url(record.audio_url):
            self.uploads.forget(record.audio_url)
        record.deleted = True
        if record.outcome:
            record.outcome = record.outcome.scrubbed()
        self.store.save(record)

    def listed(self, record: Record) -> bool:
        return not self._too_young(record, "list_delay")

    def redacted_audio_url(self, record: Record) -> str | None:
        """The URL of the redacted recording; None: the request did not ask for it."""
        wanted = record.request.get("redact_pii") and record.request.get("redact_pii_audio")
        if not wanted or record.status != COMPLETED or record.deleted:
            return None
        kind = record.request.get("redact_pii_audio_quality", "mp3")
        return f"{self.uploads.prefix.removesuffix('upload/')}redacted-audio/{record.id}.{kind}"

    def reset(self) -> None:
        """Delete everything except the settings and the time."""
        for part in (
            self.jobs,
            self.store,
            self.uploads,
            self.journal,
            self.faults,
            self.webhooks,
            self.script,
        ):
            part.clear()
        self.accounts = Accounts(self.settings)
        self.jobs.accounts = self.accounts

    def _new_record(self, project: Project, account: Account, request: dict[str, Any]) -> Record:
        upload = self.uploads.find(request["audio_url"])
        if upload and upload.project != project.path:
            raise ApiError(403, errors.FOREIGN_UPLOAD)
        now = self.clock.now()
        models = requested_models(request, account, self.settings, now)
        model, warnings = routed(models, request.get("language_code") or "en")
        return Record(
            id=self.store.new_id(),
            seq=self.store.next_seq(),
            account=account.name,
            project=project.path,
            request=request,
            models=models,
            model=model,
            warnings=warnings,
            created=now,
            upload_sha256=upload.sha256 if upload else None,
        )

    def _changed(self, record: Record) -> None:
        self.store.save(record)
        if record.is_over:
            self.webhooks.announce(record, self.redacted_audio_url(record))
        self._wake.set()

    def _too_young(self, record: Record, kind: str) -> bool:
        fault = self.faults.in_force(kind)
        return fault is not None and record.created + fault.delay_s > self.clock.now()

    async def _run(self) -> None:
        """Follow the clock between requests, so that webhooks are sent in time."""
        while True:
            self._wake.clear()
            await self.catch_up()
            events = [e for e in (self.jobs.next_event, self.webhooks.next_event) if e is not None]
            wait = None if self.clock.frozen or not events else max(0.0, min(events) - self.clock.now())
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue
