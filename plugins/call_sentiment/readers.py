"""Lets other people and tools read the results: creates a role of PostgreSQL that can do nothing else.

python -m call_sentiment.readers [--with-words] [--postgres-conn-id call_sentiment_db]
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from contextlib import closing

import psycopg2

from call_sentiment.database import connect
from call_sentiment.grants import READER, WORDS_READER, make_reader
from call_sentiment.migrations import migrate

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; it logs the role and how to give it to a user."""
    options = _read_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    role = WORDS_READER if options.with_words else READER
    with closing(connect(options.postgres_conn_id)) as connection:
        migrate(connection)
        try:
            make_reader(connection, role)
        except psycopg2.errors.InsufficientPrivilege:
            raise SystemExit(
                f"The user of the connection {options.postgres_conn_id} may not create the role {role}. Let "
                f"an administrator of PostgreSQL run CREATE ROLE {role} NOLOGIN, then run this command again."
            ) from None
    log.info("The role %s may read this database. For each user: GRANT %s TO the_user", role, role)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m call_sentiment.readers",
        description=f"Create the role {READER}, or with --with-words {WORDS_READER}, which may read the"
        " results and nothing else. It cannot log in: grant it to your users. A rerun changes nothing.",
    )
    parser.add_argument("--postgres-conn-id", default="call_sentiment_db", help="Airflow connection")
    parser.add_argument(
        "--with-words",
        action="store_true",
        help="the role may also read what was said and where the recordings are",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
