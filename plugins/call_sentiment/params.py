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


def _read_amount(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError(f"environment variable {name} is no number: {text!r}") from None
