"""The views for analysts, and the report of a run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from call_sentiment.report import FailedCall, InProgress, Notice, RunReport, report_calls
from call_sentiment.scoring.score import score_pending
from tests.support.ledgers import discover, put_into, record, rows
from tests.support.stored import Row, query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

COLUMNS = (
    "call_id started_at queue agent_id status label"
    " sentiment_score score_low score_high trend_label"
    " worst_moment customer_score agent_score sentence_count needs_review reason duration_s recording"
    " transcript_id assemblyai_id scored_at notices in_progress_since"
    " reviewed_label reviewed_by reviewed_at counting_label"
    " content_status content_flag_count worst_content_flag"
)


def overview(connection: Connection) -> dict[str, Row]:
    rows = query(connection, "SELECT * FROM call_sentiment.call_overview")
    return {row["call_id"]: row for row in rows}


def mixed_call() -> list[Row]:
    """Six positive sentences of an agent, then six negative ones of a customer."""
    return [
        said(
            "POSITIVE" if i < 6 else "NEGATIVE",
            1.0,
            60_000 + 3000 * i,
            speaker="1" if i < 6 else "2",
            role="agent" if i < 6 else "customer",
        )
        for i in range(12)
    ]


def test_a_scored_call_is_shown_rounded_and_in_plain_words(db: Connection) -> None:
    store(db, [mixed_call()], queue="sales", agent_id="7", started_at="2026-11-16T09:00:00Z")
    score_pending(db)
    (row,) = overview(db).values()
    assert list(row) == COLUMNS.split()
    assert (row["status"], row["label"], row["trend_label"]) == ("ok", "mixed", "declining")
    # q+ = q- = 7/16: 0 -/+ 1.959964 * sqrt(.875 / 17)
    assert (row["sentiment_score"], row["score_low"], row["score_high"]) == (
        Decimal("0.00"),
        Decimal("-0.44"),
        Decimal("0.44"),
    )
    assert (row["agent_score"], row["customer_score"]) == (1, -1)
    assert row["worst_moment"] == "1:18-1:32"
    assert (row["needs_review"], row["reason"]) == (True, "clearly positive and clearly negative parts")
    assert (row["duration_s"], row["sentence_count"]) == (90, 12)


def test_every_call_has_one_row_with_its_status_and_reason(db: Connection, tmp_path: Path) -> None:
    for name in ("waiting", "failed", "copy", "silent", "foreign", "invalid", "trouble"):
        record(tmp_path, name, call_id=name)
    discover(db, tmp_path)
    put_into(db, "failed", "failed", error="File does not appear to contain audio")
    put_into(db, "copy", "duplicate", duplicate_of="waiting")
    put_into(db, "silent", "loaded", status="no_speech")
    put_into(db, "foreign", "loaded", status="not_analyzed", language_code="es")
    put_into(db, "invalid", "loaded", status="ok")
    put_into(db, "trouble", "intent", error="not reachable")
    score_pending(db)
    rows = overview(db)
    assert {call_id: (row["status"], row["reason"]) for call_id, row in rows.items()} == {
        "waiting": ("in_progress", None),
        "trouble": ("in_progress", "not reachable"),
        "failed": ("failed", "File does not appear to contain audio"),
        "copy": ("duplicate", "same recording as call waiting"),
        "silent": ("no_speech", "nobody speaks in this recording"),
        "foreign": ("not_analyzed", "AssemblyAI gave no sentiment (language: es)"),
        "invalid": ("invalid", "no sentence of the answer is usable"),
    }
    assert {row["needs_review"] for row in rows.values()} == {False}
    assert {row["sentiment_score"] for row in rows.values()} == {None}


def test_a_call_that_is_transcribed_again_keeps_its_figures_meanwhile(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    discover(db, tmp_path)
    put_into(db, "A", "scored", assemblyai_id="first")
    discover(db, tmp_path, options={"speakers_expected": 2}, retranscribe=True)
    assert overview(db)["A"]["assemblyai_id"] == "first"
    put_into(db, "A", "failed", assemblyai_id="second")
    assert overview(db)["A"]["assemblyai_id"] == "first"
    discover(db, tmp_path, options={"speakers_expected": 2}, retranscribe=True)
    put_into(db, "A", "scored", assemblyai_id="third")
    assert overview(db)["A"]["assemblyai_id"] == "third"


def test_notices_are_those_of_the_call_and_of_the_transcript_shown(db: Connection, tmp_path: Path) -> None:
    for name in "abc":
        record(tmp_path, name, call_id=name)
    discover(db, tmp_path)
    put_into(db, "a", "scored", notices=["other language", "other length"])
    put_into(db, "b", "scored", notices=["other length"])
    discover(db, tmp_path, options={"speakers_expected": 2}, retranscribe=True)
    query(db, "UPDATE call_sentiment.calls SET notices = '{no agent}' WHERE call_id = 'a'")
    put_into(db, "b", "submitted", assemblyai_id="again", notices=["not shown yet"])
    assert {call_id: row["notices"] for call_id, row in overview(db).items()} == {
        "a": "no agent; other language; other length",
        "b": "other length",
        "c": None,
    }


def test_the_newest_of_several_failures_is_the_reason_shown(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    for error in ("first", "second"):
        discover(db, tmp_path)
        put_into(db, "A", "failed", error=error, retryable=True)
    assert overview(db)["A"]["reason"] == "second"


def test_a_long_call_counts_minutes_beyond_the_hour(db: Connection) -> None:
    store(db, [[said("NEGATIVE", 0.9, 3_600_000 + 1000 * i, end_ms=3_600_500 + 1000 * i) for i in range(5)]])
    score_pending(db)
    (row,) = overview(db).values()
    assert row["worst_moment"] == "60:00-60:05"


def test_days_count_every_call_and_weigh_by_sentences(db: Connection, tmp_path: Path) -> None:
    sales = {"queue": "sales", "started_at": "2026-11-16T23:30:00-02:00"}
    store(db, [mixed_call(), [said("POSITIVE", 1.0, 0)]], **sales)
    store(db, [[]], status="no_speech", **sales)
    record(tmp_path, "a", call_id="A", **sales)
    discover(db, tmp_path)
    put_into(db, "A", "failed")
    score_pending(db)
    (day,) = query(db, "SELECT * FROM call_sentiment.daily_scores")
    assert (str(day["day"]), day["queue"], day["agent_id"]) == ("2026-11-17", "sales", None)
    assert (day["call_count"], day["scored_call_count"], day["failed_call_count"]) == (4, 2, 1)
    assert (day["sentence_count"], day["positive_count"], day["negative_count"]) == (13, 7, 6)
    assert day["sentiment_score"] == pytest.approx(1 / 13)
    assert day["net_sentiment"] == pytest.approx(1 / 13)
    assert (day["agent_score"], day["customer_score"]) == (1, -1)
    assert (day["needs_review_count"], day["audio_minutes"]) == (2, 4.5)


def test_the_report_of_a_run_counts_and_names_what_failed(db: Connection, tmp_path: Path) -> None:
    for name in "abcdef":
        record(tmp_path, name, call_id=name)
    record(tmp_path / "elsewhere", "z", call_id="z")
    (tmp_path / "bad.mp3").write_bytes(b"audio")
    (tmp_path / "bad.json").write_text("[]")
    run = discover(db, tmp_path)
    put_into(db, "a", "scored", audio_duration_s=90)
    put_into(db, "b", "loaded", status="no_speech", audio_duration_s=30)
    put_into(db, "c", "failed", error="not audio")
    put_into(db, "d", "failed", error="server error", retryable=True)
    put_into(db, "e", "duplicate", duplicate_of="a")
    query(db, "UPDATE call_sentiment.calls SET notices = '{no agent}' WHERE call_id IN ('b', 'c', 'z')")
    score_pending(db)
    report = report_calls(db, [call_id for call_id in run if call_id != "z"] + ["unknown"])
    bad = str(tmp_path / "bad.mp3")
    reason = 'sidecar bad.json: must be a JSON object, like {"call_id": "..."}'
    assert report == RunReport(
        calls=7,
        scored=1,
        without_figures=1,
        failed=3,
        duplicate=1,
        in_progress=1,
        needs_review=0,
        with_notices=2,
        audio_minutes=2.0,
        costs={},
        unknown_costs={"no price for the model, which AssemblyAI did not name": 2},
        failures=(
            FailedCall(call_id=bad, reason=reason, retryable=False),
            FailedCall(call_id="c", reason="not audio", retryable=False),
            FailedCall(call_id="d", reason="server error", retryable=True),
        ),
        notices=(Notice(call_id="b", text="no agent"), Notice(call_id="c", text="no agent")),
        oldest=InProgress(call_id="f", since=rows(db, "f")[0]["created_at"]),
    )
    assert report.failed_share == pytest.approx(3 / 7)
    assert report_calls(db, []).failed_share == 0


def test_the_newest_review_that_was_not_taken_back_counts(db: Connection) -> None:
    (transcript_id,) = store(db, [mixed_call()])
    score_pending(db)

    def counting(*reviews: tuple[str, str | None]) -> tuple[object, ...]:
        for reviewer, label in reviews:
            query(
                db,
                "INSERT INTO call_sentiment.label_reviews (transcript_id, reviewer, reviewed_label, is_blind)"
                " VALUES (%s, %s, %s, true)",
                transcript_id,
                reviewer,
                label,
            )
        (row,) = overview(db).values()
        assert row["label"] == "mixed"
        return row["reviewed_label"], row["reviewed_by"], row["counting_label"]

    assert counting() == (None, None, "mixed")
    assert counting(("ada", "VERY_NEGATIVE")) == ("very negative", "ada", "very negative")
    assert counting(("uma", "NEGATIVE")) == ("negative", "uma", "negative")
    assert counting(("uma", None)) == ("very negative", "ada", "very negative")
    assert counting(("ada", "NEUTRAL"), ("ada", None)) == (None, None, "mixed")
