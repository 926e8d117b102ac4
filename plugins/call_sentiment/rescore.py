"""Scores history again, and compares what two versions of the formulas made of it.

python -m call_sentiment.rescore [--before 2026-11-22T12:00+00:00] [--postgres-conn-id call_sentiment_db]
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

from call_sentiment.database import connect, run_sql
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import FORMULA_VERSION, score_transcripts
from call_sentiment.scoring.versions import compare_versions

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

CHUNK = 500
"""Transcripts in one transaction: a second of work or a few, which an interruption loses at most."""

PORTION = 2000
"""Transcripts that a run of the Dag scores again after its new ones: a few seconds of work."""

MAX_FAILURES = 20
"""Failures one by one in a chunk after which a run of the Dag leaves the history to the next run."""


def rescore(connection: Connection, before: datetime | None = None, chunk: int = CHUNK) -> int:
    """Score again every transcript whose scores are by other formulas than the current; return how many.

    With `before` also those last scored before that moment. The newest transcripts come first. Each `chunk`
    transcripts are committed, and an interrupted call is continued by the same call. Scores by other versions
    stay, and so do those of a transcript whose sentences were deleted. It may run beside the Dag, whose new
    transcripts it leaves alone, and beside itself.
    """
    count = 0
    for earlier in (None,) if before is None else (None, before):
        history = _History(connection, earlier, wait=True)
        while (scored := history.score_next(chunk)) is not None:
            count += scored
            log.info("%d transcripts scored again, the last one number %d", count, history.below)
    return count


def rescore_portion(connection: Connection, portion: int = PORTION, chunk: int = CHUNK) -> int:
    """Score again the newest `portion` transcripts with scores by other formulas.

    Returns how many that were. Raises no error of PostgreSQL: what fails is logged, keeps the scores it has,
    and is tried again by the next call. Does nothing while another process scores again.
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
        log.warning("History is not scored again by this run: %s. The next run goes on.", _cause(error))
    return count


def has_backlog(connection: Connection) -> bool:
    """Whether a run of the Dag has something to score: new transcripts, or history by other formulas."""
    return bool(run_sql(connection, "scoring/find_backlog", {"formula_version": FORMULA_VERSION}))


def _score_next_or_each(history: _History, chunk: int) -> int | None:
    """A chunk; where that fails, each transcript of it alone, so that one does not hold up the others."""
    start = history.below
    try:
        return history.score_next(chunk)
    except psycopg2.Error:
        last = history.below
        if history.connection.closed or last is None or last == start:
            raise
    history.below, count, failed = start, 0, 0
    while history.below is None or history.below > last:
        tried = history.below
        try:
            scored = history.score_next(1)
        except psycopg2.Error as error:
            failed += 1
            # A full disk, say, fails them all.
            if history.connection.closed or history.below == tried or failed == MAX_FAILURES:
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
    """The transcripts to score again, from the newest down."""

    def __init__(self, connection: Connection, before: datetime | None, *, wait: bool) -> None:
        self.connection = connection
        self.below: int | None = None
        """Number of the last transcript taken; the next ones are older."""
        self._statement = "scoring/lock_old_scores" if before is None else "scoring/lock_scores_before"
        self._params = {"formula_version": FORMULA_VERSION, "before": before}
        self._wait = wait

    def score_next(self, limit: int) -> int | None:
        """Score the next ones in one transaction, and return how many that were.

        None where none is left, or where another process scores again and this one is not to wait for it.
        """
        with self.connection:
            if not run_sql(self.connection, "scoring/lock_rescoring", {"wait": self._wait})[0]["locked"]:
                return None
            params = {**self._params, "below": self.below, "limit": limit}
            rows = run_sql(self.connection, self._statement, params)
            if not rows:
                return None
            self.below = rows[-1]["transcript_id"]
            found = [row["transcript_id"] for row in rows if row["scorable"]]
            if found:
                score_transcripts(self.connection, found)
            if gone := [row["transcript_id"] for row in rows if not row["scorable"]]:
                run_sql(self.connection, "scoring/keep_scores", {"transcript_ids": gone})
        return len(found)


def moment(text: str) -> datetime:
    """An ISO 8601 time with its offset from UTC; ValueError for any other, which could mean two moments."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset from UTC")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; it logs how far it is, or what it compared."""
    chosen = _read_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with closing(connect(chosen.postgres_conn_id)) as connection:
        migrate(connection)
        if chosen.diff:
            log.info("%s", compare_versions(connection, *chosen.diff))
        else:
            log.info("Done: %d transcripts scored again", rescore(connection, chosen.before))


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m call_sentiment.rescore",
        description="Score all history again, from the stored sentences. Interrupted, it goes on when it is"
        " run again with the same options.",
    )
    options.add_argument("--postgres-conn-id", default="call_sentiment_db", help="Airflow connection")
    either = options.add_mutually_exclusive_group()
    either.add_argument(
        "--before",
        type=moment,
        help="also what was scored before this moment, such as 2026-11-22T12:00+00:00; without it, only what"
        f" has no score by the current formulas (version {FORMULA_VERSION})",
    )
    either.add_argument(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="score nothing; show how two versions of the formulas differ over the scores there are by both",
    )
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
