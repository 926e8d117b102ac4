"""The form in which a person labels a call and its sentences, without seeing what was computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from call_sentiment.database import run_sql
from call_sentiment.pages import audio, guards, timeline
from call_sentiment.pages.filters import Empty
from call_sentiment.pages.render import page_url, render, words
from call_sentiment.pages.results import not_found, reading, writing
from call_sentiment.pages.review_form import (
    MAX_REASON,
    ReviewForm,
    find_left_out,
    find_problem,
    read_form,
    show_labels,
)
from call_sentiment.pages.review_queue import ListName
from call_sentiment.pages.routes.call import MAX_SENTENCES, CallId, list_filters
from call_sentiment.reviews import CALL_LABELS, SENTENCE_LABELS, GivenLabel, add_reviews

router = APIRouter(dependencies=guards.READ)

MAX_FIELDS = 2 * MAX_SENTENCES + 10
"""Each sentence has a label and a reason."""

SHOWN = ("call_id", "started_at", "queue", "agent_id", "recording")
"""What the form shows of a call: nothing that was computed, and no reason that tells of it."""


async def _typed(request: Request) -> ReviewForm:
    return read_form((await request.form(max_fields=MAX_FIELDS)).multi_items())


Typed = Annotated[ReviewForm, Depends(_typed)]
Position = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, Empty, Form()]


@router.get("/review/call")
def review_form(request: Request, id: CallId, user: guards.User, list_name: ListName = None) -> Response:
    """The form for a call, with this person's labels where there are some."""
    if not guards.may_write(user):
        raise HTTPException(
            403, "You may see reviews and give none: that takes the right to edit task instances of the Dag."
        )
    values = _read(id, user.get_name())
    return _show(request, values, values["own"], list_name)


@router.post("/review/call", dependencies=guards.WRITE)
def save_review(
    request: Request, id: CallId, user: guards.User, typed: Typed, list_name: ListName = None
) -> Response:
    """Store the labels; back to the form with what was typed where something is wrong with it."""
    values = _read(id, user.get_name())
    problem: str | None = values["refusal"]
    if not problem and typed.transcript_id != str(values["transcript_id"]):
        problem = (
            "The call was transcribed again since you opened the form. These are its new sentences; only "
            "what you said of the whole call is kept."
        )
        typed = _without_sentences(typed)
    problem = problem or find_problem(typed, values["sentences"])
    if not problem and not values["own"].labels:
        problem = find_left_out(typed, values["sentences"])
        typed = replace(typed, leaves_out=True)
    if problem:
        return _show(request, values, typed, list_name, problem)
    with writing() as connection:
        add_reviews(connection, values["transcript_id"], user.get_name(), typed.given())
    return RedirectResponse(_call_url(request, id, reviewed="1", list=list_name), 303)


@router.post("/review/take-back", dependencies=guards.WRITE)
def take_back(request: Request, id: CallId, user: guards.User, position: Position = None) -> Response:
    """Take back this person's label of the call, or of one of its sentences."""
    values = _read(id, user.get_name())
    with writing() as connection:
        add_reviews(connection, values["transcript_id"], user.get_name(), [GivenLabel(position, None)])
    return RedirectResponse(f"{_call_url(request, id)}#reviews", 303)


def _read(call_id: str, reviewer: str) -> dict[str, Any]:
    """What the form shows of a call, and this person's labels. Raises HTTPException for an unknown call."""
    with reading() as connection:
        found = run_sql(connection, "pages/call", {"call_id": call_id})
        if not found:
            raise not_found("There is no such call.")
        (call,) = found
        key = {"transcript_id": call["transcript_id"], "reviewer": reviewer, "limit": MAX_SENTENCES}
        sentences = run_sql(connection, "reviews/form_sentences", key)
        own = run_sql(connection, "reviews/own_labels", key)
    duration_ms = None if call["duration_s"] is None else float(call["duration_s"]) * 1000
    return {
        "call": {name: call[name] for name in SHOWN},
        "transcript_id": call["transcript_id"],
        "refusal": _refuse(call),
        "sound_problem": audio.find_problem(
            call["recording"], call["recording_version"], call["recording_replaced"]
        ),
        "sentences": sentences,
        "duration_ms": duration_ms,
        "timeline": timeline.draw(sentences, duration_ms, None, is_blind=True),
        "own": show_labels(own),
    }


def _refuse(call: dict[str, Any]) -> str | None:
    """Why there is nothing to review; None where there is."""
    if call["state"] == "scored":
        return None
    if call["state"] == "duplicate":
        return f"It is the same recording as call {call['duplicate_of']}. Review that one."
    if call["state"] == "failed":
        return "It failed, so there is no score that a review could confirm or correct. Its page says why."
    return f"It is {words(call['status'])}. Review it once it is scored."


def _without_sentences(typed: ReviewForm) -> ReviewForm:
    return ReviewForm(labels={None: typed.labels.get(None, "")}, reasons={None: typed.reasons.get(None, "")})


def _show(
    request: Request,
    values: dict[str, Any],
    typed: ReviewForm,
    list_name: str | None,
    problem: str | None = None,
) -> Response:
    filters = list_filters(request)
    return render(
        request,
        "review_call.html",
        status_code=422 if problem else 200,
        page="review",
        **values,
        typed=typed,
        problem=problem,
        t=None,
        list_name=list_name,
        filters=filters,
        list_query=f"?{urlencode(filters)}" if filters else "",
        query_string=urlencode(
            [("id", values["call"]["call_id"]), *filters, *([("list", list_name)] if list_name else [])]
        ),
        speaker_name=timeline.speaker_name,
        call_labels=CALL_LABELS,
        sentence_labels=SENTENCE_LABELS,
        max_reason=MAX_REASON,
    )


def _call_url(request: Request, call_id: str, **more: str | None) -> str:
    given = [(name, value) for name, value in more.items() if value is not None]
    return f"{page_url('call')}?{urlencode([('id', call_id), *given, *list_filters(request)])}"
