"""The params of the Dag that limit what it spends."""

from __future__ import annotations

import os
from collections.abc import Mapping

from airflow.sdk import Param

_PERIODS = {"run": "a run", "day": "a day (UTC)", "month": "a month (UTC)"}


def budget_params(environment: Mapping[str, str] = os.environ) -> dict[str, Param]:
    """Params of budgets; `CALL_SENTIMENT_BUDGET_PER_DAY` and the like are their defaults.

    Raises ValueError for a default that is no number.
    """
    params = {
        f"budget_per_{period}": Param(
            _read_amount(environment, f"CALL_SENTIMENT_BUDGET_PER_{period.upper()}"),
            type=["null", "number"],
            minimum=0,
            title=f"Budget per {period}",
            description=f"What {what} may cost, in the currency of the prices. Calls without room "
            "stay open and wait. Empty: no limit.",
        )
        for period, what in _PERIODS.items()
    }
    params["assumed_minutes"] = Param(
        _read_amount(environment, "CALL_SENTIMENT_ASSUMED_MINUTES"),
        type=["null", "number"],
        exclusiveMinimum=0,
        title="Assumed minutes",
        description="Length that a budget assumes for a recording whose header does not say, or that is at a "
        "web address. Empty: such calls wait.",
    )
    params["dry_run"] = Param(
        False,
        type="boolean",
        title="Dry run",
        description="Log the minutes that would be sent, and their cost. Send nothing, store nothing.",
    )
    return params


def backfill_params(
    params: Mapping[str, Param], environment: Mapping[str, str] = os.environ
) -> dict[str, Param]:
    """The params of the Dag of backfills: those of the Dag of daily traffic, and its own."""
    own = {
        "recordings": Param(
            "",
            type="string",
            title="Recordings",
            description="The history: a folder, an object-store URI or a manifest (.jsonl). Empty, as in "
            "scheduled runs: go on with the backfill that has open calls.",
        ),
        "backfill": Param(
            "",
            type="string",
            title="Name",
            description="What the page Pipeline calls this backfill. Empty: its location.",
        ),
        "newest_first": Param(
            True,
            type="boolean",
            title="Newest first",
            description="By started_at of the sidecars, then by the names of the recordings. Else as found.",
        ),
        "concurrency": Param(
            200,
            type="integer",
            minimum=1,
            title="Concurrency of the account",
            description="How many jobs AssemblyAI works on at the same time for this account.",
        ),
        "daily_share": Param(
            0.5,
            type="number",
            minimum=0,
            maximum=1,
            title="Share of daily traffic",
            description="The part of that concurrency that the backfill leaves free. At 1 it has one job.",
        ),
        "batch_size": _copy(params["batch_size"], 25),
        "pool": _copy(params["pool"], environment.get("CALL_SENTIMENT_BACKFILL_POOL") or "default_pool"),
    }
    return {**params, **own}


def _copy(param: Param, default: object) -> Param:
    return Param(default, **{**param.schema, "description": param.description})


def _read_amount(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError(f"environment variable {name} is no number: {text!r}") from None
