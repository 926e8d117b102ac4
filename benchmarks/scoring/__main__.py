"""Scores a million sentences in SQL and in pandas, and a batch beside a short and a long history.

pandas reads the sentences, computes most of the figures (`COMPARED`, for calls and speakers) and writes
nothing. The statement computes all figures; its time includes writing and committing them. Both start with an
analyzed database and nothing scored. The same batch of 50 calls is also scored in databases without, with a
tenth and with all of that history, and `call_sentiment.rescore` scores the history again.

    python -m benchmarks.scoring [--calls 10000] [--sentences 100] [--rounds 3]
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.scoring.pandas_scores import KEYS, read_sentences, scores
from benchmarks.support import execute, print_machine, print_table, results_database, seconds
from call_sentiment.rescore import rescore
from call_sentiment.scoring.score import score_pending
from tests.support.history import add_calls

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BATCH = 50
_COMPARED = """
sentence_count positive_count negative_count net_sentiment sentiment_score sentiment_score_weighted
positive_time_share negative_time_share score_shrunk score_low score_high label
q1_score q2_score q3_score q4_score trend_slope trend_slope_se
worst_window_score worst_window_start_ms worst_window_end_ms
mean_confidence low_confidence_share talk_time_ms value_sum
"""
COMPARED = tuple(_COMPARED.split())


def unscore(connection: Connection, prefix: str) -> None:
    """Delete the scores of the calls with a prefix, make them loaded again, and vacuum."""
    of_prefix = "SELECT transcript_id FROM call_sentiment.transcripts WHERE call_id LIKE %s || '%%'"
    for table in ("call_scores", "speaker_scores"):
        execute(
            connection, f"DELETE FROM call_sentiment.{table} WHERE transcript_id IN ({of_prefix})", prefix
        )
    execute(
        connection,
        "UPDATE call_sentiment.transcripts SET state = 'loaded' WHERE call_id LIKE %s || '%%'",
        prefix,
    )
    execute(connection, "VACUUM (ANALYZE)")


def compare(connection: Connection, found: pd.DataFrame) -> int:
    """Compare the rows of both in all of COMPARED; return their number. AssertionError where they differ."""
    columns = ", ".join(COMPARED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT transcript_id, '' AS scope, {columns} FROM call_sentiment.call_scores UNION ALL"
            f" SELECT transcript_id, speaker_key, {columns} FROM call_sentiment.speaker_scores"
        )
        stored = pd.DataFrame(cursor.fetchall(), columns=[*KEYS, *COMPARED]).set_index(KEYS).sort_index()
    figures = found[list(COMPARED)].sort_index()
    assert stored.index.equals(figures.index)
    for name in COMPARED:
        ours, theirs = stored[name], figures[name]
        if name == "label":
            assert (ours == theirs).all(), name
        else:
            same = np.isclose(ours.astype(float), theirs.astype(float), rtol=0, atol=1e-9, equal_nan=True)
            assert same.all(), (name, stored[~same].head(3), figures[~same].head(3))
    return len(stored)


def in_one_statement(connection: Connection, rounds: int) -> None:
    """Score all loaded calls by SQL and by pandas in turn, and print the quickest of each."""
    taken: dict[str, list[float]] = {"SQL": [], "read": [], "compute": []}
    sentences = execute(connection, "SELECT count(*) FROM call_sentiment.sentences")[0][0]
    for _ in range(rounds):
        unscore(connection, "")
        taken["SQL"].append(seconds(partial(score_pending, connection)))
        start = time.perf_counter()
        table = read_sentences(connection)
        taken["read"].append(time.perf_counter() - start)
        start = time.perf_counter()
        found = scores(table)
        taken["compute"].append(time.perf_counter() - start)
    ours, read, compute = (min(values) for values in taken.values())
    theirs = read + compute
    print(f"{sentences:,} sentences, quickest of {rounds}; {compare(connection, found):,} rows agree\n")
    print_table(
        ("way", "seconds", "sentences/s", "of pandas"),
        [
            (
                "score_pending: one statement, committed",
                f"{ours:.1f}",
                f"{sentences / ours:,.0f}",
                f"{theirs / ours:.2f}",
            ),
            ("pandas, read and computed", f"{theirs:.1f}", f"{sentences / theirs:,.0f}", "1.00"),
            ("  of which read", f"{read:.1f}", "", ""),
            ("  of which computed", f"{compute:.1f}", "", ""),
        ],
    )


def batch_ms(connection: Connection, rounds: int) -> str:
    """Milliseconds to score the batch as the Dag does: the median and the quickest."""
    taken = []
    for _ in range(rounds):
        unscore(connection, "batch")
        taken.append(1000 * seconds(partial(score_pending, connection)))
    return f"{median(taken):.0f} ({min(taken):.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Scoring, compared with pandas, and beside a long history.")
    parser.add_argument("--calls", type=int, default=10000)
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with results_database() as connection:
        print_machine(connection)
        add_calls(connection, "batch", BATCH, options.sentences)
        rows = [("0", batch_ms(connection, 9))]
        for calls in (options.calls // 10, options.calls - options.calls // 10):
            add_calls(connection, f"h{calls}-", calls, options.sentences)
            score_pending(connection)
            others = execute(connection, "SELECT count(*) FROM call_sentiment.transcripts")[0][0] - BATCH
            rows.append((f"{others:,}", batch_ms(connection, 9)))
        execute(connection, "DELETE FROM call_sentiment.calls WHERE call_id LIKE 'batch%%'")
        again = seconds(partial(rescore, connection, execute(connection, "SELECT now()")[0][0]))
        in_one_statement(connection, options.rounds)
    print(f"One batch of {BATCH} calls of {options.sentences} sentences, median (quickest) of 9\n")
    print_table(("other calls in the database", "ms"), rows)
    print(f"{options.calls:,} calls scored again in chunks by call_sentiment.rescore: {again:.1f} s")


if __name__ == "__main__":
    main()
