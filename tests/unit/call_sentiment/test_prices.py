"""Prices from configuration, and what a request is expected to cost."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from call_sentiment.costs.prices import HourPrice, expect_price, read_prices
from call_sentiment.exceptions import PricesError

OWN = {
    "taken_on": "2026-11-25",
    "valid_from": "2026-11-01",
    "models": {"new": 0.3, "old": 0.1},
    "add_ons": {"sentiment_analysis": 0.02, "speaker_labels": 0, "entity_detection": None},
}
DAY = date(2026, 11, 26)


def test_an_accounts_prices_stand_beside_the_published_ones() -> None:
    prices = read_prices(json.dumps(OWN))
    assert {p.item: p.per_hour for p in prices if p.kind == "model"} == {
        "universal-3-5-pro": Decimal("0.21"),
        "universal-2": Decimal("0.15"),
        "new": Decimal("0.3"),
        "old": Decimal("0.1"),
    }
    (published,) = [p for p in prices if p.item == "universal-2"]
    assert (published.taken_on, published.currency) == (date(2026, 10, 7), "USD")
    assert published.source
    assert read_prices(None) == read_prices(" ") == [p for p in prices if p.taken_on == published.taken_on]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "AttributeError"),
        ("{}", "taken_on is missing"),
        ('{"taken_on": "2026-11-25"}', "models is missing"),
        ('{"taken_on": "yesterday", "models": {"m": 1}}', "yesterday"),
        ('{"taken_on": "2026-11-25", "models": {"m": -1}}', "the price of m is no amount: -1"),
        ('{"taken_on": "2026-11-25", "models": {"m": true}}', "the price of m is no amount: True"),
        ('{"taken_on": "2026-11-25", "models": {"m": "cheap"}}', "cannot be read"),
        ('{"taken_on": "2026-11-25", "models": {"m": 1}, "currency": "$"}', "is no code such as USD"),
        ('{"taken_on": "2026-11-25", "per_hour": {"m": 1}}', "unknown field per_hour"),
    ],
)
def test_prices_that_cannot_be_read_name_cause_and_cure(text: str, why: str) -> None:
    with pytest.raises(PricesError, match="call_sentiment_prices cannot be read") as caught:
        read_prices(text)
    assert why in str(caught.value)
    assert "write JSON such as {" in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"speech_models": ["new", "old"], "sentiment_analysis": True, "speaker_labels": True}, "0.32"),
        ({"speech_models": ["old"], "sentiment_analysis": False}, "0.1"),
        ({"speech_models": "old", "language_detection": True}, "0.1"),
        ({"speech_models": ["new", "newest"]}, "no price for newest"),
        ({"speech_models": ["old"], "entity_detection": True}, "no price for entity_detection"),
        ({"speech_models": ["old"], "auto_chapters": True}, "no price for auto_chapters"),
        ({}, "no speech model is named, so AssemblyAI chooses"),
    ],
)
def test_the_dearest_model_and_all_add_ons_are_expected(request_: dict[str, Any], expected: str) -> None:
    found = expect_price(read_prices(json.dumps(OWN)), request_, DAY)
    assert expected in (found.reason, str(found.per_hour))


def test_a_price_holds_from_its_day_on() -> None:
    later = {**OWN, "valid_from": "2026-11-26", "models": {"old": 0.2}}
    prices = [*read_prices(json.dumps(OWN)), *read_prices(json.dumps(later))]
    wanted = {"speech_models": ["old"]}
    assert [expect_price(prices, wanted, date(2026, 11, day)).per_hour for day in (25, 26)] == [
        Decimal("0.1"),
        Decimal("0.2"),
    ]
    assert expect_price(prices, wanted, date(2026, 10, 31)).reason == "no price for old"


def test_an_own_price_goes_before_a_published_one_of_a_later_day() -> None:
    early = {**OWN, "valid_from": "2026-09-01", "models": {"universal-2": 0.11}}
    found = expect_price(read_prices(json.dumps(early)), {"speech_models": ["universal-2"]}, DAY)
    assert found.per_hour == Decimal("0.11")


def test_prices_in_two_currencies_are_not_added() -> None:
    other = {**OWN, "currency": "EUR", "models": {"dear": 1}}
    found = expect_price(
        [*read_prices(json.dumps(OWN)), *read_prices(json.dumps(other))],
        {"speech_models": ["old", "dear"]},
        DAY,
    )
    assert found.reason == "prices in EUR and USD"


def test_each_begun_second_costs() -> None:
    hour = HourPrice(per_hour=Decimal("0.36"), currency="USD")
    assert [hour.cost(seconds) for seconds in (10, 10.01, None)] == [
        Decimal("0.001"),
        Decimal("0.0011"),
        None,
    ]
    assert HourPrice(reason="unknown").cost(10) is None
