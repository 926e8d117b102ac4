"""Scores history again, and compares the scores by two versions of the formulas.

python -m call_sentiment.rescore [--before 2026-11-22T12:00+00:00] [--postgres-conn-id ID]
python -m call_sentiment.rescore --diff 1.0 1.1
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg2

from call_sentiment import RESULTS_CONN_ID
from call_sentiment.database import connect, run_sql
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import FORMULA_VERSION, score_transcripts
from call_sentiment.scoring.versions import compare_versions

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

CHUNK = 500
"""Transcripts in one transaction: a few seconds of work, the most that an interruption loses."""

PORTION = 2000
"""Transcripts of the history that a run of the Dag scores again: a few seconds of work."""

MAX_FAILURES = 20
"""Failed transcripts in a chunk after which a run of the Dag leaves the history to the next run."""


def rescore(connection: Connection, before: datetime | None = None, chunk: int = CHUNK) -> int:
    """Score again every transcript whose scores are by another version; return their number.

    With `before`, also those last scored before that time. The newest transcripts come first. Each chunk is
    committed; after an interruption the same call continues. Scores by other versions stay, and so do those
    of transcripts whose sentences were deleted. Safe to run beside the Dag, whose new transcripts it leaves
    alone, and beside itself.
    """
    count = 0
    for scored_before in (None,) if before is None else (None, before):
        history = _History(connection, scored_before, wait=True)
        while (scored := history.score_next(chunk)) is not None:
            count += scored
            log.info("%d transcripts scored again, the last one is transcript %d", count, history.below)
    return count


def rescore_portion(connection: Connection, portion: int = PORTION, chunk: int = CHUNK) -> int:
    """Score again the newest `portion` transcripts with scores by another version; return their number.

    Raises no error of PostgreSQL: a transcript that fails is logged and keeps its scores, and the next call
    tries it again. Does nothing while another process scores history again.
    """
    history = _History(connection, None, wait=False)
    count = 0
    try:
        for start in range(0, portion, chunk):
            scored = _score_next_or_each(history, min(chunk, portion - start))
            if scored is None:
                break
            count += scored
    except psycopg2.Error as error:
        log.warning("History is not scored again by this run: %s. The next run continues.", _cause(error))
    return count


def has_backlog(connection: Connection) -> bool:
    """Whether there are transcripts to score: new ones, or ones with scores by another version."""
    return bool(run_sql(connection, "scoring/find_backlog", {"formula_version": FORMULA_VERSION}))


def _score_next_or_each(history: _History, chunk: int) -> int | None:
    """Score a chunk; if that fails, each of its transcripts alone, so that one does not stop the others."""
    start = history.below
    try:
        return history.score_next(chunk)
    except psycopg2.Error:
        last = history.below
        if history.connection.closed or last is None or last == start:
            raise
    history.below, count, failed = start, 0, 0
    while history.below is None or history.below > last:
        previous = history.below
        try:
            scored = history.score_next(1)
        except psycopg2.Error as error:
            failed += 1
            # Some errors fail every transcript, such as a full disk.
            if history.connection.closed or history.below == previous or failed == MAX_FAILURES:
                raise
            log.warning("Transcript %s keeps its scores; new ones failed: %s", history.below, _cause(error))
        else:
            if scored is None:
                break
            count += scored
    return count


def _cause(error: psycopg2.Error) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


class _History:
    """The transcripts to score again, newest first."""

    def __init__(self, connection: Connection, before: datetime | None, *, wait: bool) -> None:
        self.connection = connection
        self.below: int | None = None
        """The last transcript that was taken; the next ones have smaller numbers."""
        self._statement = "scoring/lock_old_scores" if before is None else "scoring/lock_scores_before"
        self._params = {"formula_version": FORMULA_VERSION, "before": before}
        self._wait = wait

    def score_next(self, limit: int) -> int | None:
        """Score the next transcripts in one transaction; return their number.

        None if none is left, or if another process scores history again and this one does not wait.
        """
        with self.connection:
            if not run_sql(self.connection, "scoring/lock_rescoring", {"wait": self._wait})[0]["locked"]:
                return None
            params = {**self._params, "below": self.below, "limit": limit}
            rows = run_sql(self.connection, self._statement, params)
            if not rows:
                return None
            self.below = rows[-1]["transcript_id"]
            scorable = [row["transcript_id"] for row in rows if row["scorable"]]
            if scorable:
                score_transcripts(self.connection, scorable)
            if without_sentences := [row["transcript_id"] for row in rows if not row["scorable"]]:
                run_sql(self.connection, "scoring/keep_scores", {"transcript_ids": without_sentences})
        return len(scorable)


def time_with_offset(text: str) -> datetime:
    """Read an ISO 8601 time; ValueError without an offset from UTC, for then it is ambiguous."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time needs its offset from UTC")
    return time


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; it logs its progress, or the comparison."""
    options = _read_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with closing(connect(options.postgres_conn_id)) as connection:
        migrate(connection)
        if options.diff:
            log.info("%s", compare_versions(connection, *options.diff))
        else:
            log.info("Done: %d transcripts scored again", rescore(connection, options.before))


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m call_sentiment.rescore",
        description="Score all history again, from the stored sentences. After an interruption, run it again"
        " with the same options to continue.",
    )
    parser.add_argument("--postgres-conn-id", default=RESULTS_CONN_ID, help="Airflow connection")
    before_or_diff = parser.add_mutually_exclusive_group()
    before_or_diff.add_argument(
        "--before",
        type=time_with_offset,
        help="also score again what was scored before this time, such as 2026-11-22T12:00+00:00; without it,"
        f" only what has no score by the current formulas (version {FORMULA_VERSION})",
    )
    before_or_diff.add_argument(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="score nothing; show how the stored scores by two versions of the formulas differ",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
