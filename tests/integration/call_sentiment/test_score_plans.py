"""Scoring a batch looks at that batch alone, however long the history is: read off PostgreSQL's plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.history import add_calls
from call_sentiment.score import FORMULA_VERSION, score_pending
from call_sentiment.sql import read_statement
from tests.integration.call_sentiment.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLES = {"sentences", "transcripts", "call_scores", "speaker_scores"}
BATCH = 50


@pytest.fixture(scope="module")
def batch(scores_db: Connection) -> list[int]:
    """Loaded transcripts beside 3,000 scored ones, with the planner's statistics up to date."""
    add_calls(scores_db, "history-", 3000, 20)
    score_pending(scores_db)
    add_calls(scores_db, "batch-", BATCH, 20)
    # No history comes all at once, as this one did, and leaves so much free space in this index.
    query(scores_db, "REINDEX INDEX call_sentiment.transcripts_open")
    rows = query(
        scores_db, "SELECT transcript_id FROM call_sentiment.transcripts WHERE state = 'loaded' ORDER BY 1"
    )
    return [row["transcript_id"] for row in rows]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def table_reads(connection: Connection, name: str, **params: Any) -> list[dict[str, Any]]:
    """Try a statement and roll it back: the nodes of its plan that read our tables, with their counts."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + read_statement(name), params)
        ((found,),) = cursor.fetchall()
    connection.rollback()
    connection.autocommit = True
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return [
        node for node in nodes(plan) if "Scan" in node["Node Type"] and node.get("Relation Name") in TABLES
    ]


@pytest.mark.parametrize("name", ["delete_scores", "score_transcripts", "mark_scored"])
def test_a_batch_is_scored_by_index_access_alone(scores_db: Connection, batch: list[int], name: str) -> None:
    if name == "mark_scored":
        score_pending(scores_db)
    scans = table_reads(scores_db, name, transcript_ids=batch, formula_version=FORMULA_VERSION)
    assert scans
    for node in scans:
        assert node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan"), node
        # No more than the batch: an index can also be read from end to end.
        assert node["Actual Rows"] * node["Actual Loops"] <= BATCH * 20
        assert node.get("Rows Removed by Filter", 0) * node["Actual Loops"] <= BATCH * 20


@pytest.mark.parametrize("named", [True, False])
def test_what_is_to_be_scored_is_found_by_index(scores_db: Connection, batch: list[int], named: bool) -> None:
    call_ids = [f"batch-{n}" for n in range(1, BATCH + 1)] if named else None
    scans = table_reads(scores_db, "lock_pending_scores", call_ids=call_ids)
    assert [node["Node Type"].partition(" Scan")[0] for node in scans] in (["Index"], ["Bitmap Heap"])
    assert scans[0].get("Index Name", "transcripts_open") == "transcripts_open"
