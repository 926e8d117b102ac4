"""Labels that people give, and the random sample: what is stored, what is blind, what is drawn."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import pytest

from call_sentiment.database import connect_dsn, run_sql
from call_sentiment.reviews import GivenLabel, add_reviews, draw_sample, find_sample
from call_sentiment.scoring.score import score_pending
from tests.support.stored import Row, query, said, score, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WORDS = [said("negative", 0.9, 2000 * n) for n in range(6)]
DAY, NEXT_DAY = date(2026, 11, 1), date(2026, 11, 2)
WHOLE = GivenLabel(None, "POSITIVE", "she laughs")


def stored(connection: Connection) -> list[Row]:
    return query(connection, "SELECT * FROM call_sentiment.label_reviews ORDER BY review_id")


def draws(connection: Connection) -> list[Row]:
    return query(
        connection,
        "SELECT d.*, call_sentiment.review_number(t.call_id) AS number FROM call_sentiment.review_draws AS d"
        " JOIN call_sentiment.transcripts AS t USING (transcript_id) ORDER BY number",
    )


def add_calls(connection: Connection, count: int, day: date = DAY, sentences: int = 6) -> list[int]:
    ids = store(connection, [WORDS[:1] * sentences] * count, started_at=f"{day} 23:59Z")
    score_pending(connection)
    return ids


def test_a_label_is_stored_with_what_was_computed(db: Connection) -> None:
    transcript_id = score(db, WORDS)["transcript_id"]
    assert add_reviews(db, transcript_id, "uma", [WHOLE, GivenLabel(3, "NEUTRAL")]) == 2
    whole, sentence = stored(db)
    columns = (
        *("position", "reviewer", "reviewed_label", "reason"),
        *("is_blind", "computed_label", "confidence", "formula_version"),
    )
    version = score_version(db, transcript_id)
    assert [whole[c] for c in columns] == [
        *(None, "uma", "POSITIVE", "she laughs"),
        *(True, "VERY_NEGATIVE", None, version),
    ]
    assert [sentence[c] for c in columns] == [3, "uma", "NEUTRAL", None, True, "NEGATIVE", 0.9, None]


def score_version(connection: Connection, transcript_id: int) -> str:
    (row,) = query(
        connection,
        "SELECT formula_version FROM call_sentiment.transcripts WHERE transcript_id = %s",
        transcript_id,
    )
    return str(row["formula_version"])


def test_only_what_a_person_says_before_seeing_the_computed_labels_is_blind(db: Connection) -> None:
    transcript_id = score(db, WORDS)["transcript_id"]
    add_reviews(db, transcript_id, "uma", [WHOLE, GivenLabel(3, "NEUTRAL")])
    add_reviews(db, transcript_id, "uma", [GivenLabel(None, "NEGATIVE"), GivenLabel(4, "NEUTRAL")])
    add_reviews(db, transcript_id, "ada", [WHOLE])
    assert [(row["reviewer"], row["position"], row["is_blind"]) for row in stored(db)] == [
        ("uma", None, True),
        ("uma", 3, True),
        ("uma", None, False),
        ("uma", 4, False),
        ("ada", None, True),
    ]


def test_the_same_label_is_not_stored_twice_and_what_was_never_given_not_taken_back(db: Connection) -> None:
    transcript_id = score(db, WORDS)["transcript_id"]
    taken_back = GivenLabel(None, None)
    assert add_reviews(db, transcript_id, "uma", [taken_back]) == 0
    for given, count in (
        (WHOLE, 1),
        (WHOLE, 0),
        (GivenLabel(None, "POSITIVE", "another reason"), 1),
        (taken_back, 1),
        (taken_back, 0),
        (WHOLE, 1),
    ):
        assert add_reviews(db, transcript_id, "uma", [given]) == count, given


def test_two_submissions_at_once_store_one_label(db: Connection, results_dsn: str) -> None:
    transcript_id = score(db, WORDS)["transcript_id"]
    counts: list[int] = []
    with closing(connect_dsn(results_dsn)) as first:

        def submit() -> None:
            with closing(connect_dsn(results_dsn)) as second:
                counts.append(add_reviews(second, transcript_id, "uma", [WHOLE]))

        thread = threading.Thread(target=submit)
        with first:
            params = {"transcript_id": transcript_id, "reviewer": "uma"}
            run_sql(first, "reviews/lock_reviewer", params)
            thread.start()
            _await_blocked(db)
            given = {"positions": [None], "labels": [WHOLE.label], "reasons": [WHOLE.reason]}
            run_sql(first, "reviews/add_reviews", params | given)
        thread.join(timeout=60)
    assert counts == [0]
    assert len(stored(db)) == 1


def _await_blocked(connection: Connection) -> None:
    waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + 60
    while query(connection, waiting)[0]["n"] == 0:
        assert time.monotonic() < deadline, "nobody waits for the lock"


def test_a_sample_is_drawn_by_random_number_and_only_from_its_days(db: Connection) -> None:
    add_calls(db, 60)
    add_calls(db, 20, NEXT_DAY)
    store(db, [[]], status="no_speech", started_at=f"{DAY} 10:00Z")
    score_pending(db)
    drawn = draw_sample(db, DAY, DAY, 0.5, "uma")
    rows = draws(db)
    assert 0 < drawn == len(rows) < 60
    assert all(row["number"] < 0.5 for row in rows)
    assert {(row["inclusion_probability"], row["drawn_by"]) for row in rows} == {(0.5, "uma")}
    assert draw_sample(db, DAY, DAY, 0.5, "ada") == 0
    assert draws(db) == rows


def test_a_higher_rate_enlarges_the_sample_and_a_lower_one_leaves_it(db: Connection) -> None:
    add_calls(db, 60)
    first = draw_sample(db, DAY, DAY, 0.3, "uma")
    before = draws(db)
    assert draw_sample(db, DAY, DAY, 0.1, "uma") == 0
    assert draws(db) == before
    assert first + draw_sample(db, DAY, DAY, 1, "uma") == 60
    after = draws(db)
    assert {row["inclusion_probability"] for row in after} == {1}
    assert {row["transcript_id"] for row in before} < {row["transcript_id"] for row in after}


def test_calls_of_other_days_keep_their_probability(db: Connection) -> None:
    add_calls(db, 30)
    add_calls(db, 30, NEXT_DAY)
    draw_sample(db, DAY, NEXT_DAY, 0.5, "uma")
    draw_sample(db, NEXT_DAY, NEXT_DAY, 0.8, "uma")
    found = query(
        db,
        "SELECT DISTINCT (c.started_at AT TIME ZONE 'UTC')::date AS day, d.inclusion_probability AS rate"
        " FROM call_sentiment.review_draws AS d JOIN call_sentiment.transcripts AS t USING (transcript_id)"
        " JOIN call_sentiment.calls AS c USING (call_id) ORDER BY 1",
    )
    assert [(row["day"], row["rate"]) for row in found] == [(DAY, 0.5), (NEXT_DAY, 0.8)]


def test_every_tenth_draw_is_for_two_people_whoever_draws_how_often(db: Connection) -> None:
    for count in (7, 8, 10):
        add_calls(db, count)
        draw_sample(db, DAY, DAY, 1, "uma")
    wanted = [row["wanted_reviews"] for row in draws(db)]
    assert (len(wanted), wanted.count(2)) == (25, 2)


@pytest.mark.parametrize(("sentences", "drawn", "probability"), [(6, 6, 1.0), (25, 10, 0.4), (0, 0, None)])
def test_up_to_ten_sentences_of_a_drawn_call_are_asked_about(
    db: Connection, sentences: int, drawn: int, probability: float | None
) -> None:
    (transcript_id,) = add_calls(db, 1, sentences=sentences)
    query(db, "UPDATE call_sentiment.transcripts SET status = 'ok'")
    # Neither an unknown label nor a missing time is drawn: no figure counts them.
    for position, bad in enumerate((said("ANGRY", 0.9, 0), said("NEGATIVE", 0.9, None)), 100):
        query(
            db,
            "INSERT INTO call_sentiment.sentences (transcript_id, position, start_ms, end_ms, sentiment)"
            " VALUES (%s, %s, %s, %s, %s)",
            *(transcript_id, position, bad["start_ms"], bad["end_ms"], bad["sentiment"]),
        )
    draw_sample(db, DAY, DAY, 1, "uma")
    rows = query(
        db,
        "SELECT position, inclusion_probability,"
        " call_sentiment.review_number(transcript_id || '/' || position) AS number"
        " FROM call_sentiment.review_draw_sentences",
    )
    assert len(rows) == drawn
    assert {row["inclusion_probability"] for row in rows} == ({probability} if drawn else set())
    assert all(row["position"] < 100 for row in rows)
    others = query(
        db,
        "SELECT min(call_sentiment.review_number(transcript_id || '/' || position)) AS least"
        " FROM call_sentiment.sentences WHERE position < 100 AND position <> ALL (%s)",
        [row["position"] for row in rows],
    )[0]["least"]
    assert others is None or max(row["number"] for row in rows) < others


def test_a_call_leaves_the_sample_of_a_person_who_has_labelled_it(db: Connection) -> None:
    first, second = add_calls(db, 2)
    draw_sample(db, DAY, DAY, 1, "uma")
    query(db, "UPDATE call_sentiment.review_draws SET wanted_reviews = 2 WHERE transcript_id = %s", first)

    def progress(reviewer: str) -> tuple[int, ...]:
        found, calls = find_sample(db, reviewer, 10)
        assert len(calls) == found["waiting"]
        return found["drawn"], found["reviewed"], found["waiting_for_second"], found["waiting"]

    assert progress("uma") == (2, 0, 0, 2)
    add_reviews(db, first, "uma", [WHOLE])
    assert progress("uma") == (2, 0, 1, 1)
    assert progress("ada") == (2, 0, 1, 2)
    add_reviews(db, first, "ada", [WHOLE])
    add_reviews(db, second, "uma", [WHOLE])
    assert progress("ada") == (2, 2, 0, 0)
    # Taken back, it waits again, for somebody who has not labelled it before.
    add_reviews(db, second, "uma", [GivenLabel(None, None)])
    assert progress("uma") == (2, 1, 0, 0)
    assert progress("ada") == (2, 1, 0, 1)


def test_a_call_that_was_transcribed_again_leaves_the_sample(db: Connection) -> None:
    add_calls(db, 1)
    draw_sample(db, DAY, DAY, 1, "uma")
    query(
        db,
        "INSERT INTO call_sentiment.transcripts"
        " (call_id, config_sha256, options, attempt, state, status, assemblyai_id)"
        " SELECT call_id, 'other', '{}', 1, 'loaded', 'ok', 'again' FROM call_sentiment.transcripts",
    )
    assert score_pending(db) == 1
    assert find_sample(db, "uma", 10)[0]["drawn"] == 0
