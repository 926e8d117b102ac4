"""Chooses which of the open calls a run submits, waits for and loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from call_sentiment.costs.budget import Budget, Intent, Reserver
from call_sentiment.database import run_sql, run_sql_tuples

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a run may take.

    :param run: its name, under which it claims what it submits; None claims nothing.
    :param is_active: whether the run of a name is queued or running.
    :param limit: the most calls that it handles.
    :param backfill: the backfill whose calls it takes; None: those of daily traffic.
    :param newest_first: submit the newest calls first, by `started_at`, then by the recording's name; else
        those that were found first.
    :param max_in_progress: the most jobs that the backfill, or daily traffic, may have in progress.
    :param budget: what may be spent; calls without room wait.
    """

    run: str | None = None
    is_active: Callable[[str], bool] = lambda run: False
    limit: int | None = None
    backfill: str | None = None
    newest_first: bool = False
    max_in_progress: int | None = None
    budget: Budget | None = None


def take_open_calls(connection: Connection, selection: Selection) -> list[str]:
    """Claim what the run is to submit, and return its open calls.

    What another active run has claimed is left to it. Jobs in progress belong to every run.
    """
    reserver = selection.budget and Reserver(connection, selection.budget, selection.run)
    if reserver:
        with connection:
            run_sql(connection, "discovery/lock_discovery")
            params = _params(connection, selection)
            reserver.release(params["active_runs"])
        # Not under the lock: reading headers takes a while.
        reserver.measure(_find_intents(connection, params))
    with connection:
        run_sql(connection, "discovery/lock_discovery")
        # Other runs may have claimed something meanwhile.
        params = _params(connection, selection)
        intents = _find_intents(connection, params)
        chosen = reserver.reserve(intents) if reserver else [intent.transcript_id for intent in intents]
        rows = run_sql(connection, "discovery/take_open_calls", {**params, "intents": chosen})
    return [row["call_id"] for row in rows]


def _params(connection: Connection, selection: Selection) -> dict[str, Any]:
    others = {row["claimed_by"] for row in run_sql(connection, "discovery/find_claims")} - {selection.run}
    return {
        "run": selection.run,
        "active_runs": [other for other in others if selection.is_active(other)],
        "backfill": selection.backfill or "",
        "newest_first": selection.newest_first,
        "max_in_progress": selection.max_in_progress,
        "limit": selection.limit,
    }


def _find_intents(connection: Connection, params: dict[str, Any]) -> list[Intent]:
    return [Intent._make(row) for row in run_sql_tuples(connection, "discovery/find_intents", params)]
