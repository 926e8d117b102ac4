"""Indexes for the words of sentences, beside none: size, time to build, COPY, questions.

The words are made up with frequencies like those of a language: the word of rank r is said 1/r as often as
the first of 20,000. A sentence has 12 of them.

    python -m benchmarks.pages.text_indexes DSN [--sentences 1000000]

DSN names an empty database of a server that has the extension pg_trgm; the one in the wheel has none.
"""

from __future__ import annotations

import argparse
import io
from contextlib import closing
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.support import execute, print_machine, print_table, seconds
from call_sentiment.database import connect_dsn

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SENTENCES_PER_CALL = 100
COPIED = 70_000
WORDS = {"rare": 15_000, "middle": 500, "common": 3}
"""Ranks of the words that are asked for."""

WORD = """
CREATE FUNCTION pg_temp.word(rank integer) RETURNS text LANGUAGE sql IMMUTABLE
RETURN left(translate(md5(rank::text), '0123456789', 'ghijklmnop'), 3 + rank % 8)
"""
SAID = """
CREATE TABLE said AS
SELECT 1 + n / %s AS transcript_id, n %% %s AS position, t.text
FROM generate_series(0, %s - 1) AS n
CROSS JOIN LATERAL (
    SELECT string_agg(pg_temp.word(floor(exp(random() * ln(20000)))::integer), ' ' ORDER BY place + n) AS text
    FROM generate_series(1, 12) AS place
) AS t
"""
INDEXES = {
    "no index": None,
    "full text, a row a sentence": "CREATE INDEX words ON said USING gin (to_tsvector('simple', text))",
    "pg_trgm, a row a sentence": "CREATE INDEX words ON said USING gin (text gin_trgm_ops)",
}
DOCUMENTS = """
CREATE TABLE documents AS
SELECT transcript_id, strip(to_tsvector('simple', string_agg(text, ' '))) AS words
FROM said
GROUP BY transcript_id
"""
BY_WORDS = "SELECT count(*) FROM said WHERE to_tsvector('simple', text) @@ to_tsquery('simple', '{}:*')"
BY_LETTERS = "SELECT count(*) FROM said WHERE text ~* '\\m{}'"
BY_CALL = "SELECT count(*) FROM documents WHERE words @@ to_tsquery('simple', '{}:*')"


def copy(connection: Connection, lines: str) -> None:
    """COPY, and take it back."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY said FROM STDIN", io.StringIO(lines))
    connection.rollback()
    connection.autocommit = True


def ask(connection: Connection, question: str, words: dict[str, str]) -> list[str]:
    """Milliseconds of the question for each word, the median of three."""
    return [
        f"{1000 * median(seconds(partial(execute, connection, question.format(word))) for _ in range(3)):.1f}"
        for word in words.values()
    ]


def measure(connection: Connection, name: str, lines: str, words: dict[str, str]) -> list[str]:
    """One row of the table of indexes over sentences."""
    index = INDEXES[name]
    built = seconds(partial(execute, connection, index)) if index else 0.0
    taken = min(seconds(partial(copy, connection, lines)) for _ in range(4))
    answers = ["", "", ""]
    size = "0"
    if index:
        execute(connection, "ANALYZE said")
        answers = ask(connection, BY_LETTERS if "trgm" in index else BY_WORDS, words)
        size = f"{execute(connection, 'SELECT pg_relation_size(%s)', 'words')[0][0] / 1e6:.0f}"
        execute(connection, "DROP INDEX words")
    return [name, size, f"{built:.1f}", f"{COPIED / taken:,.0f}", *answers]


def by_call(connection: Connection, words: dict[str, str]) -> list[str]:
    """The row of an index with a row a call, filled after the load."""
    filled = seconds(partial(execute, connection, DOCUMENTS))
    built = seconds(partial(execute, connection, "CREATE INDEX ON documents USING gin (words)"))
    execute(connection, "VACUUM ANALYZE documents")
    ((index, table),) = execute(connection, "SELECT pg_indexes_size('documents'), pg_table_size('documents')")
    size = f"{index / 1e6:.0f} + {table / 1e6:.0f}"
    return [
        "full text, a row a call",
        size,
        f"{built:.1f} + {filled:.1f}",
        "",
        *ask(connection, BY_CALL, words),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description="Indexes for the words of sentences.")
    options.add_argument("dsn", help="an empty database of a server with pg_trgm")
    options.add_argument("--sentences", type=int, default=1_000_000)
    chosen = options.parse_args()
    with closing(connect_dsn(chosen.dsn)) as connection:
        print_machine(connection)
        execute(connection, "CREATE EXTENSION pg_trgm")
        execute(connection, WORD)
        execute(connection, SAID, SENTENCES_PER_CALL, SENTENCES_PER_CALL, chosen.sentences)
        execute(connection, "VACUUM ANALYZE said")
        ((size,),) = execute(connection, "SELECT pg_table_size('said')")
        print(f"{chosen.sentences:,} sentences, {size / 1e6:.0f} MB without their labels and times\n")
        words = {
            name: execute(connection, "SELECT pg_temp.word(%s)", rank)[0][0] for name, rank in WORDS.items()
        }
        sample = execute(connection, "SELECT * FROM said LIMIT %s", COPIED)
        lines = "".join("\t".join(map(str, row)) + "\n" for row in sample)
        rows = [measure(connection, name, lines, words) for name in INDEXES]
        rows.append(by_call(connection, words))
        asked = (f"{name} word, ms" for name in WORDS)
        print_table(("index", "MB", "build, s", "COPY, sentences/s", *asked), rows)


if __name__ == "__main__":
    main()
