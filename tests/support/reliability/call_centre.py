"""A small call centre for one test: recordings of every kind, a ledger, and workers to kill."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.postgres import airflow_connection
from tests.support.files import set_at_rest
from tests.support.reliability.examination import Examination, examine, query, read_results
from tests.support.reliability.write_barrier import Write, WriteBarrier, hold_writes
from tests.support.workers import Workers


class CallCentre:
    """Recordings: two good ones, one with channels, one stored twice, an empty one, one that is no audio.

    `recording_counts` names the calls that have had more than one recording, and how many.

    :param reconcile_s: how long a lost answer's transcript is searched for.
    """

    def __init__(self, dsn: str, vendor: SandboxServer, folder: Path, *, reconcile_s: float = 1.0) -> None:
        self.dsn, self.vendor = dsn, vendor
        self.location = str(folder / "calls")
        Path(self.location).mkdir()
        self.call_ids: list[str] = []
        self.recording_counts: dict[str, int] = {}
        for name, more in _RECORDINGS.items():
            self.add_recording(name, **more)
        vendor.script(content_sha256(b"audio of broken"), {"status": "error", "error": _NO_AUDIO})
        connections = airflow_connections(dsn, vendor, reconcile_s=reconcile_s)
        self.workers = Workers(connections, folder / "workers.log")

    def add_recording(self, name: str, audio: bytes | None = None, **sidecar: Any) -> None:
        """Write a recording and its sidecar.

        :param audio: its bytes; None: bytes of its own.
        """
        path = Path(self.location) / f"{name}.mp3"
        path.write_bytes(f"audio of {name}".encode() if audio is None else audio)
        set_at_rest(path)
        path.with_suffix(".json").write_text(json.dumps({"call_id": name, **sidecar}))
        self.call_ids.append(name)

    def migrate(self) -> None:
        with closing(connect_dsn(self.dsn)) as connection:
            migrate(connection)

    def examine(self) -> Examination:
        return examine(self.dsn, self.vendor, self.call_ids, self.recording_counts)

    def read_results(self) -> dict[str, Any]:
        return read_results(self.dsn)

    def query(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        return query(self.dsn, statement, *params)

    def submitted_ids(self) -> list[str]:
        rows = self.query("SELECT assemblyai_id FROM call_sentiment.transcripts WHERE state = 'submitted'")
        return [row["assemblyai_id"] for row in rows]

    def hold_writes(self, write: Write) -> AbstractContextManager[WriteBarrier]:
        return hold_writes(self.dsn, write)


def kill(process: BaseProcess) -> None:
    """Send SIGKILL, so that no handler runs."""
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


def content_sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def airflow_connections(dsn: str, vendor: SandboxServer, **extra: Any) -> dict[str, str]:
    """The two Airflow connections, as environment variables."""
    assemblyai = {"conn_type": "assemblyai", "host": vendor.url, "password": vendor.api_key, "extra": extra}
    return {
        "AIRFLOW_CONN_CALL_SENTIMENT_DB": airflow_connection(dsn),
        "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT": json.dumps(assemblyai),
    }


_NO_AUDIO = "File does not appear to contain audio. File type is text/plain (ASCII text)."
_RECORDINGS: Mapping[str, Mapping[str, Any]] = {
    "alfa": {},
    "bravo": {"channels": {"1": "agent", "2": "customer"}},
    "charlie": {},
    "charlie-again": {"audio": b"audio of charlie"},
    "empty": {"audio": b""},
    "broken": {},
}
