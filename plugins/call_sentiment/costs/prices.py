"""Prices of an hour of audio: from configuration into the database, and what a request may cost.

AssemblyAI bills the duration of the submitted file, to the second, at the rate of the model plus that of each
add-on, and only where the job completes: https://www.assemblyai.com/docs/billing-and-pricing.md, read on 26
Nov 2026. It names no surcharge for several channels. The view `transcript_costs` has what was spent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql
from call_sentiment.exceptions import PricesError
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

VARIABLE = "call_sentiment_prices"
"""The Airflow variable with an account's own prices."""

_EXAMPLE = (
    '{"taken_on": "2026-11-25", "currency": "USD", "models": {"assemblyai-stt-3-7": 0.21},'
    ' "add_ons": {"sentiment_analysis": 0.02, "speaker_labels": 0}}'
)
_FIELDS = {"taken_on", "valid_from", "source", "currency", "models", "add_ons"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of an hour of audio from a day on; `per_hour` None: charged, but not known.

    :param kind: `model` or `add_on`; an add-on's `item` is the transcript option that asks for it.
    :param taken_on: day on which somebody looked it up.
    :param is_own: of this account; it goes before a published one, whatever their days.
    """

    kind: str
    item: str
    per_hour: Decimal | None
    currency: str
    taken_on: date
    valid_from: date
    source: str | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPrice:
    """What an hour of audio is expected to cost; None, and the reason, where a part of it is not known."""

    per_hour: Decimal | None = None
    currency: str | None = None
    reason: str | None = None

    def cost(self, seconds: float | None) -> Decimal | None:
        """The cost of so much audio, each begun second counted; None where price or length is not known."""
        if self.per_hour is None or seconds is None:
            return None
        return self.per_hour * -int(-seconds // 1) / 3600


def read_prices(text: str | None) -> list[Price]:
    """The published prices, and over them those in the Airflow variable's JSON. Raises PricesError."""
    published = json.loads(files(__package__).joinpath("prices.json").read_text("utf-8"))
    prices = _read(published, is_own=False)
    if text and text.strip():
        try:
            prices += _read(json.loads(text), is_own=True)
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise PricesError(
                f"the Airflow variable {VARIABLE} cannot be read ({_explain(error)}): write JSON such as "
                f"{_EXAMPLE}"
            ) from None
    return prices


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return f"{type(error).__name__}: {error}"


def _read(given: Any, *, is_own: bool) -> list[Price]:
    if unknown := sorted(given.keys() - _FIELDS):
        raise ValueError(f"unknown field {', '.join(unknown)}")
    currency, taken_on = given.get("currency", "USD"), date.fromisoformat(given["taken_on"])
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError(f"currency {currency!r} is no code such as USD")
    if not given.get("models") and not given.get("add_ons"):
        raise KeyError("models")
    return [
        Price(
            kind=kind,
            item=item,
            per_hour=_read_amount(item, per_hour),
            currency=currency,
            taken_on=taken_on,
            valid_from=date.fromisoformat(given.get("valid_from", given["taken_on"])),
            source=given.get("source"),
            is_own=is_own,
        )
        for kind, field in (("model", "models"), ("add_on", "add_ons"))
        for item, per_hour in given.get(field, {}).items()
    ]


def _read_amount(item: str, given: Any) -> Decimal | None:
    if given is None:
        return None
    amount = Decimal("NaN") if isinstance(given, bool) else Decimal(str(given))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"the price of {item} is no amount: {given}")
    return amount


def store_prices(connection: Connection, prices: Iterable[Price]) -> None:
    """Write prices into the table; rows of other days stay. A rerun changes nothing."""
    rows = [{key: None if value is None else str(value) for key, value in asdict(p).items()} for p in prices]
    run_sql(connection, "costs/store_prices", {"prices": dump_json(rows)})


def find_prices(connection: Connection) -> list[Price]:
    """All prices in the table."""
    return [Price(**row) for row in run_sql(connection, "costs/find_prices")]


def expect_price(prices: Sequence[Price], request: Mapping[str, Any], day: date) -> HourPrice:
    """What an hour of audio is expected to cost on a day.

    Of several speech models the dearest counts, since AssemblyAI chooses among them.

    :param request: all transcript options as they are sent, with `speech_models`.
    """
    current = {
        (price.kind, price.item): price
        for price in sorted(prices, key=lambda price: (price.is_own, price.valid_from))
        if price.valid_from <= day
    }
    models = request.get("speech_models") or []
    asked = [("model", str(model)) for model in ([models] if isinstance(models, str) else models)]
    if not asked:
        return HourPrice(reason="no speech model is named, so AssemblyAI chooses")
    asked += sorted({("add_on", p.item) for p in prices if p.kind == "add_on" and request.get(p.item)})
    found = [current.get(key) for key in asked]
    missing = [
        key[1] for key, price in zip(asked, found, strict=True) if price is None or price.per_hour is None
    ]
    if missing:
        return HourPrice(reason=f"no price for {', '.join(missing)}")
    known = [
        (price.kind, price.per_hour, price.currency)
        for price in found
        if price and price.per_hour is not None
    ]
    if len(currencies := sorted({currency for _, _, currency in known})) > 1:
        return HourPrice(reason=f"prices in {' and '.join(currencies)}")
    model = max(amount for kind, amount, _ in known if kind == "model")
    add_ons = sum((amount for kind, amount, _ in known if kind == "add_on"), Decimal(0))
    return HourPrice(per_hour=model + add_ons, currency=currencies[0])
