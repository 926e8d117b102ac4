"""Brings the schema `call_sentiment` up to date.

`discover`, `submit`, `load` and the commands `rescore` and `readers` call `migrate` before anything else:

- Newer code on an older schema migrates it, then works.
- Older code on a newer schema raises SchemaTooNewError before it reads or writes. The next run of newer
  code continues from the ledger. A schema cannot be migrated back: older code needs a backup from before.

Some older code meets a newer schema all the same: tasks that called `migrate` before the change, and `score`
and `report`, which do not call it. A migration lets them finish or makes them fail. It never lets them store
anything wrong.

So a change that older code cannot live with takes two releases. The first expands: its migration adds
nullable columns, columns with a default, tables, indexes or views, and its code stops using what is to be
removed. The second contracts: its migration drops, renames or tightens. Install it when no task of the
code before the first is running.

A released migration is never edited: databases that have it would not get the change. Each migration runs
in one transaction, so it cannot use `CREATE INDEX CONCURRENTLY`, and it waits for tasks that hold locks
on its tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from call_sentiment.database import run_sql
from call_sentiment.exceptions import SchemaTooNewError
from call_sentiment.grants import grant_to_readers
from call_sentiment.sql import read_migrations

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def migrate(connection: Connection) -> int:
    """Apply the missing migrations and return their number; create the schema if there is none.

    Each migration is a transaction of its own. Any number of processes may call this at once: one migrates,
    the others wait at an advisory lock and find nothing left to do. Raises SchemaTooNewError.
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
                grant_to_readers(connection)
                return True
    return False
