"""Queries that analysts send to the views, and the rows that PostgreSQL reads for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

_DAY = "started_at >= %(day)s::date AND started_at < %(day)s::date + 1"
_WEEK = "started_at > %(day)s::date - 7"

BOUNDED = {
    "one call": "SELECT * FROM call_sentiment.call_overview WHERE call_id = %(call_id)s",
    "the sentences of one call": "SELECT s.* FROM call_sentiment.sentences AS s"
    " JOIN call_sentiment.call_overview AS o ON o.transcript_id = s.transcript_id"
    " WHERE o.call_id = %(call_id)s ORDER BY s.position",
    "the newest 100 calls": "SELECT * FROM call_sentiment.call_overview ORDER BY started_at DESC LIMIT 100",
    "the newest 100 to review": "SELECT * FROM call_sentiment.call_overview WHERE needs_review"
    " ORDER BY started_at DESC LIMIT 100",
    "the calls of a day": f"SELECT * FROM call_sentiment.call_overview WHERE {_DAY}",
    "the 20 worst calls of a week": f"SELECT * FROM call_sentiment.call_overview WHERE {_WEEK}"
    " ORDER BY sentiment_score LIMIT 20",
    "what failed in a week": "SELECT * FROM call_sentiment.call_overview"
    f" WHERE status = 'failed' AND {_WEEK}",
    "an agent's newest 100 calls": "SELECT * FROM call_sentiment.call_overview WHERE agent_id = %(agent)s"
    " ORDER BY started_at DESC LIMIT 100",
    "daily_scores of a day": "SELECT * FROM call_sentiment.daily_scores WHERE day = %(day)s",
    "daily_scores of a week": "SELECT * FROM call_sentiment.daily_scores WHERE day > %(day)s::date - 7",
}
"""Questions about a part of the history that does not grow with it."""

UNBOUNDED = {
    "how many are to be reviewed, ever": "SELECT count(*) FROM call_sentiment.call_overview"
    " WHERE needs_review",
    "what failed, ever": "SELECT * FROM call_sentiment.call_overview WHERE status = 'failed'",
    "an agent's calls, ever": "SELECT * FROM call_sentiment.call_overview WHERE agent_id = %(agent)s",
    "daily_scores, all of it": "SELECT * FROM call_sentiment.daily_scores",
}
"""Questions about the whole history."""


def newest(connection: Connection) -> dict[str, Any]:
    """Params of the questions: the newest days, and a call from the middle of the history."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (max(started_at) - interval '2 days')::date, (array_agg(call_id))[count(*) / 2]"
            " FROM call_sentiment.calls"
        )
        ((day, call_id),) = cursor.fetchall()
    return {"day": day, "call_id": call_id, "agent": "agent 7"}


@dataclass(frozen=True, slots=True)
class Read:
    """A node of a plan that reads a table: its type, and the number of rows it read."""

    table: str
    node: str
    rows: int


def reads(connection: Connection, statement: str, params: Mapping[str, Any]) -> list[Read]:
    """Run a statement, roll it back, and return what it read."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement, params)
        ((found,),) = cursor.fetchall()
    connection.rollback()
    connection.autocommit = True
    (explained,) = json.loads(found) if isinstance(found, str) else found
    return [
        Read(node["Relation Name"], node["Node Type"], _rows(node))
        for node in _nodes(explained["Plan"])
        if "Relation Name" in node and "Scan" in node["Node Type"]
    ]


def _rows(node: Mapping[str, Any]) -> int:
    each = float(node["Actual Rows"]) + float(node.get("Rows Removed by Filter", 0))
    return round(each * int(node["Actual Loops"]))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
