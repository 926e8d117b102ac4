"""Holds a write in the database, so that its worker can be killed or cut off at that moment.

A trigger on the table waits for an advisory lock that the test has taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

import psycopg2

from tests.support.reliability.examination import query
from tests.support.workers import wait_until

LOCK = 20261122
"""The number of the advisory lock."""

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION public.wait_at_barrier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN coalesce(NEW, OLD); END $$
"""


@dataclass(frozen=True, slots=True)
class Write:
    """One kind of write.

    :param event: `INSERT` or `UPDATE`.
    :param table: in the schema `call_sentiment`.
    :param condition: of `OLD` and `NEW`; empty: every row.
    :param at_commit: held at the commit after the write, not before the write.
    """

    event: str
    table: str
    condition: str = ""
    at_commit: bool = False

    @property
    def create_trigger(self) -> str:
        kind, moment, deferral = (
            ("CONSTRAINT TRIGGER", "AFTER", "DEFERRABLE INITIALLY DEFERRED")
            if self.at_commit
            else ("TRIGGER", "BEFORE", "")
        )
        condition = f"WHEN ({self.condition})" if self.condition else ""
        return (
            f"CREATE {kind} barrier {moment} {self.event} ON call_sentiment.{self.table} {deferral}"
            f" FOR EACH ROW {condition} EXECUTE FUNCTION public.wait_at_barrier()"
        )


@contextmanager
def hold_writes(dsn: str, write: Write) -> Iterator[WriteBarrier]:
    """Hold every such write until the barrier is released, at the latest when the block is left."""
    query(dsn, _FUNCTION)
    query(dsn, write.create_trigger)
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"SELECT pg_advisory_lock({LOCK})")
        barrier = WriteBarrier(dsn, connection)
        yield barrier
        barrier.release()
    # The trigger cannot be dropped while a transaction that fired it is open.
    wait_until(lambda: not barrier.held_backends(), "the held writes end")
    query(dsn, f"DROP TRIGGER barrier ON call_sentiment.{write.table}")


class WriteBarrier:
    """Writes that wait, by the process id of their PostgreSQL backend."""

    def __init__(self, dsn: str, connection: Any) -> None:
        self._dsn, self._connection = dsn, connection

    def held_backends(self) -> list[int]:
        """Backends that wait, or that were released and are still in their transaction."""
        rows = query(
            self._dsn,
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND mode = 'ShareLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LOCK,
        )
        return [row["pid"] for row in rows]

    def wait_for_backends(self, process: BaseProcess) -> list[int]:
        """The held backends, once there is one; fails if the process ends before."""

        def held() -> list[int]:
            pids = self.held_backends()
            assert pids or process.is_alive(), "the step ended without the write"
            return pids

        pids: list[int] = wait_until(held, "a write is held")
        return pids

    def terminate(self, pids: list[int]) -> None:
        """End the backends, so that PostgreSQL rolls their writes back."""
        for pid in pids:
            query(self._dsn, "SELECT pg_terminate_backend(%s)", pid)
        wait_until(lambda: not set(self.held_backends()) & set(pids), "the backends are gone")

    def release(self) -> None:
        self._connection.cursor().execute("SELECT pg_advisory_unlock_all()")
