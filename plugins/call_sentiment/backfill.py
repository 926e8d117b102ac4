"""Backfills: a long history is transcribed by runs of their own, beside daily traffic.

A triggered run names a location and stores its settings; the runs after it go on with them, a few calls at a
time, until no call of the backfill is open.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

SETTINGS = (
    "recordings",
    "transcript_options",
    "batch_size",
    "newest_first",
    "concurrency",
    "daily_share",
    "budget_per_run",
    "budget_per_day",
    "budget_per_month",
    "assumed_minutes",
)
"""The params of a triggered run that hold for the later runs of its backfill."""


def name_of(params: Mapping[str, Any]) -> str:
    """The name of the backfill that a triggered run asks for: its location where none is given."""
    return str(params["backfill"] or params["recordings"])


def find_settings(connection: Connection, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The params with which a run of the Dag of backfills works; None where no backfill is open.

    A run that names a location stores its settings as a backfill; another one takes those of the oldest
    backfill with open calls, and lists nothing: its `recordings` are None.
    """
    if params["recordings"]:
        name = name_of(params)
        settings = {key: params[key] for key in SETTINGS}
        run_sql(connection, "backfills/store_backfill", {"name": name, "settings": dump_json(settings)})
        return {**params, "backfill": name}
    for row in run_sql(connection, "backfills/find_open_backfill"):
        log.info("Going on with the backfill %s", row["name"])
        return {**params, **row["settings"], "recordings": None, "backfill": row["name"]}
    log.info("No backfill is open. Trigger this Dag with the location of one, or pause it")
    return None


def max_in_progress(params: Mapping[str, Any]) -> int | None:
    """How many jobs a backfill may have in progress, at least one; None for daily traffic."""
    if "daily_share" not in params:
        return None
    return max(1, int(params["concurrency"] * (1 - params["daily_share"])))
