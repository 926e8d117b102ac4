"""The page of one call: timeline, sound, sentences, figures and how it came about."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from call_sentiment import listing
from call_sentiment.database import run_sql
from call_sentiment.discovery.discover import MAX_ATTEMPTS
from call_sentiment.listing_filters import Filters
from call_sentiment.listing_search import neighbours
from call_sentiment.pages import audio, content, figures, guards, timeline
from call_sentiment.pages.call_reviews import read_reviews
from call_sentiment.pages.filters import Chosen, Sort
from call_sentiment.pages.render import moment, render
from call_sentiment.pages.results import not_found, reading
from call_sentiment.pages.review_queue import ListName, find_next
from call_sentiment.pages.routes.calls import refresh

router = APIRouter(dependencies=guards.READ)

MAX_SENTENCES = 5000
"""Sentences that a page shows at most; a call of an hour has about a thousand."""

# PostgreSQL stores no NUL, so no call has one in its id.
CallId = Annotated[str, Query(min_length=1, pattern="^[^\\x00]*$")]
Milliseconds = Annotated[int, Query(ge=0, le=10**12)]

NO_FILTERS = ("id", "t", "reviewed", "list")


@router.get("/call")
def call(
    request: Request,
    id: CallId,
    user: guards.User,
    chosen: Chosen,
    sort: Sort = None,
    t: Milliseconds | None = None,
    reviewed: bool = False,
    list_name: ListName = None,
) -> Response:
    """One call; the sound starts `t` milliseconds after its beginning.

    `reviewed` says that this person's review of it has just been stored; `list_name`, which list leads on.
    """
    may_write = guards.may_write(user)
    values = _read(id, user.get_name(), may_write)
    shown = values["call"]
    problem = audio.find_problem(shown["recording"], shown["recording_version"], shown["recording_replaced"])
    filters = list_filters(request)
    return render(
        request,
        "call.html",
        **values,
        t=t,
        may_write=may_write,
        reviewer=user.get_name(),
        reviewed=reviewed,
        list_name=list_name,
        next_review=_find_next_review(list_name, user.get_name(), id),
        current=_position_at(values["sentences"], t),
        sound_problem=problem,
        advice=advise(shown),
        filters=filters,
        list_query=f"?{urlencode(filters)}" if filters else "",
        neighbours=_find_neighbours(id, chosen, sort or "newest"),
        speaker_name=timeline.speaker_name,
        kind_of=timeline.kind_of,
        task_path=task_path,
        run_path=run_path,
    )


def list_filters(request: Request) -> list[tuple[str, str]]:
    """What the address says besides the call: the filters of the list it was reached from."""
    return [(name, value) for name, value in request.query_params.multi_items() if name not in NO_FILTERS]


def _find_next_review(list_name: str | None, reviewer: str, call_id: str) -> str | None:
    if not list_name:
        return None
    refresh()
    return find_next(list_name, reviewer, call_id)


def _find_neighbours(call_id: str, chosen: Filters, order: listing.Order) -> dict[str, str | None]:
    """The calls before and after a call in the list it was reached from; None at its ends."""
    with reading() as connection:
        previous, following = neighbours(connection, chosen, order, call_id)
    return {"previous": previous, "next": following}


def task_path(task: dict[str, Any]) -> str:
    """Where Airflow shows a task instance."""
    mapped = f"/mapped/{task['map_index']}" if task["map_index"] >= 0 else ""
    return f"{run_path(task)}/tasks/{quote(task['task_id'], safe='')}{mapped}"


def run_path(task: dict[str, Any]) -> str:
    """Where Airflow shows the run of a task instance."""
    return f"dags/{quote(task['dag_id'], safe='')}/runs/{quote(task['run_id'], safe='')}"


def advise(call: dict[str, Any]) -> str | None:
    """What happens next with a call that failed, and what to do; None for others."""
    if call["state"] != "failed":
        return None
    if call["given_up_at"]:
        return (
            f"AssemblyAI was still working on it on {moment(call['given_up_at'])} UTC. Nothing to do: it is "
            "looked at again, and loaded should it complete."
        )
    if call["query_removed"]:
        return "The query of its web address is not kept. List the call again with its whole address."
    if call["retryable"] and call["attempt"] < MAX_ATTEMPTS:
        return f"The next run tries it again: attempt {call['attempt'] + 1} of {MAX_ATTEMPTS}."
    if call["failed_in"] == "discover":
        return "Correct what the reason names in its sidecar or manifest line. The next run takes it up."
    return (
        "It is not tried again by itself. Correct what the reason names: the next run tries other bytes, or "
        "another sidecar. Or start a run with “Transcribe again”."
    )


def _read(call_id: str, reviewer: str, may_write: bool) -> dict[str, Any]:
    """All that the database knows of a call. Raises HTTPException where there is no such call."""
    with reading() as connection:
        found = run_sql(connection, "pages/call", {"call_id": call_id})
        if not found:
            raise not_found("There is no such call.")
        (call,) = found
        key = {"transcript_id": call["transcript_id"], "formula_version": call["formula_version"]}
        limit = {**key, "limit": MAX_SENTENCES + 1}
        sentences = run_sql(connection, "pages/call_sentences", limit)
        flags = run_sql(connection, "pages/content_flags", limit)
        scopes = run_sql(connection, "pages/call_figures", key)
        speakers = run_sql(connection, "pages/speaker_figures", key)
        meanings = run_sql(connection, "pages/figure_meanings")
        transcripts = run_sql(connection, "pages/call_transcripts", {"call_id": call_id})
        tasks = run_sql(connection, "pages/call_tasks", {"call_id": call_id})
        reviews = read_reviews(connection, call["transcript_id"], reviewer, may_write=may_write)
    worst = _worst_window(scopes[0]) if scopes else None
    duration_ms = None if call["duration_s"] is None else float(call["duration_s"]) * 1000
    first, rest = figures.make_table([*scopes, *speakers], meanings)
    return {
        "call": call,
        "sentences": sentences[:MAX_SENTENCES],
        "content_flags": flags,
        "flagged": content.labels_by_position(sentences, flags),
        "has_more_sentences": len(sentences) > MAX_SENTENCES,
        "timeline": timeline.draw(sentences[:MAX_SENTENCES], duration_ms, worst),
        "duration_ms": duration_ms,
        "figures": scopes[0] if scopes else None,
        "worst": worst,
        "speakers": speakers,
        "first_figures": first,
        "more_figures": rest,
        "transcripts": transcripts,
        "tasks": tasks,
        "reviews": reviews,
    }


def _worst_window(scores: dict[str, Any]) -> tuple[int, int] | None:
    start, end = scores["worst_window_start_ms"], scores["worst_window_end_ms"]
    return None if start is None or end is None else (start, end)


def _position_at(sentences: list[dict[str, Any]], t: int | None) -> int | None:
    """The position of the sentence that is said at a time; None without a time."""
    if t is None:
        return None
    begun = [s["position"] for s in sentences if s["start_ms"] is not None and s["start_ms"] <= t]
    return begun[-1] if begun else None
