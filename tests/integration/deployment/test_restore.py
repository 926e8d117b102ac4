"""The commands of docs/deployment.md that back up and restore, run between two servers.

What `docker compose exec` adds, the container, is replaced by the server's address.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import score_pending
from local_stack.paths import REPOSITORY
from local_stack.postgres import PSQL, EmbeddedPostgres
from tests.support.fixtures import server_folder
from tests.support.history import insert_calls
from tests.support.stored import query

IN_CONTAINER = "docker compose exec -T postgres "
COUNTS = (
    "SELECT (SELECT count(*) FROM call_sentiment.call_overview WHERE status = 'ok') AS calls,"
    " (SELECT count(*) FROM call_sentiment.sentences) AS sentences,"
    " (SELECT sum(sentiment_score) FROM call_sentiment.call_scores) AS scores"
)


def _commands(program: str) -> list[str]:
    """The documented commands inside PostgreSQL's container that run a program, in their order."""
    page = (REPOSITORY / "docs" / "deployment.md").read_text()
    lines = [line.strip().removeprefix(IN_CONTAINER) for line in page.splitlines() if IN_CONTAINER in line]
    return [line for line in lines if line.startswith(f"{program} ")]


def _run(server: EmbeddedPostgres, command: str, folder: Path) -> None:
    place = parse_dsn(server.dsn())
    path = os.pathsep.join((str(PSQL.parent), os.defpath))
    environment = {"PATH": path, "PGHOST": place["host"], "PGPORT": place.get("port", "5432")}
    subprocess.run(("bash", "-c", command), cwd=folder, env=environment, check=True)


@pytest.fixture
def two_servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedPostgres]]:
    """The server with the data, and one as the image of PostgreSQL makes it on an empty volume."""
    with (
        server_folder() as folder,
        EmbeddedPostgres(folder / "first") as first,
        EmbeddedPostgres(folder / "second") as second,
    ):
        for server in (first, second):
            server.execute("CREATE ROLE airflow SUPERUSER LOGIN")
            server.execute("CREATE DATABASE airflow OWNER airflow")
        yield first, second


def test_the_documented_commands_bring_everything_back(
    two_servers: tuple[EmbeddedPostgres, EmbeddedPostgres], tmp_path: Path
) -> None:
    first, second = two_servers
    first.execute("CREATE ROLE an_analyst")
    first.execute("CREATE DATABASE call_sentiment OWNER airflow")
    with closing(connect_dsn(first.dsn("call_sentiment"), user="airflow")) as connection:
        migrate(connection)
        insert_calls(connection, "", range(1, 31), 20)
        assert score_pending(connection) == 30
        # Roles are not in a dump: a grant must not stop the restore.
        query(connection, "GRANT SELECT ON call_sentiment.calls TO an_analyst")
        before = query(connection, COUNTS)
    with closing(psycopg2.connect(first.dsn("airflow"), user="airflow")) as airflow, airflow:
        airflow.cursor().execute("CREATE TABLE dag_run AS SELECT 'run 1' AS run_id")

    dumps, creations, restores = (_commands(name) for name in ("pg_dump", "createdb", "pg_restore"))
    assert [len(commands) for commands in (dumps, creations, restores)] == [2, 1, 2]
    for command in dumps:
        _run(first, command, tmp_path)
    for command in (*creations, *restores):
        _run(second, command, tmp_path)

    with closing(connect_dsn(second.dsn("call_sentiment"), user="airflow")) as connection:
        assert query(connection, COUNTS) == before
        assert before[0]["calls"] == 30
        # The Dag goes on: nothing to migrate, and the next numbers are free.
        assert migrate(connection) == 0
        insert_calls(connection, "next-", range(31, 33), 20)
        assert score_pending(connection) == 2
    with closing(psycopg2.connect(second.dsn("airflow"))) as airflow, airflow.cursor() as cursor:
        cursor.execute("SELECT run_id FROM dag_run")
        assert cursor.fetchall() == [("run 1",)]
