"""The pipeline page: what is in progress, how long things take, what failed, minutes, cost, requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assemblyai_provider.models import FailureKind
from call_sentiment.costs.prices import read_prices, store_prices
from call_sentiment.database import run_sql
from call_sentiment.pages.failures import BY_KIND, GIVEN_UP, NOT_SUBMITTED, REFUSED, explain
from tests.support.pages import PagesServer
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def _add(db: Connection, call_id: str, state: str, **columns: object) -> None:
    query(
        db, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES (%s, %s)", call_id, f"{call_id}.mp3"
    )
    _add_again(db, call_id, state, **columns)


def _add_again(db: Connection, call_id: str, state: str, **columns: object) -> None:
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
        "No transcript was submitted or billed in this period",
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
    assert "no price for assemblyai-stt-3-7" in text
    assert "2,000 requests" in text
    assert "2,000 of the 20,000" in text


def test_cost_and_prices_are_shown_with_their_day(server: PagesServer, results: Connection) -> None:
    query(results, "TRUNCATE call_sentiment.prices")
    text = '{"taken_on": "2026-11-01", "currency": "EUR", "models": {"own": 0.6}, "add_ons": {'
    store_prices(results, read_prices(text + '"sentiment_analysis": 0.6}}'))
    billed = {"assemblyai_id": "a", "status": "ok", "speech_model_used": "own", "audio_duration_s": 5400}
    _add(results, "done", "loaded", request='{"sentiment_analysis": true}', submitted_at="now", **billed)
    text = server.get("pipeline").text
    assert ">1.80 EUR<" in text
    assert "own 0.6 EUR an hour (taken on 2026-11-01)" in text
    assert ">1.80 EUR<" in server.get("call?id=done").text


def test_what_waits_for_a_budget_says_why(server: PagesServer, results: Connection) -> None:
    for name in ("a", "b"):
        _add(results, name, "intent", held_at="2026-11-01 10:00Z", error="waits for budget: <no room>")
    assert "2 since 2026-11-01 10:00: waits for budget: &lt;no room&gt;" in server.get("pipeline").text


def test_a_backfill_shows_how_far_it_is_and_when_it_ends(server: PagesServer, results: Connection) -> None:
    assert "Backfills" not in server.get("pipeline").text
    query(
        results,
        "INSERT INTO call_sentiment.backfills VALUES"
        " ('2025', '{\"recordings\": \"/archive\"}', now() - interval '3 hours')",
    )
    try:
        for number in range(8):
            _add(results, f"open {number}", "intent", backfill="2025")
        assert "nothing was loaded in the last hour" in server.get("pipeline").text
        for number in range(2):
            done = {
                "assemblyai_id": f"{number}",
                "status": "ok",
                "formula_version": "1.1",
                "loaded_at": "now",
            }
            _add(results, f"done {number}", "scored", backfill="2025", **done)
        _add(results, "tried", "failed", failed_in="load", retryable=True, backfill="2025")
        _add_again(results, "tried", "intent", attempt=2, backfill="2025")
        (row,) = run_sql(results, "pages/pipeline_backfills")
        counts = [
            row[name] for name in ("to_submit", "submitted", "scored", "failed", "open", "ended_in_hour")
        ]
        assert counts == [9, 0, 2, 0, 9, 2]
        left = query(results, "SELECT extract(epoch FROM %s - now()) / 3600 AS hours", row["expected_end"])
        assert float(left[0]["hours"]) == pytest.approx(4.5, abs=0.1)
        text = server.get("pipeline").text
        assert "/archive" in text
        assert f"{row['expected_end']:%Y-%m-%d}" in text
    finally:
        query(results, "TRUNCATE call_sentiment.backfills")


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
