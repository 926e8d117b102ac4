"""The calls that wait for one person's review: the random sample, and those with uncertain scores."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query

from call_sentiment import listing, reviews
from call_sentiment.listing_filters import Filters
from call_sentiment.pages.filters import Empty
from call_sentiment.pages.results import reading

ROWS = 10
COUNT_LIMIT = 1000
UNCERTAIN = Filters(review="needed")

ListName = Annotated[Literal["sample", "uncertain"] | None, Empty, Query(alias="list")]
"""The list that a reviewer works through."""


def read_queue(reviewer: str) -> dict[str, Any]:
    """Both lists, the first calls of each, and how far the sample is."""
    with reading() as connection:
        progress, sample = reviews.find_sample(connection, reviewer, ROWS)
        count = listing.count_calls(connection, UNCERTAIN, COUNT_LIMIT + 1)
        uncertain = listing.find_calls(connection, UNCERTAIN, "newest", ROWS) if count else []
    return {
        "progress": progress,
        "sample": sample,
        "uncertain": uncertain,
        "uncertain_count": f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}",
    }


def find_next(list_name: str, reviewer: str, call_id: str) -> str | None:
    """The id of the next call of a list, which is not `call_id`; None at its end."""
    with reading() as connection:
        if list_name == "sample":
            _, found = reviews.find_sample(connection, reviewer, 2)
        else:
            found = listing.find_calls(connection, UNCERTAIN, "newest", 2)
    return next((row["call_id"] for row in found if row["call_id"] != call_id), None)
