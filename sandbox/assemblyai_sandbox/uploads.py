"""Uploaded files on disk, by their URL; each belongs to a project and expires."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from assemblyai_sandbox import errors
from assemblyai_sandbox.accounts import Project
from assemblyai_sandbox.clock import Clock
from assemblyai_sandbox.errors import ApiError
from assemblyai_sandbox.settings import Settings

_HOSTS = {"us": "https://cdn.assemblyai.com", "eu": "https://cdn.eu.assemblyai.com"}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file. ``media_type`` is the Content-Type of the request, which may be wrong."""

    id: str
    project: str
    sha256: str
    size: int
    media_type: str
    created: float
    path: str


class Uploads:
    def __init__(self, settings: Settings, clock: Clock, folder: Path, rng: random.Random) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = folder
        self._rng = rng
        self._known: dict[str, Upload] = {}
        self.prefix = f"{_HOSTS[settings.region]}/upload/"
        folder.mkdir(parents=True, exist_ok=True)
        for description in folder.glob("*.json"):
            # The folder may have moved.
            stored = json.loads(description.read_text()) | {"path": str(description.with_suffix(".bin"))}
            upload = Upload(**stored)
            self._known[upload.id] = upload

    async def receive(self, project: Project, media_type: str, body: AsyncIterator[bytes]) -> Upload:
        """Store any body; raises 422 if it is empty and 413 if it is too large."""
        name = self._new_id()
        path = self._folder / f"{name}.bin"
        digest, size = hashlib.sha256(), 0
        # The event loop writes the blocks: they are small, and a thread per block would cost more.
        with path.open("wb") as file:
            async for block in body:
                size += len(block)
                if size > self._settings.upload_max_bytes:
                    break
                digest.update(block)
                file.write(block)
        if not 0 < size <= self._settings.upload_max_bytes:
            path.unlink()
            raise ApiError(422, errors.UPLOAD_FAILED) if size == 0 else ApiError(413, "Payload Too Large")
        upload = Upload(
            name, project.path, digest.hexdigest(), size, media_type, self._clock.now(), str(path)
        )
        self._known[name] = upload
        if self._settings.state_dir:
            (self._folder / f"{name}.json").write_text(json.dumps(asdict(upload)))
        return upload

    def url(self, upload: Upload) -> str:
        return self.prefix + upload.id

    def is_upload_url(self, audio_url: str) -> bool:
        """Whether a URL has the form of an upload's URL, of any region."""
        return audio_url.startswith(tuple(f"{host}/upload/" for host in _HOSTS.values()))

    def find(self, audio_url: str) -> Upload | None:
        """The file of an upload URL; None: it never existed, has expired or was deleted."""
        upload = self._known.get(audio_url.removeprefix(self.prefix))
        if upload and upload.created + self._settings.upload_ttl_s <= self._clock.now():
            self.forget(audio_url)
            return None
        return upload

    def forget(self, audio_url: str) -> None:
        upload = self._known.pop(audio_url.removeprefix(self.prefix), None)
        if upload:
            Path(upload.path).unlink(missing_ok=True)
            Path(upload.path).with_suffix(".json").unlink(missing_ok=True)

    def clear(self) -> None:
        for name in list(self._known):
            self.forget(self.prefix + name)

    def _new_id(self) -> str:
        while True:
            name = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
            if name not in self._known:
                return name
