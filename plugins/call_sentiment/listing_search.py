"""Pages of the listing, with the sentences that a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from call_sentiment import listing
from call_sentiment.database import run_sql
from call_sentiment.listing import Order, Row
from call_sentiment.listing_filters import Filters

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LOOKED_AT = 500
"""Calls whose sentences a page reads at most, where only they tell: about a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the filtered, sorted list.

    :param rows: the calls found.
    :param said: for each transcript, its first sentence (`text`, `start_ms`) with what was searched for.
    :param looked_at: how many calls were looked at to find them.
    :param first: id of the first call that was looked at.
    :param last: id of the last one.
    :param has_more: whether there are calls beyond those, in the direction of the page.
    """

    rows: Sequence[Row]
    said: dict[int, Row]
    looked_at: int
    first: str | None
    last: str | None
    has_more: bool


def find_page(
    connection: Connection,
    filters: Filters,
    order: Order,
    limit: int,
    *,
    beyond: str | None = None,
    backwards: bool = False,
    are_few: bool = False,
    look_at: int = LOOKED_AT,
) -> Page:
    """Find up to `limit` calls next to the call `beyond`; the arguments are those of `find_calls`.

    A search for several words in one sentence looks at up to `look_at` calls in which all of them are said.
    So a page may have few rows, or none, while `has_more` says that the search can go on.
    """
    is_exact = filters.search().is_exact
    reach = limit if is_exact else look_at
    rows = listing.find_calls(
        connection, filters, order, reach + 1, beyond=beyond, backwards=backwards, are_few=are_few
    )
    has_more = len(rows) > reach
    if has_more:
        rows = rows[1:] if backwards else rows[:-1]
    said = _find_sentences(connection, filters, rows)
    if is_exact:
        return _page(rows, said, rows, has_more)
    found = [row for row in rows if row["transcript_id"] in said]
    if len(found) <= limit:
        return _page(found, said, rows, has_more)
    if backwards:
        found = found[-limit:]
        return _page(found, said, rows[rows.index(found[0]) :], True)
    found = found[:limit]
    return _page(found, said, rows[: rows.index(found[-1]) + 1], True)


def _page(found: list[Row], said: dict[int, Row], looked_at: list[Row], has_more: bool) -> Page:
    first, last = (looked_at[0]["call_id"], looked_at[-1]["call_id"]) if looked_at else (None, None)
    return Page(found, said, len(looked_at), first, last, has_more)


def _find_sentences(connection: Connection, filters: Filters, rows: Sequence[Row]) -> dict[int, Row]:
    patterns = filters.search().patterns
    if not patterns or not rows:
        return {}
    asked = {"transcript_ids": [row["transcript_id"] for row in rows], "patterns": patterns}
    return {row["transcript_id"]: row for row in run_sql(connection, "listing/find_sentences", asked)}


def neighbours(
    connection: Connection, filters: Filters, order: Order, call_id: str
) -> tuple[str | None, str | None]:
    """Ids of the calls before and after a call in the filtered, sorted list; None at an end.

    None, too, for a call that is not listed, and where a search finds none among the next `LOOKED_AT`.
    """
    if not listing.is_listed(connection, call_id):
        return None, None
    few = listing.count_calls(connection, filters, listing.FEW + 1) <= listing.FEW
    before, after = (
        find_page(connection, filters, order, 1, beyond=call_id, backwards=backwards, are_few=few).rows
        for backwards in (True, False)
    )
    return (before[0]["call_id"] if before else None, after[0]["call_id"] if after else None)
