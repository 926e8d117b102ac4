"""The results database as its history grows: sizes, analysts' questions, a batch of the pipeline, vacuum.

The history is generated: a call of 100 sentences every 631 seconds, so 10,000,000 sentences are two years. It
grows to a hundredth, a tenth and all of that; each part is scored and vacuumed as it is added. At each size
the benchmark asks the questions of `tests.support.questions` and takes batches of 50 new calls through the
steps of the Dag, beside all earlier recordings. At the end it backs up the history, restores it and deletes a
month.

    python -m benchmarks.growth [--sentences 10000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import structlog

from benchmarks.growth.batch import BATCH, Batches
from benchmarks.growth.upkeep import back_up, delete_a_month, sizes, vacuum
from benchmarks.support import execute, print_machine, print_table, results_database, seconds
from call_sentiment.scoring.score import score_pending
from tests.support.history import insert_calls
from tests.support.questions import BOUNDED, UNBOUNDED, newest, reads

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

SENTENCES = 100
CHUNK = 2000

Figures = dict[str, dict[str, list[str]]]
"""By table and row: what was measured, then what else was noted."""

# Calls whose three attempts failed.
_FAILED = """
WITH failed AS (
    INSERT INTO call_sentiment.calls (call_id, recording, started_at, agent_id)
    SELECT c.call_id || '-failed', c.recording || '-failed', c.started_at, c.agent_id
    FROM generate_series(%s, %s, 100) AS n
    JOIN call_sentiment.calls AS c ON c.call_id = %s || n
    RETURNING call_id
)
INSERT INTO call_sentiment.transcripts
    (call_id, config_sha256, options, attempt, state, failed_in, error, retryable)
SELECT call_id, '', '{}', attempt, 'failed', 'load', 'Download error, unable to download the file', true
FROM failed CROSS JOIN generate_series(1, 3) AS attempt
"""


def fill(connection: Connection, prefix: str, numbers: range, answer: str) -> None:
    """Add scored calls with these numbers, and one failed call for each hundred.

    The ledger is vacuumed between the parts, so that new rows use the space of old versions.
    """
    for start in range(numbers.start, numbers.stop, CHUNK):
        part = range(start, min(start + CHUNK, numbers.stop))
        insert_calls(connection, prefix, part, SENTENCES, answer)
        execute(connection, _FAILED, part.start, part.stop - 1, prefix)
        score_pending(connection)
        execute(connection, "VACUUM call_sentiment.transcripts")
        for number in part:
            Path(f"{prefix}{number}.mp3").touch()


def ask(
    connection: Connection, questions: dict[str, str], params: dict[str, Any], rounds: int
) -> dict[str, list[str]]:
    """For each question: milliseconds, rows read, and tables read whole."""
    answers = {}
    with connection.cursor() as cursor:
        for name, statement in questions.items():
            found = reads(connection, statement, params)
            taken = median(seconds(partial(_fetch, cursor, statement, params)) for _ in range(rounds))
            rows = sum(read.rows for read in found)
            whole = sorted({read.table for read in found if read.node == "Seq Scan"})
            answers[name] = [f"{1000 * taken:.1f}", f"{rows:,}", ", ".join(whole) or "none"]
    return answers


def _fetch(cursor: Cursor, statement: str, params: dict[str, Any]) -> None:
    cursor.execute(statement, params)
    cursor.fetchall()


def without_indexes(connection: Connection, tables: Figures, params: dict[str, Any], rounds: int) -> None:
    """Note beside each question about a part how long it takes without its indexes."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        for index in ("calls_started", "calls_agent", "calls_day"):
            cursor.execute(f"DROP INDEX call_sentiment.{index}")
        for name, statement in BOUNDED.items():
            taken = median(seconds(partial(_fetch, cursor, statement, params)) for _ in range(rounds))
            tables[PART][name].insert(1, f"{1000 * taken:.1f}")
    connection.rollback()
    connection.autocommit = True


PART = "Questions about a part, median ms"


def measure(connection: Connection, batches: Batches, rounds: int) -> Figures:
    """All figures of one size."""
    upkeep = vacuum(connection)
    found = newest(connection)
    return {
        "Size, MB": sizes(connection),
        PART: ask(connection, BOUNDED, found, rounds),
        "Questions about all of it, median ms": ask(connection, UNBOUNDED, found, rounds),
        f"A batch of {BATCH} new calls, median ms": batches.run(rounds),
        "Vacuum, seconds": upkeep,
    }


NOTED = {
    "Size": ("bytes per call",),
    "Questions about a part": ("without indexes on calls", "rows read", "tables read whole"),
    "Questions about all of it": ("rows read", "tables read whole"),
}


def print_growth(found: dict[int, Figures]) -> None:
    """Print each table with a column per size, and notes on the longest history."""
    last = found[max(found)]
    for table, rows in last.items():
        noted = NOTED.get(table.partition(",")[0], ())
        print(f"{table}\n")
        print_table(
            ("", *(f"{size:,} sentences" for size in found), *noted),
            [
                (name, *(found[size][table][name][0] for size in found), *values[1:])
                for name, values in rows.items()
            ],
        )


def main() -> None:
    options = argparse.ArgumentParser(description="The results database as its history grows.")
    options.add_argument("--sentences", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: dict[int, Figures] = {}
    with results_database() as connection, tempfile.TemporaryDirectory(prefix="recordings-") as folder:
        print_machine(connection)
        # The benchmark runs and times vacuum itself.
        execute(connection, "ALTER SYSTEM SET autovacuum = off")
        execute(connection, "SELECT pg_reload_conf()")
        batches = Batches(connection, folder, SENTENCES)
        done = 0
        for size in (chosen.sentences // 100, chosen.sentences // 10, chosen.sentences):
            calls = size // SENTENCES
            fill(connection, f"{folder}/call-", range(done + 1, calls + 1), batches.kept)
            done = calls
            found[size] = measure(connection, batches, chosen.rounds)
        without_indexes(connection, found[chosen.sentences], newest(connection), chosen.rounds)
        print_growth(found)
        print_table(("backup", "seconds"), back_up(connection))
        print_table(("a month of two years", "seconds"), delete_a_month(connection))


if __name__ == "__main__":
    main()
