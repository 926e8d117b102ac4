"""One small call centre per test: recordings of every kind, a ledger, and workers to be killed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg2

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.postgres import airflow_connection
from tests.support.files import set_at_rest
from tests.support.reliability.verdict import Verdict, examine, query, results
from tests.support.workers import Workers, until

GATE = 20261122
"""The advisory lock at which a write is held up."""

_GATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN coalesce(NEW, OLD); END $$
"""


class World:
    """Recordings: two good ones, one with channels, one listed twice, an empty one, one that is no audio.

    `recording_counts` says of how many recordings a call has been, where that is more than one.

    :param seconds: how long lost submissions are looked for.
    """

    def __init__(self, dsn: str, vendor: SandboxServer, folder: Path, *, seconds: float = 1.0) -> None:
        self.dsn, self.vendor = dsn, vendor
        self.location = str(folder / "calls")
        Path(self.location).mkdir()
        self.call_ids: list[str] = []
        self.recording_counts: dict[str, int] = {}
        for name, more in _RECORDINGS.items():
            self.record(name, **more)
        vendor.script(content_sha256(b"audio of broken"), {"status": "error", "error": _NO_AUDIO})
        self.workers = Workers(airflow_connections(dsn, vendor, reconcile_s=seconds), folder / "workers.log")

    def record(self, name: str, audio: str = "", **sidecar: Any) -> None:
        """Add a recording to the folder."""
        path = Path(self.location) / f"{name}.mp3"
        path.write_bytes(b"" if name == "empty" else f"audio of {audio or name}".encode())
        set_at_rest(path)
        path.with_suffix(".json").write_text(json.dumps({"call_id": name, **sidecar}))
        self.call_ids.append(name)

    def migrate(self) -> None:
        with closing(connect_dsn(self.dsn)) as connection:
            migrate(connection)

    def examine(self) -> Verdict:
        return examine(self.dsn, self.vendor, self.call_ids, self.recording_counts)

    def results(self) -> dict[str, Any]:
        return results(self.dsn)

    def query(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        return query(self.dsn, statement, *params)

    def submitted_ids(self) -> list[str]:
        rows = self.query("SELECT assemblyai_id FROM call_sentiment.transcripts WHERE state = 'submitted'")
        return [row["assemblyai_id"] for row in rows]

    @contextmanager
    def gate(self, trigger: str) -> Iterator[Gate]:
        """Hold up whatever fires `trigger` (the SQL between the trigger's name and its procedure)."""
        self.query(_GATE_FUNCTION)
        constraint = "CONSTRAINT " if "DEFERRED" in trigger else ""
        table = trigger.split(" ON ")[1].split()[0]
        self.query(f"CREATE {constraint}TRIGGER gate {trigger} EXECUTE FUNCTION public.gate()")
        with closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"SELECT pg_advisory_lock({GATE})")
            gate = Gate(self, connection)
            yield gate
            gate.open()
        # Whatever was held up is over before the tests go on, so that the trigger can go.
        until(lambda: not gate.held_up(), "the held up writes are over")
        self.query(f"DROP TRIGGER gate ON {table}")


class Gate:
    def __init__(self, world: World, connection: Any) -> None:
        self._world, self._connection = world, connection

    def held_up(self) -> list[int]:
        """Backends waiting at the gate, or let through and not gone yet."""
        rows = self._world.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND mode = 'ShareLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            GATE,
        )
        return [row["pid"] for row in rows]

    def reached(self, process: BaseProcess) -> list[int]:
        """Return when somebody is held up."""

        def waiting() -> list[int]:
            pids = self.held_up()
            assert pids or process.is_alive(), "the step ended without coming to the gate"
            return pids

        pids: list[int] = until(waiting, "somebody comes to the gate")
        return pids

    def undo(self, pids: list[int]) -> None:
        """End the backends, so that what they were about to do is rolled back."""
        for pid in pids:
            self._world.query("SELECT pg_terminate_backend(%s)", pid)
        until(lambda: not set(self.held_up()) & set(pids), "the backends are gone")

    def open(self) -> None:
        self._connection.cursor().execute("SELECT pg_advisory_unlock_all()")


def kill(process: BaseProcess) -> None:
    """SIGKILL: no handler runs, nothing is said goodbye to."""
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
    "charlie-again": {"audio": "charlie"},
    "empty": {},
    "broken": {},
}
