"""How much of each budget is left, and why something has no room in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from call_sentiment.costs.prices import VARIABLE
from call_sentiment.database import run_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

WAITS = "waits for budget: "

NEXT = {
    "budget_per_run": "in the next run",
    "budget_per_day": "on the next day (UTC)",
    "budget_per_month": "in the next month (UTC)",
}
"""The names of budgets, and when each has room again by itself."""


@dataclass(slots=True)
class Room:
    """What is left of a budget.

    :param spent: by currency, with what is set aside.
    :param unknown: transcripts that count and whose cost is not known, with the `reason` of one of them.
    """

    name: str
    limit: Decimal
    spent: dict[str, Decimal] = field(default_factory=dict)
    unknown: int = 0
    reason: str | None = None

    def left(self, currency: str) -> Decimal:
        """What may still be spent; nothing where it is not known what was spent."""
        return self.limit - self.spent.get(currency, Decimal(0)) if not self.unknown else Decimal(0)

    def spend(self, cost: Decimal, currency: str) -> None:
        """Set an amount aside."""
        self.spent[currency] = self.spent.get(currency, Decimal(0)) + cost

    def refuse(self, cost: Decimal, currency: str) -> str | None:
        """Why so much has no room here, and what to do; None where it has."""
        amount = f"the {self.name} of {self.limit} {currency}"
        if self.unknown:
            return (
                f"{WAITS}what was spent of {amount} is not known ({self.reason}); give the price in the"
                f" Airflow variable {VARIABLE}, with an early valid_from, or set the param assumed_minutes"
            )
        if others := sorted(self.spent.keys() - {currency}):
            paid = ", ".join(others)
            return f"{WAITS}{amount} cannot count what was paid in {paid}; it continues {NEXT[self.name]}"
        if cost > self.limit:
            return f"{WAITS}it alone costs more than {amount}; raise that"
        if cost > self.left(currency):
            return (
                f"{WAITS}{amount} has no room for it; it continues {NEXT[self.name]}, or when that is raised"
            )
        return None

    def __str__(self) -> str:
        amounts = ", ".join(f"{cost:.4f} {currency}" for currency, cost in sorted(self.spent.items()))
        unknown = f", and {self.unknown} transcripts whose cost is not known" if self.unknown else ""
        return f"{self.name} {self.limit}: {amounts or 'nothing'} spent or set aside{unknown}"


def find_rooms(connection: Connection, limits: Mapping[str, Decimal], run: str | None) -> list[Room]:
    """What is left of the budgets for a run."""
    rooms = {name: Room(name, limit) for name, limit in limits.items()}
    for row in run_sql(connection, "costs/find_spent", {"run": run}):
        if room := rooms.get(row["name"]):
            if row["currency"] is not None:
                room.spent[row["currency"]] = row["cost"]
            if row["unknown"]:
                room.unknown, room.reason = room.unknown + row["unknown"], row["reason"]
    return list(rooms.values())
