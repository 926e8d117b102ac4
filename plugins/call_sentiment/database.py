"""Connections to the results database, and the one way statements are run on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.extras import RealDictCursor

from call_sentiment.sql import read_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

# What of an Airflow connection's extras is handed to libpq. Read by name: anything else there is not ours.
_LIBPQ_EXTRAS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options")


def connect(postgres_conn_id: str) -> Connection:
    """Open the database of an Airflow connection (type `postgres`) with psycopg2, in autocommit mode.

    Airflow's PostgresHook is not used: it picks psycopg 3 where that is installed, whose COPY is another.
    Raises AirflowNotFoundException for an unknown id, psycopg2.OperationalError where nothing answers.
    """
    # Late, because importing Airflow is slow and only this function needs it.
    from airflow.sdk import BaseHook

    found = BaseHook.get_connection(postgres_conn_id)
    extras = {key: found.extra_dejson[key] for key in _LIBPQ_EXTRAS if key in found.extra_dejson}
    return connect_dsn(
        "",
        host=found.host or None,
        port=found.port,
        user=found.login or None,
        password=found.password or None,
        dbname=found.schema or None,
        **extras,
    )


def connect_dsn(dsn: str, **fields: Any) -> Connection:
    """Open the database of a libpq DSN, with `fields` laid over it, in autocommit mode.

    `with connection:` makes several statements one transaction all the same.
    """
    given = {key: value for key, value in fields.items() if value is not None}
    settings = {
        "application_name": "call_sentiment",
        "client_encoding": "UTF8",
        "keepalives_idle": 60,
        **given,
    }
    connection: Connection = psycopg2.connect(dsn, **settings)
    connection.autocommit = True
    return connection


def run_sql_tuples(connection: Connection, name: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Like `run_sql`, with rows as tuples: a tenth of the cost where there are 100,000 of them."""
    with connection.cursor() as cursor:
        cursor.execute(read_statement(name), dict(params))
        return cursor.fetchall()


def run_sql(
    connection: Connection, name: str, params: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Run the statement of `sql/<name>.sql` and return its rows as dictionaries (none for a plain write)."""
    return run_statement(connection, read_statement(name), params or {})


def run_statement(connection: Connection, statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Like `run_sql`, for a statement that was put together from several files."""
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(statement, dict(params))
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []
