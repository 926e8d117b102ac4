"""Scoring a batch reads only that batch, however long the history is, by PostgreSQL's plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.scoring.score import FORMULA_VERSION, score_pending
from call_sentiment.sql import read_statement
from tests.support.history import add_calls
from tests.support.stored import query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLES = {"sentences", "transcripts", "call_scores", "speaker_scores"}
BATCH = 50


@pytest.fixture(scope="module")
def batch(scores_db: Connection) -> list[int]:
    """Loaded transcripts beside 3,000 scored ones, with current planner statistics."""
    add_calls(scores_db, "history-", 3000, 20)
    score_pending(scores_db)
    add_calls(scores_db, "batch-", BATCH, 20)
    # A real history does not arrive at once, leaving this much free space in the index.
    query(scores_db, "REINDEX INDEX call_sentiment.transcripts_open")
    rows = query(
        scores_db, "SELECT transcript_id FROM call_sentiment.transcripts WHERE state = 'loaded' ORDER BY 1"
    )
    return [row["transcript_id"] for row in rows]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def plan_of(connection: Connection, name: str, **params: Any) -> list[dict[str, Any]]:
    """Run a statement, roll it back, and return the nodes of its plan with their counts."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + read_statement(name), params)
        ((found,),) = cursor.fetchall()
    connection.rollback()
    connection.autocommit = True
    return list(nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]))


def table_reads(connection: Connection, name: str, **params: Any) -> list[dict[str, Any]]:
    """The nodes of its plan that read our tables."""
    return [
        node
        for node in plan_of(connection, name, **params)
        if "Scan" in node["Node Type"] and node.get("Relation Name") in TABLES
    ]


def rows_handled(plan: list[dict[str, Any]]) -> int:
    """Rows that the nodes of a plan returned, or read and filtered out."""
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    return round(
        sum(float(node["Actual Loops"]) * sum(float(node.get(name, 0)) for name in counts) for node in plan)
    )


@pytest.mark.parametrize(
    "name", ["scoring/delete_scores", "scoring/score_transcripts", "scoring/mark_scored"]
)
def test_a_batch_is_scored_by_index_access_alone(scores_db: Connection, batch: list[int], name: str) -> None:
    if name == "scoring/mark_scored":
        score_pending(scores_db)
    scans = table_reads(scores_db, name, transcript_ids=batch, formula_version=FORMULA_VERSION)
    assert scans
    for node in scans:
        assert node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan"), node
        # No more than the batch: an index scan can also read the whole index.
        assert node["Actual Rows"] * node["Actual Loops"] <= BATCH * 20
        assert node.get("Rows Removed by Filter", 0) * node["Actual Loops"] <= BATCH * 20


def test_scoring_costs_grow_linearly_with_calls_even_without_statistics(db: Connection) -> None:
    for table in TABLES:
        query(db, f"ALTER TABLE call_sentiment.{table} SET (autovacuum_enabled = false)")
    ids = store(db, [[said("POSITIVE", 0.9, 0), said("NEGATIVE", 0.8, 3000)]] * 3000)
    handled = [
        rows_handled(
            plan_of(
                db, "scoring/score_transcripts", transcript_ids=ids[:count], formula_version=FORMULA_VERSION
            )
        )
        for count in (300, 3000)
    ]
    assert handled[1] < 15 * handled[0]


@pytest.mark.parametrize("named", [True, False])
def test_transcripts_to_score_are_found_by_index(
    scores_db: Connection, batch: list[int], named: bool
) -> None:
    call_ids = [f"batch-{n}" for n in range(1, BATCH + 1)] if named else None
    scans = table_reads(scores_db, "scoring/lock_pending_scores", call_ids=call_ids)
    assert [node["Node Type"].partition(" Scan")[0] for node in scans] in (["Index"], ["Bitmap Heap"])
    # Both hold the open transcripts alone.
    indexes = ("transcripts_open", "transcripts_open_by_backfill")
    assert scans[0].get("Index Name", "transcripts_open") in indexes
