from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from call_sentiment.database import connect, connect_dsn
from call_sentiment.exceptions import SchemaTooNewError
from call_sentiment.migrations import migrate
from call_sentiment.sql import read_migrations
from local_stack.schema import SCHEMA_FILE, dump_schema
from tests.support.stored import query


def test_an_empty_database_gets_every_migration_once(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        assert migrate(connection) == len(read_migrations())
        assert migrate(connection) == 0
        rows = query(
            connection, "SELECT version, name FROM call_sentiment.schema_migrations ORDER BY version"
        )
    assert [(row["version"], row["name"]) for row in rows] == [
        (version, name) for version, name, _ in read_migrations()
    ]


def test_processes_that_start_at_once_migrate_once(results_dsn: str) -> None:
    def start(_: int) -> int:
        with closing(connect_dsn(results_dsn)) as connection:
            return migrate(connection)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(start, range(8))) == len(read_migrations())


def test_a_migration_that_was_interrupted_leaves_nothing(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        # It makes the second migration fail, after the first one.
        query(connection, "CREATE SCHEMA call_sentiment")
        query(connection, "CREATE VIEW call_sentiment.daily_scores AS SELECT 1")
        with pytest.raises(Exception, match="daily_scores"):
            migrate(connection)
        tables = query(connection, "SELECT to_regclass('call_sentiment.call_scores') AS found")
        assert tables == [{"found": None}]
        query(connection, "DROP VIEW call_sentiment.daily_scores")
        assert migrate(connection) == len(read_migrations()) - 1


def test_code_older_than_the_schema_refuses_to_work(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        migrate(connection)
        query(connection, "INSERT INTO call_sentiment.schema_migrations VALUES (9999, '9999_later.sql')")
        with pytest.raises(SchemaTooNewError, match="version 9999"):
            migrate(connection)


def test_the_airflow_connection_leads_to_the_same_database(
    airflow_results_conn: str, results_dsn: str
) -> None:
    with closing(connect(airflow_results_conn)) as connection, closing(connect_dsn(results_dsn)) as other:
        migrate(connection)
        assert migrate(other) == 0


def test_every_column_an_analyst_sees_is_explained(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        migrate(connection)
        uncommented = query(
            connection,
            "SELECT c.relname, a.attname FROM pg_class AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relnamespace = 'call_sentiment'::regnamespace AND c.relkind IN ('r', 'v')"
            " AND c.relname <> 'schema_migrations' AND col_description(c.oid, a.attnum) IS NULL",
        )
    assert uncommented == []


def test_the_schema_file_is_what_the_migrations_add_up_to(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as connection:
        migrate(connection)
    assert SCHEMA_FILE.read_text("utf-8") == dump_schema(results_dsn), "run `make schema`"
