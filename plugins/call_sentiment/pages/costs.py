"""Minutes and cost by day, for the pipeline page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from call_sentiment.prices import Prices


@dataclass(slots=True)
class Day:
    """Audio of one day, and its cost as far as it is known."""

    day: date
    transcripts: int = 0
    audio_s: float = 0.0
    cost: float | None = None
    unpriced_models: set[str] = field(default_factory=set)


def add_costs(rows: Sequence[Mapping[str, Any]], prices: Prices | None) -> list[Day]:
    """Days with minutes and cost, the newest first. A day's cost is None where a model has no price."""
    days: dict[date, Day] = {}
    for row in rows:
        day = days.setdefault(row["day"], Day(row["day"], cost=0.0))
        day.transcripts += row["transcripts"]
        day.audio_s += row["audio_s"] or 0.0
        cost = prices.cost(row["model"], row["audio_s"]) if prices else None
        if cost is None:
            day.unpriced_models.add(row["model"] or "unknown model")
        day.cost = None if cost is None or day.cost is None else day.cost + cost
    return list(days.values())
