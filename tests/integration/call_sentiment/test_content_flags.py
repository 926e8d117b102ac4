"""Content flags are stored with their transcript; without flags it is known whether anybody looked."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assemblyai_provider.models import Transcript
from call_sentiment.database import connect_dsn, run_sql
from call_sentiment.listing import Filters, count_calls, refresh_after_run
from call_sentiment.loading.load import load_batch
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import score_pending
from call_sentiment.sql import read_migrations
from tests.support.ledgers import discover, put_into, record
from tests.support.stored import Row, query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CONN = "call_sentiment_db"
SAID = [{"text": "Damn.", "start": 0, "end": 900, "sentiment": "NEGATIVE", "confidence": 0.9}]


def section(*labels: dict[str, Any], start: Any = 0, end: Any = 900) -> Row:
    return {"text": "Damn.", "labels": list(labels), "timestamp": {"start": start, "end": end}}


def label(name: object, confidence: object = 0.8, severity: object = 0.2) -> Row:
    return {"label": name, "confidence": confidence, "severity": severity}


def moderated(*sections: Row) -> Row:
    return {"content_safety": True, "content_safety_labels": {"status": "success", "results": list(sections)}}


TWO = moderated(
    section(label("profanity", 0.9, 0.2), label("alcohol", 0.6, 0.1)),
    section(label("crime_violence", 0.7, 0.6), start=1000, end=2000),
)
UNAVAILABLE = {"status": "unavailable", "results": [], "summary": {}}


@pytest.fixture
def loaded(db: Connection, airflow_results_conn: str, tmp_path: Path) -> Any:
    """Loads an answer as call A and returns its row of call_overview."""

    def load(answer: Row) -> Row:
        record(tmp_path, "a", call_id="A")
        discover(db, tmp_path)
        put_into(db, "A", "submitted")
        whole = {"status": "completed", "sentiment_analysis_results": SAID, "audio_duration": 9, **answer}
        load_batch(airflow_results_conn, ["A"], lambda id_: Transcript.from_api({"id": id_, **whole}), 1)
        (row,) = query(db, "SELECT * FROM call_sentiment.call_overview")
        return row

    return load


def flags(db: Connection) -> list[tuple[Any, ...]]:
    rows = query(
        db,
        "SELECT position, label, confidence, severity, start_ms, end_ms FROM call_sentiment.content_flags"
        " ORDER BY transcript_id, position",
    )
    return [tuple(row.values()) for row in rows]


def test_each_label_of_each_section_is_a_flag(db: Connection, loaded: Any) -> None:
    row = loaded(TWO)
    assert flags(db) == [
        (0, "profanity", 0.9, 0.2, 0, 900),
        (1, "alcohol", 0.6, 0.1, 0, 900),
        (2, "crime_violence", 0.7, 0.6, 1000, 2000),
    ]
    (kept,) = query(db, "SELECT answer::text AS kept FROM call_sentiment.transcripts")
    assert "crime_violence" in kept["kept"]
    assert "Damn" not in kept["kept"]
    assert (row["content_status"], row["content_flag_count"], row["worst_content_flag"]) == (
        "analyzed",
        3,
        "crime_violence",
    )


@pytest.mark.parametrize(
    ("answer", "status", "count"),
    [
        (moderated(), "analyzed", 0),
        ({}, "not_requested", None),
        ({"content_safety": False, "content_safety_labels": {}}, "not_requested", None),
        ({"content_safety": True, "content_safety_labels": None}, "unavailable", None),
        ({"content_safety": True, "content_safety_labels": UNAVAILABLE}, "unavailable", None),
        ({"content_safety": True, "content_safety_labels": 5}, "unavailable", None),
        ({**moderated(), "sentiment_analysis_results": None}, "analyzed", 0),
    ],
)
def test_no_flag_and_not_analyzed_are_told_apart(
    db: Connection, loaded: Any, answer: Row, status: str, count: int | None
) -> None:
    row = loaded(answer)
    found = (row["content_status"], row["content_flag_count"], row["worst_content_flag"])
    assert found == (status, count, None)
    score_pending(db)
    refresh_after_run(db)
    assert count_calls(db, Filters(content="flagged"), 9) == 0
    assert count_calls(db, Filters(content="unflagged"), 9) == (count == 0)


def test_a_call_that_is_not_loaded_has_no_status(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    discover(db, tmp_path)
    (row,) = query(db, "SELECT * FROM call_sentiment.call_overview")
    assert (row["content_status"], row["content_flag_count"]) == (None, None)


def test_no_value_of_a_flag_costs_the_transcript(db: Connection, loaded: Any) -> None:
    row = loaded(
        moderated(
            section(label("x" * 500, "?", None), start="soon", end=10**30),
            section(label("nul\x00", float("inf"), 10**400), label(5), label(None), start=1.6, end=-1),
        )
    )
    assert row["content_flag_count"] == 3
    assert flags(db) == [
        (0, "x" * 200, None, None, None, None),
        (1, "nul\N{REPLACEMENT CHARACTER}", None, None, 1, -1),
        (2, "5", 0.8, 0.2, 1, -1),
    ]


def test_history_that_asked_for_it_has_its_flags_at_once(results_dsn: str) -> None:
    with closing(connect_dsn(results_dsn)) as db:
        run_sql(db, "schema/create_schema")
        number = next(version for version, name, _ in read_migrations() if "content_flags" in name)
        for version, name, text in read_migrations()[: number - 1]:
            with db, db.cursor() as cursor:
                cursor.execute(text)
                run_sql(db, "schema/record_migration", {"version": version, "name": name})
        odd = moderated(section(label("alcohol", "?", None), label(5), start="soon", end=10))
        asked = {"content_safety": True}
        for call_id, options, answer in (
            ("1", asked, TWO),
            ("2", asked, odd),
            ("3", asked, {"content_safety_labels": UNAVAILABLE}),
            ("4", {}, {}),
        ):
            query(db, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES (%s, '')", call_id)
            query(
                db,
                "INSERT INTO call_sentiment.transcripts"
                " (call_id, config_sha256, options, attempt, state, status, assemblyai_id, answer)"
                " VALUES (%s, '', %s, 1, 'loaded', 'ok', %s, %s)",
                call_id,
                json.dumps(options),
                call_id,
                json.dumps(answer),
            )
        migrate(db)
        assert [row[1:] for row in flags(db)] == [
            ("profanity", 0.9, 0.2, 0, 900),
            ("alcohol", 0.6, 0.1, 0, 900),
            ("crime_violence", 0.7, 0.6, 1000, 2000),
            ("alcohol", None, None, None, 10),
        ]
        rows = query(
            db, "SELECT content_status, content_flag_count FROM call_sentiment.call_overview ORDER BY call_id"
        )
        assert [tuple(row.values()) for row in rows] == [
            ("analyzed", 3),
            ("analyzed", 1),
            ("unavailable", None),
            ("not_requested", None),
        ]
