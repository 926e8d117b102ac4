"""One transcript as the sandbox stores it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assemblyai_sandbox.outcomes import Outcome

QUEUED, PROCESSING, COMPLETED, ERROR = "queued", "processing", "completed", "error"
LIVE = frozenset({QUEUED, PROCESSING})


@dataclass(slots=True)
class Record:
    """A transcript. Times are seconds since the epoch on the sandbox's clock; None: not yet."""

    id: str
    seq: int
    account: str
    project: str
    request: dict[str, Any]
    models: Sequence[str]
    model: str
    warnings: list[str]
    created: float
    upload_sha256: str | None = None
    status: str = QUEUED
    outcome: Outcome | None = None
    started: float | None = None
    finished: float | None = None
    throttled: bool = False
    deleted: bool = False
    webhook_status_code: int | None = None
    charge: dict[str, Any] | None = None
    body: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def is_over(self) -> bool:
        return self.status not in LIVE

    @property
    def audio_url(self) -> str:
        return str(self.request["audio_url"])

    @property
    def project_number(self) -> int:
        """The integer that real answers have as ``project_id``."""
        return zlib.crc32(self.project.encode()) % 1_000_000

    def to_json(self) -> dict[str, Any]:
        stored = asdict(self)
        del stored["body"]
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Record:
        if stored["outcome"] is not None:
            stored["outcome"] = Outcome(**stored["outcome"])
        return cls(**stored)
