"""Server time of the page of calls over a million calls: each filter and bad combinations, in each order.

The times are those of all statements of a page: its rows, their count, the sentences found, the choices.
Beside them stands the same question to call_overview, where it has a column for it. The newest calls have
sentences and scores; the others are in the listing alone, with words as frequent as those of a language.

    python -m benchmarks.pages [--calls 1000000] [--with-sentences 20000] [--rounds 5]
"""

from __future__ import annotations

import argparse
from datetime import date
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, get_args

from benchmarks.support import execute, print_machine, print_table, results_database, seconds
from call_sentiment import listing
from call_sentiment.listing_filters import Filters
from call_sentiment.listing_search import find_page
from call_sentiment.scoring.score import score_pending
from tests.support.history import insert_calls

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SENTENCES = 100
ROWS = 50
COUNT_LIMIT = 1000
CHOICES = 500

# Filters that depend on the order are the worst case: the queue "closed" had its last call long before the
# newest, and labels are ranges of scores.
_LISTED = """
INSERT INTO call_sentiment.call_listing (
    call_id, at, queue, agent_id, status, label, sentiment_score, score_low, score_high,
    q1_score, q2_score, q3_score, q4_score, worst_window_start_ms, worst_window_end_ms,
    needs_review, reason, duration_s, transcript_id, words
)
SELECT 'old-' || n, timestamptz '2024-11-01Z' - n * interval '60 seconds',
       CASE WHEN n > 700000 AND n %% 3 = 0 THEN 'closed' WHEN n %% 5000 = 0 THEN 'rare'
            ELSE 'queue ' || n %% 7 END,
       'agent ' || n %% 200, r.status, r.label, r.score, r.score - 0.2, r.score + 0.2,
       r.score, r.score, r.score, r.score, 1000, 20000,
       coalesce(r.score BETWEEN -0.15 AND -0.05, false), NULL, 500, -n, r.words
FROM generate_series(1, %s) AS n
CROSS JOIN LATERAL (
    SELECT CASE WHEN n %% 100 > 0 THEN (random() + random() + random() + n * 0) / 1.5 - 1 END AS score,
           ARRAY(SELECT 'w' || floor(exp(random() * ln(20000)) + n * 0) FROM generate_series(1, 20)) AS spoken
) AS s
CROSS JOIN LATERAL (
    SELECT s.score, CASE WHEN s.score IS NULL THEN 'failed' ELSE 'ok' END AS status,
           CASE WHEN s.score < -0.6 THEN 'VERY_NEGATIVE' WHEN s.score < -0.2 THEN 'NEGATIVE'
                WHEN s.score < 0.2 THEN 'NEUTRAL' WHEN s.score < 0.6 THEN 'POSITIVE'
                WHEN s.score >= 0.6 THEN 'VERY_POSITIVE' END AS label,
           array_to_tsvector(s.spoken) AS words
) AS r
"""
_INDEXES = (
    "SELECT indexdef FROM pg_indexes WHERE tablename = 'call_listing' AND indexname <> 'call_listing_pkey'"
)

_HANDLED = """
INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)
SELECT transcript_id, 'call_sentiment', 'run ' || transcript_id / 1000, task_id, transcript_id / 50 % 20
FROM call_sentiment.transcripts
CROSS JOIN (VALUES ('submit'), ('load')) AS t (task_id)
"""

QUESTIONS: dict[str, tuple[Filters, str | None]] = {
    "no filter": (Filters(), "true"),
    "a day": (
        Filters(from_day=date(2024, 10, 1), to_day=date(2024, 10, 1)),
        "started_at >= '2024-10-01Z' AND started_at < '2024-10-02Z'",
    ),
    "a year": (
        Filters(from_day=date(2023, 6, 1), to_day=date(2024, 6, 1)),
        "started_at >= '2023-06-01Z' AND started_at < '2024-06-02Z'",
    ),
    "queue": (Filters(queue="queue 3"), "queue = 'queue 3'"),
    "queue, rare": (Filters(queue="rare"), "queue = 'rare'"),
    "queue, closed long ago": (Filters(queue="closed"), "queue = 'closed'"),
    "queue that is not there": (Filters(queue="none"), "queue = 'none'"),
    "agent": (Filters(agent="agent 7"), "agent_id = 'agent 7'"),
    "label": (Filters(label="VERY_NEGATIVE"), "label = 'very negative'"),
    "status ok": (Filters(status="ok"), "status = 'ok'"),
    "status failed": (Filters(status="failed"), "status = 'failed'"),
    "needs review": (Filters(review="needed"), "needs_review"),
    "reviewed": (Filters(review="reviewed"), None),
    "said: common word": (Filters(said="w2"), None),
    "said: middle word": (Filters(said="w500"), None),
    "said: rare word": (Filters(said="w15000"), None),
    "said: no such word": (Filters(said="nothing"), None),
    "said: two words in one sentence": (Filters(said="parcel monday"), None),
    "said: a phrase": (Filters(said='"so please look"'), None),
    "a run": (Filters(dag="call_sentiment", run="run 1"), None),
    "a task": (Filters(dag="call_sentiment", run="run 1", task="wait", map_index=3), None),
    "agent, label": (Filters(agent="agent 7", label="VERY_NEGATIVE"), None),
    "queue closed, agent, label": (Filters(queue="closed", agent="agent 7", label="VERY_POSITIVE"), None),
    "queue closed, the last year": (Filters(queue="closed", from_day=date(2024, 1, 1)), None),
    "needs review, label that never does": (Filters(review="needed", label="VERY_POSITIVE"), None),
    "queue closed, common word": (Filters(queue="closed", said="w2"), None),
    "a day, common word": (
        Filters(from_day=date(2024, 10, 1), to_day=date(2024, 10, 1), said="w2"),
        None,
    ),
    "status failed, common word": (Filters(status="failed", said="w2"), None),
    "a word said in no call of the queue": (Filters(queue="closed", said="parcel"), None),
}


def fill(connection: Connection, calls: int, with_sentences: int) -> None:
    """The newest calls through the tables of the pipeline, the others in the listing alone."""
    for start in range(1, with_sentences + 1, 2000):
        insert_calls(connection, "call-", range(start, min(start + 2000, with_sentences + 1)), SENTENCES)
        score_pending(connection)
    execute(connection, _HANDLED)
    refreshed = seconds(partial(listing.refresh_after_run, connection))
    print(
        f"{with_sentences:,} calls of {SENTENCES} sentences brought into the listing in {refreshed:.1f} s\n"
    )
    indexes = [row[0] for row in execute(connection, _INDEXES)]
    for index in indexes:
        execute(connection, f"DROP INDEX call_sentiment.{index.split()[index.split().index('ON') - 1]}")
    execute(connection, _LISTED, calls - with_sentences)
    for index in indexes:
        execute(connection, index)
    execute(connection, "VACUUM (ANALYZE)")


def show_page(connection: Connection, filters: Filters, order: listing.Order) -> None:
    """All statements of a page, as its route runs them."""
    connection.autocommit = False
    count = listing.count_calls(connection, filters, COUNT_LIMIT + 1)
    find_page(connection, filters, order, ROWS if count else 0, are_few=count <= COUNT_LIMIT)
    listing.find_choices(connection, CHOICES)
    connection.rollback()
    connection.autocommit = True


def ask_overview(connection: Connection, condition: str) -> float:
    """Seconds of the same question to call_overview, over the calls that have all tables."""
    statement = (
        f"SELECT * FROM call_sentiment.call_overview WHERE {condition}"
        " ORDER BY started_at DESC NULLS LAST LIMIT 51"
    )
    return seconds(partial(execute, connection, statement))


def main() -> None:
    options = argparse.ArgumentParser(description="Server time of the page of calls.")
    options.add_argument("--calls", type=int, default=1_000_000)
    options.add_argument("--with-sentences", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    orders: tuple[listing.Order, ...] = get_args(listing.Order)
    with results_database() as connection:
        print_machine(connection)
        fill(connection, chosen.calls, chosen.with_sentences)
        rows = []
        for name, (filters, condition) in QUESTIONS.items():
            cells, worst = [], 0.0
            for order in orders:
                taken = [
                    seconds(partial(show_page, connection, filters, order)) for _ in range(chosen.rounds)
                ]
                cells.append(f"{1000 * median(taken):.0f}")
                worst = max(worst, *taken)
            beside = f"{1000 * ask_overview(connection, condition):.0f}" if condition else ""
            rows.append((name, *cells, f"{1000 * worst:.0f}", beside))
            print(rows[-1], flush=True)
        print_table(
            ("p50 in ms, by order", *orders, "longest", f"call_overview, {chosen.with_sentences:,} calls"),
            rows,
        )


if __name__ == "__main__":
    main()
