"""The listing follows the calls; its filters and orders agree with the plainest way to filter and sort."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.database import connect_dsn
from call_sentiment.listing import (
    Filters,
    Order,
    count_calls,
    count_changes,
    find_calls,
    refresh_after_run,
    refresh_listing,
)
from call_sentiment.listing_filters import read_search
from call_sentiment.listing_search import find_page, neighbours
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import score_pending
from tests.support.stored import Row, make_old, query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LISTED = "SELECT * FROM call_sentiment.call_listing ORDER BY call_id"
SOURCE = (
    "SELECT s.*, call_sentiment.words_of(s.transcript_id) AS words"
    " FROM call_sentiment.call_listing_source AS s ORDER BY call_id"
)
ORDERS: tuple[Order, ...] = ("newest", "oldest", "lowest", "highest")


@pytest.fixture
def db(results_db: Connection) -> Connection:
    migrate(results_db)
    return results_db


def a_call(rng: random.Random, *words: str) -> list[Row]:
    return [
        said(
            rng.choice(("POSITIVE", "NEUTRAL", "NEGATIVE")), 0.9, 3000 * n, text=rng.choice(words or ("so",))
        )
        for n in range(rng.randrange(0, 12))
    ]


def listed(db: Connection) -> list[Row]:
    refresh_after_run(db)
    return query(db, LISTED)


def rename(db: Connection, old: str, new: str) -> None:
    query(db, "UPDATE call_sentiment.calls SET call_id = %s WHERE call_id = %s", new, old)


def test_a_new_call_is_listed_when_it_is_claimed_and_scored(db: Connection) -> None:
    store(db, [a_call(random.Random(1)), [said("POSITIVE", 0.9, 0, text="well")]])
    assert [row["status"] for row in listed(db)] == ["in_progress", "in_progress"]
    score_pending(db)
    assert count_changes(db, 9)
    rows = listed(db)
    assert rows == query(db, SOURCE)
    assert "in_progress" not in [row["status"] for row in rows]
    assert count_changes(db, 9) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE call_sentiment.calls SET queue = 'other'",
        "UPDATE call_sentiment.calls SET notices = '{odd}'",
        "UPDATE call_sentiment.calls SET started_at = '2026-01-01Z'",
        "UPDATE call_sentiment.calls SET call_id = call_id || '-renamed'",
        "UPDATE call_sentiment.transcripts SET notices = '{odd}'",
        "UPDATE call_sentiment.transcripts SET state = 'failed', failed_in = 'load', error = 'gone'",
        "UPDATE call_sentiment.sentences SET text = NULL",
        "UPDATE call_sentiment.sentences SET text = 'other words'",
        "INSERT INTO call_sentiment.label_reviews (transcript_id, reviewer, reviewed_label, is_blind)"
        " SELECT transcript_id, 'ada', 'NEUTRAL', true FROM call_sentiment.transcripts",
        "DELETE FROM call_sentiment.sentences",
        "DELETE FROM call_sentiment.transcripts",
        "DELETE FROM call_sentiment.calls",
    ],
)
def test_a_change_of_what_is_listed_reaches_the_listing(db: Connection, change: str) -> None:
    rng = random.Random(2)
    store(db, [a_call(rng, "one two", "three") for _ in range(5)])
    score_pending(db)
    before = listed(db)
    query(db, change)
    after = listed(db)
    assert after == query(db, SOURCE)
    assert after != before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE call_sentiment.calls SET recording_version = 'x'",
        "UPDATE call_sentiment.transcripts SET claimed_by = 'x'",
        "UPDATE call_sentiment.sentences SET role = 'x'",
    ],
)
def test_a_change_of_something_else_is_not_noted(db: Connection, change: str) -> None:
    store(db, [[said("POSITIVE", 0.9, 0, text="well")]])
    listed(db)
    query(db, change)
    assert count_changes(db, 9) == 0


def test_a_call_scored_again_is_listed_again(db: Connection) -> None:
    ids = store(db, [[said("POSITIVE", 0.9, 2000 * n, text="well") for n in range(6)]])
    score_pending(db)
    listed(db)
    make_old(db, ids, "0.1")
    assert count_changes(db, 9)
    query(db, "UPDATE call_sentiment.call_scores SET sentiment_score = -1")
    assert [row["sentiment_score"] for row in listed(db)] == [-1]


def test_the_history_is_listed_by_the_migration(results_db: Connection) -> None:
    migrate(results_db)
    store(results_db, [a_call(random.Random(3), "one two")])
    score_pending(results_db)
    migration = "SELECT version FROM call_sentiment.schema_migrations WHERE name = '0008_listing.sql'"
    assert query(results_db, migration)
    refresh_after_run(results_db)
    assert query(results_db, LISTED) == query(results_db, SOURCE)


def test_emptied_tables_empty_the_listing(db: Connection) -> None:
    store(db, [a_call(random.Random(4))])
    listed(db)
    query(db, "TRUNCATE call_sentiment.calls CASCADE")
    assert query(db, LISTED) == []


def test_a_refresh_takes_as_many_changes_as_it_is_asked_to(db: Connection) -> None:
    store(db, [a_call(random.Random(5)) for _ in range(5)])
    assert [refresh_listing(db, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(query(db, LISTED)) == 5


def test_one_process_refreshes_at_a_time_and_nobody_waits(db: Connection, results_dsn: str) -> None:
    store(db, [a_call(random.Random(6))])
    with closing(connect_dsn(results_dsn)) as other:
        other.autocommit = False
        query(other, "SELECT pg_advisory_xact_lock(4703270718905525)")
        assert refresh_listing(db) == 0
        other.rollback()
    assert refresh_listing(db) == 1


def test_an_open_transaction_does_not_lose_its_change(db: Connection, results_dsn: str) -> None:
    store(db, [[said("POSITIVE", 0.9, 0)], [said("POSITIVE", 0.9, 0)]])
    listed(db)
    with closing(connect_dsn(results_dsn)) as other:
        other.autocommit = False
        query(other, "UPDATE call_sentiment.calls SET queue = 'a'")
        # The later change is committed and taken first.
        store(db, [[said("POSITIVE", 0.9, 0)]])
        listed(db)
        other.commit()
    assert [row["queue"] for row in listed(db)].count("a") == 2


def test_no_task_fails_where_the_listing_cannot_be_refreshed(
    db: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    query(db, "ALTER TABLE call_sentiment.call_listing RENAME TO away")
    store(db, [a_call(random.Random(7))])
    refresh_after_run(db)
    assert "was not refreshed" in caplog.text


@pytest.fixture
def many(db: Connection) -> list[Row]:
    """60 calls of all kinds, as they are listed."""
    rng = random.Random(8)
    for queue in ("a", "b", None):
        for status in ("ok", "ok", "ok", "no_speech"):
            calls = [[] if status != "ok" else a_call(rng, "one two", "three", "two four") for _ in range(5)]
            # Some at the same time.
            at = datetime(2026, 1, rng.randrange(1, 4), tzinfo=UTC)
            store(db, calls, status=status, queue=queue, agent_id=rng.choice("xy"), started_at=at)
    score_pending(db)
    query(
        db,
        "UPDATE call_sentiment.transcripts SET content_status = 'analyzed' WHERE mod(transcript_id, 3) = 0",
    )
    query(
        db,
        "INSERT INTO call_sentiment.content_flags (transcript_id, position, label)"
        " SELECT transcript_id, 0, 'alcohol' FROM call_sentiment.transcripts WHERE mod(transcript_id, 6) = 0",
    )
    query(db, "UPDATE call_sentiment.call_listing_changes SET words_changed = false")
    return listed(db)


def sort_key(order: Order, row: Row) -> Any:
    sign = -1 if order in ("newest", "highest") else 1
    name = "at" if order in ("newest", "oldest") else "sentiment_score"
    value = row[name].timestamp() if name == "at" else row[name]
    # Ids are sorted the same way; they are of one length.
    return (value is None, 0 if value is None else sign * value, sign * int(row["call_id"], 16))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        (Filters(), lambda row: True),
        (Filters(queue="a"), lambda row: row["queue"] == "a"),
        (Filters(agent="x", queue="b"), lambda row: row["agent_id"] == "x" and row["queue"] == "b"),
        (Filters(status="no_speech"), lambda row: row["status"] == "no_speech"),
        (Filters(label="NEGATIVE"), lambda row: row["label"] == "NEGATIVE"),
        (Filters(review="needed"), lambda row: row["needs_review"]),
        (Filters(review="reviewed"), lambda row: False),
        (Filters(content="flagged"), lambda row: (row["content_flag_count"] or 0) > 0),
        (Filters(content="unflagged"), lambda row: row["content_flag_count"] == 0),
        (
            Filters(from_day=date(2026, 1, 2), to_day=date(2026, 1, 2)),
            lambda row: row["at"].date() == date(2026, 1, 2),
        ),
        (Filters(to_day=date.max, from_day=date.min), lambda row: True),
    ],
)
def test_pages_follow_each_other_both_ways(
    db: Connection, many: list[Row], order: Order, filters: Filters, matches: Any
) -> None:
    wanted = [row["call_id"] for row in sorted(filter(matches, many), key=lambda row: sort_key(order, row))]
    assert count_calls(db, filters, 1000) == len(wanted)
    for backwards in (False, True):
        found: list[str] = []
        beyond = None
        while page := find_calls(
            db, filters, order, 7, beyond=beyond, backwards=backwards, are_few=len(found) % 2 > 0
        ):
            ids = [row["call_id"] for row in page]
            found = ids + found if backwards else found + ids
            beyond = ids[0] if backwards else ids[-1]
        assert found == wanted
    for place, call_id in enumerate(wanted):
        before = wanted[place - 1] if place else None
        after = wanted[place + 1] if place + 1 < len(wanted) else None
        assert neighbours(db, filters, order, call_id) == (before, after)


def test_a_call_that_is_not_listed_has_no_neighbours(db: Connection, many: list[Row]) -> None:
    assert neighbours(db, Filters(), "newest", "no such call") == (None, None)


SPOKEN = [
    "I want a Refund, now!",
    "The late-fee of $12.50 is wrong.",
    "mail me: a@example.com",
    "Größe <b>42</b>",
]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("refund", True),
        ("ref", True),
        ("fund", False),
        ("want now", True),
        # Both are said, but not in one sentence.
        ("refund fee", False),
        ('"late fee"', True),
        ('"fee late"', False),
        ('"late fe"', False),
        ('wrong "the late fee"', True),
        ("12.50", True),
        ("50", True),
        ("example.com", True),
        ("com", True),
        ("Größe", True),
        ("b 42", True),
        ("it's", False),
        ("% _ \\ ' \" & | ! :* <->", True),
        ("", True),
    ],
)
def test_words_are_found_within_one_sentence(db: Connection, search: str, found: bool) -> None:
    store(db, [[said("NEUTRAL", 0.9, 2000 * n, text=text) for n, text in enumerate(SPOKEN)]])
    listed(db)
    assert len(find_page(db, Filters(said=search), "newest", 9).rows) == found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 2, 9])
def test_a_search_goes_on_from_page_to_page_both_ways(db: Connection, order: Order, limit: int) -> None:
    rng = random.Random(9)
    texts = [("two one", "one"), ("one", "two"), ("one two", "two")]
    store(db, [a_call(rng, *rng.choice(texts)) for _ in range(40)])
    score_pending(db)
    listed(db)
    wanted = [
        row["call_id"]
        for row in find_calls(db, Filters(), order, 99)
        if any("one two" in text for text in words_of(db, row["transcript_id"]))
    ]
    assert 0 < len(wanted) < 40
    filters = Filters(said='"one two"')
    for backwards in (False, True):
        found: list[str] = []
        page, beyond = None, None
        while page is None or page.has_more:
            page = find_page(db, filters, order, limit, beyond=beyond, backwards=backwards, look_at=7)
            ids = [row["call_id"] for row in page.rows]
            assert len(ids) <= limit
            assert page.looked_at <= 7
            found = ids + found if backwards else found + ids
            beyond = page.first if backwards else page.last
        assert found == wanted


def words_of(db: Connection, transcript_id: int) -> list[str]:
    rows = query(db, "SELECT text FROM call_sentiment.sentences WHERE transcript_id = %s", transcript_id)
    return [row["text"] for row in rows]


def test_one_word_needs_no_look_at_the_sentences() -> None:
    assert read_search("refund").is_exact
    assert not read_search('"late fee"').is_exact


def test_a_transcript_longer_than_its_index_may_be_is_listed(db: Connection) -> None:
    text = " ".join(f"{n:x}word" for n in range(200_000))
    store(db, [[said("NEUTRAL", 0.9, 0, text=text)]])
    listed(db)
    assert len(find_calls(db, Filters(said="1word"), "newest", 9)) == 1


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(dag="call_sentiment"), 3),
        (Filters(dag="call_sentiment", run="r1"), 2),
        (Filters(run="r1", task="submit"), 1),
        (Filters(run="r1", task="load", map_index=1), 1),
        (Filters(run="r1", task="load", map_index=0), 0),
        # A wait waited for what the load of its index stored.
        (Filters(run="r1", task="wait", map_index=1), 1),
        # Tasks that handle all calls of the run.
        (Filters(run="r1", task="score", map_index=-1), 2),
        (Filters(run="r3"), 0),
        (Filters(dag="other"), 1),
    ],
)
def test_calls_of_a_run_or_a_task_are_found(db: Connection, filters: Filters, found: int) -> None:
    ids = store(db, [[said("NEUTRAL", 0.9, 0)] for _ in range(3)])
    listed(db)
    for number, dag, run, task, index in (
        (ids[0], "call_sentiment", "r1", "submit", 0),
        (ids[1], "call_sentiment", "r1", "load", 1),
        (ids[2], "other", "r2", "load", 1),
    ):
        query(
            db,
            "INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)"
            " VALUES (%s, %s, %s, %s, %s)",
            *(number, dag, run, task, index),
        )
    assert count_calls(db, filters, 10) == found
