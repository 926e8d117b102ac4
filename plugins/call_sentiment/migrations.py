"""Brings the schema `call_sentiment` up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from call_sentiment.database import run_sql
from call_sentiment.sql import read_migrations

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class SchemaTooNewError(RuntimeError):
    """The database was migrated by newer code than this. Update the code; the database must not go back."""


def migrate(connection: Connection) -> int:
    """Apply the migrations that are missing, each in a transaction of its own; return how many that were.

    Any number of processes may do so at once: they queue at an advisory lock, and all but the first find
    nothing left to do. The schema is created by the first call. Raises SchemaTooNewError.
    """
    applied = 0
    while _apply_next(connection):
        applied += 1
    return applied


def _apply_next(connection: Connection) -> bool:
    migrations = read_migrations()
    with connection:
        run_sql(connection, "schema/lock_migrations")
        run_sql(connection, "schema/create_schema")
        (row,) = run_sql(connection, "schema/find_schema_version")
        version: int = row["version"]
        if version > migrations[-1][0]:
            raise SchemaTooNewError(
                f"the results database is at schema version {version}, this code knows {migrations[-1][0]}: "
                "update call_sentiment"
            )
        for number, name, text in migrations:
            if number > version:
                with connection.cursor() as cursor:
                    cursor.execute(text)
                run_sql(connection, "schema/record_migration", {"version": number, "name": name})
                return True
    return False
