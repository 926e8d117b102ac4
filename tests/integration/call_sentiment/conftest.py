"""Databases with the schema in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@pytest.fixture(scope="module")
def scores_db(postgres_server: EmbeddedPostgres) -> Iterator[Connection]:
    """One database for all tests of a module, which tell their calls apart by name."""
    name = f"m_{uuid.uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    with closing(connect_dsn(postgres_server.dsn(name))) as connection:
        migrate(connection)
        yield connection
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def db(results_dsn: str) -> Iterator[Connection]:
    """A connection, as our code makes it, to a fresh database with the schema in it."""
    with closing(connect_dsn(results_dsn)) as connection:
        migrate(connection)
        yield connection
