"""Scores all history again.

python -m call_sentiment.rescore [--before 2026-11-22T12:00+00:00] [--postgres-conn-id call_sentiment_db]
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from call_sentiment.database import connect, run_sql
from call_sentiment.migrations import migrate
from call_sentiment.score import FORMULA_VERSION, score_transcripts

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

CHUNK = 500
"""Transcripts in one transaction: a second of work or a few, which an interruption loses at most."""


def rescore(connection: Connection, before: datetime | None = None, chunk: int = CHUNK) -> int:
    """Score again every scored transcript that has no score under the current formulas; return how many.

    With `before` also those whose score is older than that moment. Each `chunk` transcripts are committed,
    and an interrupted call is continued by the same call. Scores under other versions stay, and so do those
    of a transcript whose sentences were deleted. It may run beside the Dag, whose new transcripts it leaves
    alone, and beside itself.
    """
    count = last = 0
    while found := _rescore_next(connection, last, before, chunk):
        count, last = count + len(found), found[-1]
        log.info("%d transcripts scored again, the last one number %d", count, last)
    return count


def _rescore_next(connection: Connection, after: int, before: datetime | None, chunk: int) -> list[int]:
    with connection:
        rows = run_sql(
            connection,
            "lock_scores_to_renew",
            {"after": after, "before": before, "formula_version": FORMULA_VERSION, "limit": chunk},
        )
        transcript_ids = [row["transcript_id"] for row in rows]
        if transcript_ids:
            score_transcripts(connection, transcript_ids)
    return transcript_ids


def moment(text: str) -> datetime:
    """An ISO 8601 time with its offset from UTC; ValueError for any other, which could mean two moments."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset from UTC")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; it logs how far it is."""
    options = argparse.ArgumentParser(
        prog="python -m call_sentiment.rescore",
        description="Score all history again, from the stored sentences. Interrupted, it goes on when it is"
        " run again with the same options.",
    )
    options.add_argument("--postgres-conn-id", default="call_sentiment_db", help="Airflow connection")
    options.add_argument(
        "--before",
        type=moment,
        help="also what was scored before this moment, such as 2026-11-22T12:00+00:00; without it, only what"
        f" has no score by the current formulas (version {FORMULA_VERSION})",
    )
    chosen = options.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with closing(connect(chosen.postgres_conn_id)) as connection:
        migrate(connection)
        count = rescore(connection, chosen.before)
    log.info("Done: %d transcripts scored again", count)


if __name__ == "__main__":
    main()
