"""The page of calls, and the same as CSV."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg2
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from call_sentiment import DAG_ID, listing
from call_sentiment.listing_filters import Filters
from call_sentiment.listing_search import find_page
from call_sentiment.pages import guards, results
from call_sentiment.pages.filters import LABELS, STATUSES, Chosen, Sort, Words, parameters
from call_sentiment.pages.render import query, render

log = logging.getLogger(__name__)

router = APIRouter(dependencies=guards.READ)

ROWS = 50
CSV_ROWS = 2000
COUNT_LIMIT = 1000
CHOICES = 500
MISSING_LIMIT = 10_000
REFRESHED_ROWS = 100
"""Changes that a page brings into the listing before it is shown: about three milliseconds a call."""

ORDERS = {"newest": "Newest", "oldest": "Oldest", "lowest": "Lowest score", "highest": "Highest score"}


@router.get("/calls")
def calls(
    request: Request, filters: Chosen, sort: Sort = None, after: Words = None, before: Words = None
) -> Response:
    """The calls of the filters, a page of them."""
    missing = refresh()
    order = sort or "newest"
    backwards = bool(before)
    with results.reading() as connection:
        count = listing.count_calls(connection, filters, COUNT_LIMIT + 1)
        found = find_page(
            connection,
            filters,
            order,
            # Nothing is not looked for twice.
            ROWS if count else 0,
            beyond=before or after or None,
            backwards=backwards,
            are_few=count <= COUNT_LIMIT,
        )
        choices = listing.find_choices(connection, CHOICES)
    return render(
        request,
        "calls.html",
        page="calls",
        found=found,
        missing=missing,
        is_exact=filters.search().is_exact,
        count=f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}",
        filters=filters,
        sort=order,
        parameters=parameters(filters, order),
        chips=chips(filters, order),
        choices=choices,
        labels=LABELS,
        statuses=STATUSES,
        orders=ORDERS,
        earlier=found.first if (found.has_more if backwards else after) else None,
        later=found.last if found.has_more or backwards else None,
    )


def chips(filters: Filters, order: str) -> list[dict[str, str]]:
    """Filters that the form does not have, each with the address of the page without it."""
    if filters.run:
        what = f"run {filters.run}"
        if filters.task:
            what += f", task {filters.task}"
            if (filters.map_index or 0) >= 0 and filters.map_index is not None:
                what += f" [{filters.map_index}]"
    elif filters.dag and filters.dag != DAG_ID:
        what = f"Dag {filters.dag}"
    else:
        return []
    without = replace(filters, dag=None, run=None, task=None, map_index=None)
    return [{"text": what, "without": query(**parameters(without, order))}]


def refresh() -> str | None:
    """Bring the newest changes into the listing, where the database can be written.

    Returns how many are still missing, as the page says it; None where it misses none.
    """
    try:
        with results.reading() as connection:
            missing = listing.count_changes(connection, MISSING_LIMIT + 1)
        if missing:
            with results.writing() as connection:
                missing -= listing.refresh_listing(connection, REFRESHED_ROWS)
    except (psycopg2.Error, results.ResultsUnavailableError) as error:
        log.warning("The listing of calls was not refreshed, so it may be old: %s", error)
        return None
    if missing <= 0:
        return None
    return f"more than {MISSING_LIMIT:,}" if missing >= MISSING_LIMIT - REFRESHED_ROWS else f"{missing:,}"


@router.get("/calls.csv")
def calls_csv(filters: Chosen, sort: Sort = None) -> Response:
    """All calls of the filters as CSV, in the order of the page."""
    refresh()
    order = sort or "newest"
    pages = _read_pages(filters, order)
    # The first one is read here, so that an error becomes an answer of its own.
    first = next(pages)
    return StreamingResponse(
        _write_csv(first, pages),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="calls.csv"'},
    )


def _read_pages(filters: Filters, order: listing.Order) -> Iterator[list[listing.Row]]:
    beyond: str | None = None
    few: bool | None = None
    while True:
        with results.reading() as connection:
            if few is None:
                few = listing.count_calls(connection, filters, listing.FEW + 1) <= listing.FEW
            page = find_page(
                connection, filters, order, CSV_ROWS, beyond=beyond, are_few=few, look_at=CSV_ROWS
            )
        yield list(page.rows)
        if not page.has_more:
            return
        beyond = page.last


def _write_csv(first: list[listing.Row], others: Iterator[list[listing.Row]]) -> Iterator[str]:
    yield ",".join(listing.COLUMNS) + "\r\n"
    page: list[listing.Row] | None = first
    while page is not None:
        out = io.StringIO()
        csv.writer(out).writerows([safe_cell(row[column]) for column in listing.COLUMNS] for row in page)
        yield out.getvalue()
        page = next(others, None)


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: such text gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value
