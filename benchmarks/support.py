"""What the benchmarks share: a results database, a clock, a table."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.postgres import EmbeddedPostgres, airflow_connection

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CONN_ID = "benchmark_db"


@contextmanager
def results_database() -> Iterator[Connection]:
    """A fresh PostgreSQL with our schema in it, also known to Airflow as the connection `CONN_ID`."""
    with (
        tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder, "postgres")) as server,
    ):
        os.environ["AIRFLOW_HOME"] = folder
        os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = airflow_connection(server.dsn())
        with closing(connect_dsn(server.dsn())) as connection:
            migrate(connection)
            yield connection


def execute(connection: Connection, statement: str, *params: Any) -> list[tuple[Any, ...]]:
    """Run one statement; return its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def seconds(work: Callable[[], object]) -> float:
    """Seconds that `work` takes by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def quickest(
    contenders: dict[str, Callable[[], object]], rounds: int, before_each: Callable[[], object]
) -> dict[str, float]:
    """Seconds of each contender in its quickest round, after one round that does not count.

    They take turns, so a slow minute of the machine hits all. Other work only adds time, so the minimum is
    taken.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, work in contenders.items():
            before_each()
            taken[name].append(seconds(work))
    return {name: min(values[1:]) for name, values in taken.items()}


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a Markdown table."""
    for row in (head, ["---"] + ["---:"] * (len(head) - 1), *rows):
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def print_machine(connection: Connection) -> None:
    """Print the machine and the versions."""
    version = execute(connection, "SHOW server_version")[0][0]
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, Python {platform.python_version()}, PostgreSQL {version}\n")
