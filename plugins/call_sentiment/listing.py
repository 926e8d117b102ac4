"""The listing of calls, one row a call: filtered and sorted for its page, and kept current."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psycopg2

from call_sentiment.database import run_sql, run_statement
from call_sentiment.listing_filters import Filters
from call_sentiment.sql import read_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

COLUMNS = (
    *("call_id", "at", "queue", "agent_id", "status", "label", "reviewed_label"),
    *("sentiment_score", "score_low", "score_high", "q1_score", "q2_score", "q3_score", "q4_score"),
    *("worst_window_start_ms", "worst_window_end_ms", "needs_review", "reason", "notices", "duration_s"),
    *("transcript_id", "content_flag_count", "worst_content_flag"),
)
Row = dict[str, Any]
Order = Literal["newest", "oldest", "lowest", "highest"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an order: the statement that gives its rows, and whether from high to low."""

    statement: str
    descending: bool
    has_score: bool | None = None


_ORDERS: Mapping[Order, tuple[Section, ...]] = {
    "newest": (Section("listing/find_by_time", True),),
    "oldest": (Section("listing/find_by_time", False),),
    "lowest": (
        Section("listing/find_by_score", False, True),
        Section("listing/find_without_score", False, False),
    ),
    "highest": (
        Section("listing/find_by_score", True, True),
        Section("listing/find_without_score", True, False),
    ),
}
"""Calls without a score come last, whichever way scores are sorted."""

FEW = 1000
"""So many calls are quickly sorted."""
REFRESH_PORTION = 1000
REFRESH_PORTIONS = 10
"""About 30 seconds of a task at most; the tasks that follow do the rest."""


def refresh_listing(connection: Connection, limit: int = REFRESH_PORTION) -> int:
    """Bring up to `limit` changes into the listing, in one transaction; return how many that were.

    0 where another process is at it. A rerun is harmless.
    """
    with connection:
        (lock,) = run_sql(connection, "listing/lock_refresh")
        if not lock["locked"]:
            return 0
        (row,) = run_sql(connection, "listing/refresh", {"limit": limit})
        return int(row["changes"])


def refresh_after_run(connection: Connection) -> None:
    """Bring what a task has changed into the listing. It logs what goes wrong: no task fails for a page."""
    try:
        for _ in range(REFRESH_PORTIONS):
            if refresh_listing(connection) < REFRESH_PORTION:
                return
    except psycopg2.Error as error:
        log.warning("The listing of the page of calls was not refreshed: %s", error)


def count_changes(connection: Connection, limit: int) -> int:
    """How many changes the listing misses; `limit` stands for as many or more."""
    (row,) = run_sql(connection, "listing/count_changes", {"limit": limit})
    return int(row["count"])


def find_calls(
    connection: Connection,
    filters: Filters,
    order: Order,
    limit: int,
    *,
    beyond: str | None = None,
    backwards: bool = False,
    are_few: bool = False,
) -> list[Row]:
    """Up to `limit` rows for the filters, those next to the call `beyond` first; all in the given order.

    Of a search it is sure only that all its words are said in the call: see `listing_search`.

    :param beyond: id of the call before the first row; None, or a call that is not there any more: begin.
    :param backwards: rows before that call instead of after it; without it, the last rows of all.
    :param are_few: find all calls of the filters, then sort them. Else the order is walked along, which takes
        long where few calls match.
    """
    if not limit:
        return []
    place = _find_place(connection, beyond)
    rows: list[Row] = []
    for section in _ORDERS[order][:: -1 if backwards else 1]:
        after = place
        if place and section.has_score is not None:
            if (place["sentiment_score"] is not None) != section.has_score:
                continue
            # What follows begins at its beginning.
            place = None
        rows += _run(
            connection,
            section.statement,
            {
                **filters.params(),
                **(after or {"call_id": None, "at": None, "sentiment_score": None}),
                "limit": limit - len(rows),
            },
            descending=section.descending != backwards,
            are_few=are_few,
        )
        if len(rows) >= limit:
            break
    return rows[::-1] if backwards else rows


def _find_place(connection: Connection, call_id: str | None) -> Row | None:
    found = run_sql(connection, "listing/find_place", {"call_id": call_id}) if call_id else []
    return found[0] if found else None


def count_calls(connection: Connection, filters: Filters, limit: int) -> int:
    """How many calls `find_calls` has for the filters; `limit` stands for as many or more."""
    (row,) = _run(connection, "listing/count_calls", {**filters.params(), "limit": limit})
    return int(row["count"])


def is_listed(connection: Connection, call_id: str) -> bool:
    """Whether the listing has this call."""
    return _find_place(connection, call_id) is not None


def find_choices(connection: Connection, limit: int) -> dict[str, list[str]]:
    """The `queues` and `agents` that can be chosen, up to `limit` of each."""
    (row,) = run_sql(connection, "listing/find_choices", {"limit": limit})
    return row


def _run(
    connection: Connection,
    name: str,
    params: Mapping[str, Any],
    *,
    descending: bool = False,
    are_few: bool = False,
) -> list[Row]:
    """Rows of a statement about the listing, with what the statements share put in its places."""
    statement = read_statement(name)
    # OFFSET 0 keeps the planner from taking the order into what finds the rows.
    source = "(SELECT {columns} FROM call_sentiment.call_listing AS l WHERE {conditions}{barrier})"
    for place, text in (
        ("source", source),
        ("barrier", " OFFSET 0" if are_few else ""),
        ("columns", ", ".join(f"l.{column}" for column in COLUMNS)),
        ("conditions", read_statement("listing/conditions")),
        ("direction", "DESC" if descending else "ASC"),
        ("beyond", "<" if descending else ">"),
    ):
        statement = statement.replace(f"{{{place}}}", text)
    run_sql(connection, "listing/prefer_indexes")
    return run_statement(connection, statement, params)
