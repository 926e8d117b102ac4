"""What the tile on Airflow's home shows: the newest day with calls, what is in progress, or the error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.pages import PagesServer
from tests.support.stored import query, said, scores, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

GOOD = [said("POSITIVE", 0.9, 2000 * i) for i in range(8)]
SHORT = [said("NEGATIVE", 0.9, 0)]


def tile(server: PagesServer, user: str | None = "vera") -> dict[str, Any]:
    answer = server.get("tile.json", user=user)
    assert answer.status_code == 200
    return dict(answer.json())


def texts(content: dict[str, Any]) -> dict[str, str]:
    return {figure["name"]: figure["value"] for figure in content["figures"]}


def test_an_empty_database_has_no_calls_and_no_score(server: PagesServer, results: Connection) -> None:
    content = tile(server)
    assert content["heading"] == "No calls yet"
    assert texts(content) == {"in progress": "0"}


def test_the_calls_of_today_are_counted(server: PagesServer, results: Connection) -> None:
    now = datetime.now(UTC)
    scores(results, [GOOD, GOOD, SHORT], started_at=now)
    scores(results, [SHORT], started_at=now - timedelta(days=3))
    query(results, "UPDATE call_sentiment.transcripts SET state = 'failed', failed_in = 'load'"
          " WHERE transcript_id = %s", store(results, [GOOD], started_at=now)[0])  # fmt: skip
    content = tile(server)
    assert content["heading"] == "4 calls today (UTC)"
    # Sixteen sentences of +0.85 and one of -0.85.
    assert texts(content) == {
        "scored": "3", "in progress": "0", "failed": "1", "need review": "1", "mean score": "+0.75"
    }  # fmt: skip
    pages = {figure["name"]: figure["page"] for figure in content["figures"]}
    assert pages["failed"] == f"calls?from={now.date()}&to={now.date()}&status=failed"


def test_the_newest_day_stands_in_for_a_day_without_calls(server: PagesServer, results: Connection) -> None:
    scores(results, [GOOD], started_at=datetime(2026, 2, 3, 23, 59, tzinfo=UTC))
    scores(results, [GOOD], started_at=datetime(2026, 1, 3, tzinfo=UTC))
    assert tile(server)["heading"] == "1 call on 2026-02-03 (UTC)"


def test_calls_in_progress_count_whatever_their_day(server: PagesServer, results: Connection) -> None:
    (number, _) = store(results, [GOOD, GOOD], started_at=datetime(2026, 1, 3, tzinfo=UTC))
    query(
        results,
        "UPDATE call_sentiment.transcripts SET submitted_at = now() - interval '3 hours'"
        " WHERE transcript_id = %s",
        number,
    )
    content = tile(server)
    (figure,) = (figure for figure in content["figures"] if figure["name"] == "in progress")
    assert (figure["value"], figure["note"]) == ("2", "oldest for 3 h")
    assert texts(content)["mean score"] == "\N{EN DASH}"


def test_a_stranger_gets_nothing_of_the_tile(server: PagesServer, results: Connection) -> None:
    answer = server.get("tile.json", user=None)
    assert (answer.status_code, answer.content) == (401, b"")


def test_a_database_without_tables_is_named_as_the_reason(server: PagesServer, results: Connection) -> None:
    query(results, "ALTER SCHEMA call_sentiment RENAME TO away")
    try:
        answer = server.get("tile.json")
    finally:
        query(results, "ALTER SCHEMA away RENAME TO call_sentiment")
    assert answer.status_code == 503
    assert "has no tables yet" in answer.json()["error"]
