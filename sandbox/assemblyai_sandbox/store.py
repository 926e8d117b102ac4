"""All transcripts by id and in order, on disk too if they must survive a restart."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

from assemblyai_sandbox.clock import Clock
from assemblyai_sandbox.jobs import unfinished
from assemblyai_sandbox.records import Record
from assemblyai_sandbox.settings import Settings


class Store:
    """One JSON file per transcript below ``folder``; None: nothing on disk."""

    def __init__(self, settings: Settings, clock: Clock, folder: Path | None, rng: random.Random) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = folder
        self._rng = rng
        self._records: dict[str, Record] = {}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            stored = [Record.from_json(json.loads(path.read_text())) for path in folder.glob("*.json")]
            self._records = {record.id: record for record in sorted(stored, key=lambda record: record.seq)}

    def __len__(self) -> int:
        return len(self._records)

    def interrupted(self) -> list[Record]:
        """The transcripts whose jobs were in progress when the sandbox was stopped."""
        again = [unfinished(record) for record in self._records.values() if not record.is_over]
        self._records |= {record.id: record for record in again}
        return again

    def new_id(self) -> str:
        """A UUID, or an id of the older form with ``opaque_ids``."""
        while True:
            name = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
            if self._settings.opaque_ids:
                name = f"6{name[:2]}oa7qwo{name[8:]}"
            if name not in self._records:
                return name

    def next_seq(self) -> int:
        return next((record.seq for record in reversed(self._records.values())), 0) + 1

    def add(self, record: Record) -> None:
        self._records[record.id] = record
        self.save(record)

    def save(self, record: Record) -> None:
        record.body = None
        if self._folder:
            path = self._folder / f"{record.id}.json"
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(record.to_json()))
            fresh.replace(path)

    def get(self, transcript_id: str) -> Record | None:
        record = self._records.get(transcript_id)
        return record if record and self._kept(record) else None

    def newest_first(self) -> Iterator[Record]:
        """All transcripts within the retention period."""
        return (record for record in reversed(self._records.values()) if self._kept(record))

    def oldest_first(self) -> Iterator[Record]:
        """All transcripts, also expired and deleted ones, because they were charged."""
        return iter(self._records.values())

    def clear(self) -> None:
        for name in self._records:
            if self._folder:
                (self._folder / f"{name}.json").unlink(missing_ok=True)
        self._records.clear()

    def _kept(self, record: Record) -> bool:
        limit = self._settings.retention_s
        if limit is None or record.finished is None:
            return True
        return record.finished + limit > self._clock.now()
