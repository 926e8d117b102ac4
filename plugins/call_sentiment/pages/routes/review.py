"""The page of the calls that wait for a review, and where a sample of calls is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from call_sentiment import reviews
from call_sentiment.pages import guards
from call_sentiment.pages.filters import Text
from call_sentiment.pages.render import page_url, query, render
from call_sentiment.pages.results import rows, writing
from call_sentiment.pages.review_queue import read_queue
from call_sentiment.pages.routes.calls import refresh
from call_sentiment.pages.sample_form import SampleForm, read_sample_form

router = APIRouter(dependencies=guards.READ)

Drawn = Annotated[int | None, Query(ge=0)]


@router.get("/review")
def review(
    request: Request,
    user: guards.User,
    percent: Text = "",
    first: Annotated[Text, Query(alias="from")] = "",
    last: Annotated[Text, Query(alias="to")] = "",
    drawn: Drawn = None,
) -> Response:
    """The calls that wait for this person; `drawn` says how many calls have just been drawn."""
    sample = _read_sample({"percent": percent, "from": first, "to": last})
    return _show(request, user, sample, drawn=drawn)


@router.post("/review/draw", dependencies=guards.WRITE)
def draw(
    request: Request,
    user: guards.User,
    percent: Annotated[Text, Form()] = "",
    first: Annotated[Text, Form(alias="from")] = "",
    last: Annotated[Text, Form(alias="to")] = "",
) -> Response:
    """Draw a sample of the calls of some days; back to the form where something is wrong with it."""
    sample = _read_sample({"percent": percent, "from": first, "to": last})
    if sample.rate is None or sample.first_day is None or sample.last_day is None or sample.problem:
        return _show(request, user, sample, status_code=422)
    with writing() as connection:
        drawn = reviews.draw_sample(
            connection, sample.first_day, sample.last_day, sample.rate, user.get_name()
        )
    address = query(drawn=str(drawn), percent=sample.percent, **{"from": sample.first, "to": sample.last})
    return RedirectResponse(f"{page_url('review')}{address}#draw", 303)


def _read_sample(typed: Mapping[str, str]) -> SampleForm:
    return read_sample_form(typed, rows("pages/trends_newest")[0]["day"])


def _show(
    request: Request,
    user: guards.User,
    sample: SampleForm,
    *,
    drawn: int | None = None,
    status_code: int = 200,
) -> Response:
    missing = refresh()
    period = None
    if sample.first_day and sample.last_day:
        (period,) = rows("reviews/period", {"first": sample.first_day, "last": sample.last_day})
    return render(
        request,
        "review.html",
        status_code=status_code,
        page="review",
        missing=missing,
        **read_queue(user.get_name()),
        may_write=guards.may_write(user),
        form=sample,
        period=period,
        drawn=drawn,
    )
