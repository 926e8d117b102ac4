"""A results database of an older release, with data in it, is migrated to the newest schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.database import connect_dsn, run_sql
from call_sentiment.listing import refresh_listing
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import FORMULA_VERSION, score_pending
from call_sentiment.sql import read_migrations
from tests.support.history import insert_calls
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CALLS = 40

# Of 40 calls, 20 are scored by the formulas of that time, one failed and one is in progress.
SCORES = """
INSERT INTO call_sentiment.call_scores
    (transcript_id, formula_version, status, needs_review, sentiment_score, label)
SELECT transcript_id, '1.0', 'ok', false, 0.25, 'POSITIVE' FROM call_sentiment.transcripts
ORDER BY transcript_id LIMIT 20
"""
ENDS = """
WITH without_sentences AS (
    DELETE FROM call_sentiment.sentences AS s USING call_sentiment.transcripts AS t
    WHERE s.transcript_id = t.transcript_id AND t.call_id IN ('old-39', 'old-40')
)
UPDATE call_sentiment.transcripts
SET status = NULL, loaded_at = NULL,
    state = CASE call_id WHEN 'old-39' THEN 'failed' ELSE 'submitted' END,
    error = CASE call_id WHEN 'old-39' THEN 'Download error.' END,
    retryable = CASE call_id WHEN 'old-39' THEN false END,
    failed_in = CASE call_id WHEN 'old-39' THEN 'load' END
WHERE call_id IN ('old-39', 'old-40')
"""
# Since the fifth migration a scored transcript names its formula version.
SCORED = """
UPDATE call_sentiment.transcripts SET state = 'scored', scored_at = loaded_at{version}
WHERE transcript_id IN (SELECT transcript_id FROM call_sentiment.call_scores)
"""


# The scores came with the second migration.
@pytest.fixture(params=range(2, len(read_migrations())))
def old_db(request: pytest.FixtureRequest, results_dsn: str) -> Iterator[Connection]:
    """A database with data, as the code of an older schema version left it."""
    with closing(connect_dsn(results_dsn)) as connection:
        run_sql(connection, "schema/create_schema")
        for version, name, text in read_migrations()[: request.param]:
            with connection, connection.cursor() as cursor:
                cursor.execute(text)
                run_sql(connection, "schema/record_migration", {"version": version, "name": name})
        insert_calls(connection, "old-", range(1, CALLS + 1), 10)
        version = ", formula_version = '1.0'" if request.param >= 5 else ""
        for statement in (SCORES, ENDS, SCORED.format(version=version)):
            query(connection, statement)
        yield connection


def _stored(connection: Connection, columns: dict[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    return {
        table: query(
            connection,
            f"SELECT to_jsonb(r) AS row FROM (SELECT {', '.join(names)} FROM call_sentiment.{table}) AS r"
            " ORDER BY 1",
        )
        for table, names in columns.items()
    }


def _columns(connection: Connection) -> dict[str, list[str]]:
    found = query(
        connection,
        "SELECT relname, array_agg(quote_ident(attname) ORDER BY attnum) AS names FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE relnamespace = 'call_sentiment'::regnamespace AND relkind = 'r' AND relname <> ALL (%s)"
        " GROUP BY relname",
        # These are made from the other tables, or tell of the migrations themselves.
        ["schema_migrations", "call_listing", "call_listing_changes", "review_seed"],
    )
    return {row["relname"]: row["names"] for row in found}


def test_a_migrated_database_keeps_everything_and_the_newest_code_works_on_it(old_db: Connection) -> None:
    columns = _columns(old_db)
    before = _stored(old_db, columns)
    assert len(before["calls"]) == len(before["transcripts"]) == CALLS

    assert migrate(old_db) > 0

    assert _stored(old_db, columns) == before
    assert score_pending(old_db) == 18
    refresh_listing(old_db)
    assert _shown(old_db) == {
        ("ok", "1.0", 20),
        ("ok", FORMULA_VERSION, 18),
        ("failed", None, 1),
        ("in_progress", None, 1),
    }
    assert query(old_db, "SELECT count(*) FROM call_sentiment.call_listing") == [{"count": CALLS}]


def _shown(connection: Connection) -> set[tuple[Any, ...]]:
    """Each status in `call_overview`, with the version of the scores and the number of calls."""
    rows = query(
        connection,
        "SELECT o.status, s.formula_version, count(*) FROM call_sentiment.call_overview AS o"
        " LEFT JOIN call_sentiment.transcripts AS t USING (transcript_id)"
        " LEFT JOIN call_sentiment.call_scores AS s"
        " ON s.transcript_id = t.transcript_id AND s.formula_version = t.formula_version"
        " GROUP BY 1, 2",
    )
    return {tuple(row.values()) for row in rows}
