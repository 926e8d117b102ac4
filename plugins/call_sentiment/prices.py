"""What a minute of audio costs, from configuration: prices change, and every account has its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

VARIABLE = "CALL_SENTIMENT_PRICES"
"""Environment variable with a JSON object like `_EXAMPLE`."""

_EXAMPLE = (
    '{"taken_on": "2026-10-07", "currency": "USD", "per_hour": {"universal-2": 0.15},'
    ' "sentiment_per_hour": 0.02}'
)


class PricesError(ValueError):
    """The configured prices cannot be read. The message says what to write."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices per hour of audio.

    :param taken_on: day on which somebody looked them up.
    :param per_hour: by speech model.
    :param sentiment_per_hour: on top, for sentiment analysis; None: included, or not known.
    """

    taken_on: date
    currency: str = "USD"
    per_hour: Mapping[str, float] = field(default_factory=dict)
    sentiment_per_hour: float | None = None

    def cost(self, model: str | None, audio_s: float | None) -> float | None:
        """What so many seconds of audio cost; None where the model's price is not known."""
        if model is None or audio_s is None or model not in self.per_hour:
            return None
        return (self.per_hour[model] + (self.sentiment_per_hour or 0)) * audio_s / 3600


PUBLISHED = Prices(date(2026, 10, 7), "USD", {"universal-3-5-pro": 0.21, "universal-2": 0.15})
"""What AssemblyAI's price page said on that day, without sentiment analysis."""


def read_prices(environment: Mapping[str, str] = os.environ) -> Prices:
    """The configured prices, or the published ones. Raises PricesError."""
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return PUBLISHED
    try:
        given = json.loads(text)
        prices = Prices(
            date.fromisoformat(given["taken_on"]),
            str(given.get("currency", "USD")),
            {str(model): float(price) for model, price in given["per_hour"].items()},
            None if given.get("sentiment_per_hour") is None else float(given["sentiment_per_hour"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PricesError(f"{VARIABLE} cannot be read. Write JSON such as {_EXAMPLE}.") from None
    return prices
