"""The filters of calls in an address: read from it, and written into it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field, StringConstraints

from call_sentiment import listing
from call_sentiment.listing_filters import Filters
from call_sentiment.states import CallStatus

LABELS = (
    "VERY_NEGATIVE",
    "NEGATIVE",
    "MIXED",
    "NEUTRAL",
    "POSITIVE",
    "VERY_POSITIVE",
    "INSUFFICIENT",
    "NONE",
)
STATUSES = tuple(CallStatus)
PARAMETERS = {"from_day": "from", "to_day": "to", "said": "q"}
"""What filters are called in the address, where that is not their name."""

# A form sends what is left empty as an empty text. A union with "" would hide the names in errors,
# and a limit outside of the type would meet None.
Empty = BeforeValidator(lambda value: None if value == "" else value)
Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Said = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Index = Annotated[int, Field(ge=-1, le=2**31 - 1)]
Words = Annotated[Text | None, Empty, Query()]
FirstDay = Annotated[date | None, Empty, Query(alias="from")]
LastDay = Annotated[date | None, Empty, Query(alias="to")]
Sort = Annotated[listing.Order | None, Empty, Query()]


def read_filters(
    from_day: FirstDay = None,
    to_day: LastDay = None,
    queue: Words = None,
    agent: Words = None,
    label: Annotated[Literal[LABELS] | None, Empty, Query()] = None,  # type: ignore[valid-type]
    status: Annotated[CallStatus | None, Empty, Query()] = None,
    review: Annotated[Literal["needed", "reviewed"] | None, Empty, Query()] = None,
    content: Annotated[Literal["flagged", "unflagged"] | None, Empty, Query()] = None,
    said: Annotated[Said | None, Empty, Query(alias="q")] = None,
    dag: Words = None,
    run: Words = None,
    task: Words = None,
    map_index: Annotated[Index | None, Empty, Query()] = None,
) -> Filters:
    """The filters in an address."""
    return Filters(
        from_day=from_day,
        to_day=to_day,
        queue=queue,
        agent=agent,
        label=label,
        status=status,
        review=review,
        content=content,
        said=said,
        dag=dag,
        run=run,
        task=task,
        map_index=map_index,
    )


Chosen = Annotated[Filters, Depends(read_filters)]


def parameters(filters: Filters, sort: str | None = None) -> dict[str, Any]:
    """What stands in the address of a page with these filters."""
    found = {PARAMETERS.get(name, name): getattr(filters, name) for name in Filters.__dataclass_fields__}
    return {**found, "sort": None if sort == "newest" else sort}
