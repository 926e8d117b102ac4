"""Fixtures of the tests that need PostgreSQL: an embedded server, and Airflow's connection to it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from local_stack.postgres import EmbeddedPostgres, airflow_connection

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@contextmanager
def server_folder() -> Iterator[Path]:
    """A temporary folder for a PostgreSQL server.

    Not pytest's `tmp_path`: only the user who runs pytest can read that. If this is root, the server runs as
    another user.
    """
    with tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    with server_folder() as folder, EmbeddedPostgres(folder / "postgres") as server:
        yield server


@pytest.fixture
def results_dsn(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The libpq DSN of a fresh, empty database."""
    name = f"t_{uuid.uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.dsn(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def results_db(results_dsn: str) -> Iterator[Connection]:
    connection = psycopg2.connect(results_dsn)
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture
def airflow_results_conn(results_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Airflow connection id of the same database."""
    monkeypatch.setenv("AIRFLOW_CONN_CALL_SENTIMENT_DB", airflow_connection(results_dsn))
    return "call_sentiment_db"
