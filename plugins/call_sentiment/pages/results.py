"""The pages' own connections to the results database: pooled, with a time limit, read-only for reading."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg2
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import HTTPException
from sqlalchemy import create_engine
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.pool import QueuePool

from call_sentiment import RESULTS_CONN_ID
from call_sentiment.database import connect, run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from sqlalchemy import Engine

READ_CONN_ID_VARIABLE = "CALL_SENTIMENT_PAGES_CONN_ID"
"""Environment variable: the Airflow connection to read with, such as that of a role that may only read."""

STATEMENT_TIMEOUT_MS = 5000
READERS = 4
WRITERS = 2
WAIT_FOR_CONNECTION_S = 5.0


class ResultsUnavailableError(Exception):
    """The results database cannot be read now. The message says why and what to do."""


def rows(name: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a reading statement, `sql/<name>.sql`. Raises ResultsUnavailableError."""
    with reading() as connection:
        return run_sql(connection, name, params)


@contextmanager
def reading() -> Iterator[Connection]:
    """A pooled connection that can only read. Raises ResultsUnavailableError."""
    with _connection(os.environ.get(READ_CONN_ID_VARIABLE, RESULTS_CONN_ID), True) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """A pooled connection, in a transaction that is committed at the end. Raises ResultsUnavailableError."""
    with _connection(RESULTS_CONN_ID, False) as connection:
        yield connection
        connection.commit()


@cache
def _engine(conn_id: str, read_only: bool) -> Engine:
    """A pool for each connection id. It opens no connection before one is wanted."""

    def open_connection() -> Connection:
        connection = connect(conn_id)
        # A page with several statements shows one state of the tables.
        connection.set_session(readonly=read_only, isolation_level="REPEATABLE READ" if read_only else None)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = %s", (STATEMENT_TIMEOUT_MS,))
            cursor.execute("SET application_name = 'call_sentiment pages'")
        connection.autocommit = False
        return connection

    return create_engine(
        "postgresql+psycopg2://",
        creator=open_connection,
        poolclass=QueuePool,
        pool_size=READERS if read_only else WRITERS,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION_S,
        pool_pre_ping=True,
    )


@contextmanager
def _connection(conn_id: str, read_only: bool) -> Iterator[Connection]:
    try:
        pooled = _engine(conn_id, read_only).raw_connection()
    except NoConnectionFreeError:
        raise ResultsUnavailableError("All connections of the pages are busy. Try again.") from None
    except Exception as error:
        raise _unavailable(conn_id, error) from error
    try:
        yield pooled.driver_connection  # type: ignore[misc]
    except psycopg2.errors.QueryCanceled:
        raise ResultsUnavailableError(
            f"This took longer than {STATEMENT_TIMEOUT_MS // 1000} seconds. Narrow the question, "
            "for example to fewer days."
        ) from None
    except psycopg2.errors.UndefinedTable as error:
        raise _unavailable(conn_id, error) from error
    except psycopg2.OperationalError as error:
        pooled.invalidate()
        raise _unavailable(conn_id, error) from error
    finally:
        # Returned to the pool, whatever is open is rolled back.
        pooled.close()


def _unavailable(conn_id: str, error: Exception) -> ResultsUnavailableError:
    # Not str(error): it may name host and user.
    if isinstance(error, (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName)):
        return ResultsUnavailableError(
            "The results database has no tables yet, or those of an older release. The first run of the Dag "
            "makes them."
        )
    if isinstance(error, AirflowNotFoundException):
        return ResultsUnavailableError(
            f"There is no Airflow connection {conn_id}. Add it under Admin, Connections."
        )
    return ResultsUnavailableError(
        f"The results database does not answer ({type(error).__name__}). Check the Airflow connection "
        f"{conn_id}."
    )


def not_found(what: str) -> HTTPException:
    """The answer for something that is not there."""
    return HTTPException(404, what)
