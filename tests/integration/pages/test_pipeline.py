"""The pipeline page: what is in progress, how long things take, what failed, minutes, cost, requests."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from assemblyai_provider.models import FailureKind
from call_sentiment.pages.costs import add_costs
from call_sentiment.pages.failures import BY_KIND, GIVEN_UP, NOT_SUBMITTED, REFUSED, explain
from call_sentiment.prices import PUBLISHED, Prices, PricesError, read_prices
from tests.support.pages import PagesServer
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PRICES = Prices(date(2026, 11, 1), "EUR", {"universal-2": 0.6}, sentiment_per_hour=0.6)


def _add(db: Connection, call_id: str, state: str, **columns: object) -> None:
    query(
        db, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES (%s, %s)", call_id, f"{call_id}.mp3"
    )
    given = {
        "call_id": call_id,
        "config_sha256": "",
        "options": "{}",
        "attempt": 1,
        "state": state,
        **columns,
    }
    names, places = ", ".join(given), ", ".join(["%s"] * len(given))
    query(db, f"INSERT INTO call_sentiment.transcripts ({names}) VALUES ({places})", *given.values())


def test_an_empty_pipeline_says_so_in_each_section(server: PagesServer, results: Connection) -> None:
    text = server.get("pipeline").text
    for said in (
        "Nothing is in progress",
        "Nothing was submitted in this period",
        "Nothing failed in this period",
        "No transcript was loaded in this period",
        "No request was counted in this period",
    ):
        assert said in text


def test_the_oldest_open_transcripts_are_named_with_their_trouble(
    server: PagesServer, results: Connection
) -> None:
    _add(results, "<script>alert(1)</script>", "intent", error="no answer", created_at="2026-01-02 03:04Z")
    _add(results, "later", "submitted", assemblyai_id="a", submitted_at="2026-01-03 03:04Z")
    text = server.get("pipeline").text
    assert "1 to be submitted, 1 at AssemblyAI, 0 loaded" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert text.index("2026-01-02 03:04") < text.index("2026-01-03 03:04")
    assert "no answer" in text


def test_failures_are_grouped_with_what_to_do(server: PagesServer, results: Connection) -> None:
    for number in range(2):
        _add(
            results,
            f"bad-{number}",
            "failed",
            failed_in="load",
            error=f"Transcoding failed. File {number} does not appear to contain audio.",
            retryable=False,
        )
    _add(results, "side", "failed", failed_in="discover", error="sidecar x: wrong", retryable=False)
    text = server.get("pipeline").text
    assert BY_KIND[FailureKind.NOT_AUDIO].cure in text
    assert REFUSED.cure in text
    assert text.index(BY_KIND[FailureKind.NOT_AUDIO].title) < text.index(REFUSED.title)
    assert "File 0" in text


def test_turnaround_minutes_and_requests_are_counted(server: PagesServer, results: Connection) -> None:
    _add(
        results,
        "done",
        "loaded",
        assemblyai_id="a",
        status="ok",
        speech_model_used="assemblyai-stt-3-7",
        audio_duration_s=90,
    )
    query(
        results,
        "UPDATE call_sentiment.transcripts SET submitted_at = now() - interval '50 seconds',"
        " completed_at = now() - interval '8 seconds', loaded_at = now()",
    )
    query(
        results,
        "INSERT INTO call_sentiment.request_counts VALUES (now(), 'wait', 1500), (now(), 'load', 500)",
    )
    text = server.get("pipeline").text
    assert ">42 s<" in text
    assert ">1.5<" in text
    assert ">unknown<" in text
    assert "assemblyai-stt-3-7" in text
    assert "2,000 requests" in text
    assert "2,000 of the 20,000" in text


@pytest.mark.parametrize("hours", ["0", "x", "99999"])
def test_a_period_without_sense_is_refused(server: PagesServer, results: Connection, hours: str) -> None:
    answer = server.get(f"pipeline?hours={hours}")
    assert answer.status_code == 422
    assert "hours" in answer.text


def test_every_kind_of_failure_has_an_explanation() -> None:
    assert set(BY_KIND) == set(FailureKind)


@pytest.mark.parametrize(
    ("failed_in", "error", "given_up", "expected"),
    [
        ("discover", "sidecar a.json: call_id must be a text", False, REFUSED),
        ("submit", "a.mp3: the file is empty", False, NOT_SUBMITTED),
        ("load", "AssemblyAI has not finished this job in time", True, GIVEN_UP),
        ("load", "Download error, unable to download", False, BY_KIND[FailureKind.DOWNLOAD]),
        ("load", None, False, BY_KIND[FailureKind.OTHER]),
    ],
)
def test_a_failure_is_explained(failed_in: str, error: str | None, given_up: bool, expected: object) -> None:
    assert explain(failed_in, error, given_up) == expected


def test_a_day_without_a_price_has_no_cost_at_all() -> None:
    rows = [
        {"day": date(2026, 11, 2), "model": "universal-2", "transcripts": 1, "audio_s": 1800.0},
        {"day": date(2026, 11, 2), "model": "newest", "transcripts": 2, "audio_s": 60.0},
        {"day": date(2026, 11, 1), "model": "universal-2", "transcripts": 3, "audio_s": 3600.0},
    ]
    newest, older = add_costs(rows, PRICES)
    assert (newest.cost, newest.unpriced_models, newest.audio_s) == (None, {"newest"}, 1860.0)
    assert (older.cost, older.transcripts) == (pytest.approx(1.2), 3)


def test_prices_come_from_the_environment() -> None:
    given = {
        "taken_on": "2026-11-01",
        "currency": "EUR",
        "per_hour": {"universal-2": 0.6},
        "sentiment_per_hour": 0.6,
    }
    assert read_prices({"CALL_SENTIMENT_PRICES": json.dumps(given)}) == PRICES
    assert read_prices({}) == PUBLISHED


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"taken_on": "x", "per_hour": {}}', '{"taken_on": "2026-11-01"}']
)
def test_prices_that_cannot_be_read_name_the_cure(text: str) -> None:
    with pytest.raises(PricesError, match=r"CALL_SENTIMENT_PRICES cannot be read\. Write JSON such as"):
        read_prices({"CALL_SENTIMENT_PRICES": text})
