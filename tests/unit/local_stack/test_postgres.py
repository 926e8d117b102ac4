"""The embedded PostgreSQL accepts each kind of connection that the project makes."""

from __future__ import annotations

import json
from contextlib import closing

import psycopg2
import sqlalchemy

from local_stack.postgres import EmbeddedPostgres, airflow_connection, sqlalchemy_url


def test_sqlalchemy_reaches_the_database_of_a_dsn(results_dsn: str) -> None:
    engine = sqlalchemy.create_engine(sqlalchemy_url(results_dsn))
    with engine.connect() as connection:
        name = connection.execute(sqlalchemy.text("SELECT current_database()")).scalar_one()
    engine.dispose()
    assert f"dbname={name}" in results_dsn


def test_the_airflow_connection_names_the_same_database(results_dsn: str) -> None:
    fields = json.loads(airflow_connection(results_dsn))
    with closing(
        psycopg2.connect(
            host=fields["host"], port=fields["port"], user=fields["login"], dbname=fields["schema"]
        )
    ) as connection:
        assert f"dbname={connection.info.dbname}" in results_dsn


def test_a_database_is_made_once(postgres_server: EmbeddedPostgres) -> None:
    for _ in range(2):
        postgres_server.ensure_database("made-once")
    assert postgres_server.execute("SELECT count(*) FROM pg_database WHERE datname = 'made-once'") == [(1,)]
