"""What transcripts cost: by the price of their day, with the add-ons asked for, or not known and why."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.costs.prices import expect_price, find_prices, read_prices, store_prices
from call_sentiment.report import report_calls
from tests.support.ledgers import discover, put_into, record
from tests.support.stored import query

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg2.extensions import connection as Connection

PRICES = {
    # Before the published ones.
    "taken_on": "2026-10-01",
    "models": {"new": 0.36, "old": 0.18},
    "add_ons": {"sentiment_analysis": 0.036, "speaker_labels": 0, "entity_detection": None},
}
SENT = {"sentiment_analysis": True, "speaker_labels": True, "language_detection": True}


@pytest.fixture
def priced(db: Connection) -> Connection:
    store_prices(db, read_prices(json.dumps(PRICES)))
    return db


def bill(db: Connection, folder: Path, call_id: str, state: str = "scored", **columns: Any) -> None:
    given = {
        "speech_model_used": "new",
        "audio_duration_s": 100,
        "request": json.dumps(SENT),
        "submitted_at": "2026-11-20 10:00Z",
        "claimed_by": "call_sentiment one",
    }
    record(folder, call_id, call_id=call_id, queue="billing" if call_id < "c" else "sales")
    discover(db, folder)
    put_into(db, call_id, state, **{**given, **columns})


def costs(db: Connection, view: str, key: str) -> dict[Any, tuple[Any, ...]]:
    rows = query(db, f"SELECT * FROM call_sentiment.{view}")
    return {row[key]: (row["cost"] and float(row["cost"]), row["cost_reason"]) for row in rows}


def test_each_transcript_has_the_price_of_its_day(priced: Connection, tmp_path: Path) -> None:
    raised = {**PRICES, "taken_on": "2026-11-21", "models": {"new": 0.72}}
    store_prices(priced, read_prices(json.dumps(raised)))
    bill(priced, tmp_path, "a")
    bill(priced, tmp_path, "b", submitted_at="2026-11-21 00:00Z")
    bill(priced, tmp_path, "c", speech_model_used="old")
    assert costs(priced, "call_costs", "call_id") == {
        "a": (pytest.approx(0.011), None),
        "b": (pytest.approx(0.021), None),
        "c": (pytest.approx(0.006), None),
    }
    assert {str(day): cost for day, (cost, _) in costs(priced, "daily_costs", "day").items()} == {
        "2026-11-20": pytest.approx(0.017),
        "2026-11-21": pytest.approx(0.021),
    }
    assert costs(priced, "queue_costs", "queue")["sales"] == (pytest.approx(0.006), None)
    assert costs(priced, "run_costs", "run") == {"call_sentiment one": (pytest.approx(0.038), None)}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"speech_model_used": "newest"}, "no price for newest"),
        ({"speech_model_used": None}, "no price for the model, which AssemblyAI did not name"),
        ({"audio_duration_s": None}, "AssemblyAI gave no length"),
        ({"request": '{"entity_detection": true}'}, "no price for entity_detection"),
        ({"submitted_at": "2026-09-30 23:59Z"}, "no price for new, sentiment_analysis, speaker_labels"),
    ],
)
def test_an_unknown_cost_is_null_with_its_reason(
    priced: Connection, tmp_path: Path, columns: dict[str, Any], reason: str
) -> None:
    bill(priced, tmp_path, "a")
    bill(priced, tmp_path, "b", **columns)
    assert costs(priced, "transcript_costs", "call_id") == {
        "a": (pytest.approx(0.011), None),
        "b": (None, reason),
    }
    assert costs(priced, "run_costs", "run")["call_sentiment one"] == (None, reason)
    report = report_calls(priced, ["a", "b"])
    assert report.costs == {"USD": Decimal("0.011")}
    assert report.unknown_costs == {reason: 1}
    assert "cost" not in report.counts
    assert report.counts["cost_unknown"] == 1


def test_only_completed_jobs_are_billed(priced: Connection, tmp_path: Path) -> None:
    nothing = {"speech_model_used": None, "audio_duration_s": None}
    bill(priced, tmp_path, "a", "failed", **nothing)
    bill(priced, tmp_path, "b", "submitted", **nothing)
    bill(priced, tmp_path, "c", "duplicate", duplicate_of="a", **nothing)
    # Its answer could not be stored.
    bill(priced, tmp_path, "d", "failed")
    bill(priced, tmp_path, "e", "failed", assemblyai_id="e", given_up_at="now", **nothing)
    rows = query(priced, "SELECT call_id, cost_status, cost FROM call_sentiment.transcript_costs ORDER BY 1")
    assert [(row["cost_status"], row["cost"] and float(row["cost"])) for row in rows] == [
        ("not_billed", None),
        ("in_progress", None),
        ("not_billed", None),
        ("known", pytest.approx(0.011)),
        ("in_progress", None),
    ]


def test_what_is_expected_is_what_is_billed(priced: Connection, tmp_path: Path) -> None:
    prices = find_prices(priced)
    for number, (model, value) in enumerate(product(("new", "old", "newest"), (True, False, None))):
        sent = {
            "speech_models": [model],
            "sentiment_analysis": True,
            "entity_detection": value,
            "speaker_labels": 1,
        }
        bill(priced, tmp_path, f"call {number}", speech_model_used=model, request=json.dumps(sent))
        (row,) = query(
            priced, "SELECT * FROM call_sentiment.transcript_costs WHERE call_id = %s", f"call {number}"
        )
        expected = expect_price(prices, sent, row["day"])
        assert (row["per_hour"], row["currency"], row["cost_reason"]) == (
            expected.per_hour,
            expected.currency,
            expected.reason,
        )


def test_two_currencies_are_not_added(priced: Connection, tmp_path: Path) -> None:
    euros = {**PRICES, "currency": "EUR", "taken_on": "2026-11-21"}
    store_prices(priced, read_prices(json.dumps(euros)))
    bill(priced, tmp_path, "a")
    bill(priced, tmp_path, "b", submitted_at="2026-11-21 10:00Z")
    assert costs(priced, "run_costs", "run")["call_sentiment one"] == (None, "prices in EUR and USD")
    assert len(costs(priced, "daily_costs", "day")) == 2


def test_prices_stored_again_change_nothing(priced: Connection) -> None:
    written = "SELECT xmin::text, * FROM call_sentiment.prices ORDER BY kind, item, valid_from"
    before = query(priced, written)
    store_prices(priced, read_prices(json.dumps(PRICES)))
    assert query(priced, written) == before
