"""The upkeep of a long history: space, vacuum, backup, deletion."""

from __future__ import annotations

import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.support import execute, seconds
from local_stack.postgres import PSQL

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

_SIZES = """
SELECT c.relname, pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)
FROM pg_class AS c
LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE c.relnamespace = 'call_sentiment'::regnamespace
  AND c.relkind IN ('r', 'i')
  AND c.relname NOT LIKE 'schema_migrations%'
ORDER BY coalesce(i.indrelid, c.oid)::regclass::text, i.indexrelid IS NOT NULL, 1
"""


def sizes(connection: Connection) -> dict[str, list[str]]:
    """Megabytes of each table and index and of all, and bytes per call."""
    found = execute(connection, _SIZES)
    ((calls,),) = execute(connection, "SELECT count(*) FROM call_sentiment.calls")
    rows = [*found, ("all", sum(size for _, size in found))]
    return {name: [f"{size / 1e6:,.1f}", f"{size / calls:,.0f}"] for name, size in rows}


def vacuum(connection: Connection) -> dict[str, list[str]]:
    """Seconds to vacuum after rows were added, with nothing new, and against wraparound."""
    works = {
        "with statistics, after what was added": "VACUUM (ANALYZE)",
        "again, nothing new": "VACUUM",
        "against wraparound (FREEZE)": "VACUUM (FREEZE)",
    }
    return {name: [f"{seconds(partial(execute, connection, work)):.1f}"] for name, work in works.items()}


def back_up(connection: Connection) -> list[tuple[str, str]]:
    """Seconds to dump the database into one file and to restore it."""
    dsn = connection.dsn
    execute(connection, "CREATE DATABASE restored")
    with tempfile.TemporaryDirectory(prefix="dump-") as folder:
        dump = Path(folder, "call_sentiment.dump")
        out = partial(run, "pg_dump", "-Fc", "-n", "call_sentiment", "-f", str(dump), dsn)
        rows = [("pg_dump -Fc", f"{seconds(out):.0f}")]
        into = dsn.replace("dbname=postgres", "dbname=restored")
        for jobs in ("1", "2"):
            back = partial(run, "pg_restore", "--clean", "--if-exists", "-j", jobs, "-d", into, str(dump))
            rows.append((f"pg_restore -j {jobs}", f"{seconds(back):.0f}"))
        rows.append((f"(the file: {dump.stat().st_size / 1e6:,.0f} MB)", ""))
    execute(connection, "DROP DATABASE restored")
    return rows


def run(tool: str, *arguments: str) -> None:
    """Run a program of the server's package."""
    subprocess.run([PSQL.with_name(tool), *arguments], check=True)


def delete_a_month(connection: Connection) -> list[tuple[str, str]]:
    """Seconds to delete the oldest 24th of the words, the sentences, the calls."""
    ((first, last),) = execute(
        connection,
        "SELECT min(transcript_id), min(transcript_id) + count(*) / 24 - 1 FROM call_sentiment.transcripts",
    )
    of_month = f"transcript_id BETWEEN {first} AND {last}"
    works = {
        "words: UPDATE sentences SET text = NULL": "UPDATE call_sentiment.sentences SET text = NULL"
        f" WHERE {of_month}",
        "sentences: DELETE FROM sentences": f"DELETE FROM call_sentiment.sentences WHERE {of_month}",
        "all: DELETE FROM calls": "DELETE FROM call_sentiment.calls WHERE call_id IN"
        f" (SELECT call_id FROM call_sentiment.transcripts WHERE {of_month})",
        "VACUUM afterwards": "VACUUM",
    }
    return [(name, f"{seconds(partial(execute, connection, work)):.1f}") for name, work in works.items()]
