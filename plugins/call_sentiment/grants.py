"""Which roles of PostgreSQL may read the results, with or without the words of the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from call_sentiment.database import run_sql, run_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

READER = "call_sentiment_reader"
"""Role that may read everything but the words of the calls and the addresses of their recordings."""

WORDS_READER = "call_sentiment_words_reader"
"""Role that may read these too."""


def make_reader(connection: Connection, role: str) -> None:
    """Create `READER` or `WORDS_READER` if it does not exist, and let it read this database.

    Raises psycopg2.errors.InsufficientPrivilege where the connection's user may not create roles, or does not
    own the schema.
    """
    with connection:
        run_sql(connection, "schema/lock_migrations")
        for name in ("readers/create_role", "readers/open_schema"):
            for row in run_sql(connection, name, {"role": role}):
                run_statement(connection, row["statement"], {})
        grant_to_readers(connection)


def grant_to_readers(connection: Connection) -> None:
    """Let the roles that read this database read what is in it now; do nothing where there is none.

    Belongs in the transaction that changes tables, under the lock of the migrations.
    """
    for row in run_sql(connection, "readers/make_grants", {"reader": READER, "words_reader": WORDS_READER}):
        run_statement(connection, row["statement"], {})
