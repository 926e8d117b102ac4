"""The roles that may read the results: what they see, and what they are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from call_sentiment import readers
from call_sentiment.database import connect_dsn, run_statement
from call_sentiment.grants import READER, WORDS_READER, make_reader
from call_sentiment.listing import refresh_listing
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import score_pending
from local_stack.postgres import EmbeddedPostgres, airflow_connection
from tests.support.history import insert_calls
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SAID = "zanzibar marmalade"
SIGNATURE = "signature5ecret"
# Everywhere that the words of a call, or what opens its recording, can be.
PLANT = (
    f"UPDATE call_sentiment.sentences SET text = '{SAID}', raw = '{{\"text\": \"{SAID}\"}}'",
    f'UPDATE call_sentiment.transcripts SET answer = \'{{"text": "{SAID}"}}\'',
    f"UPDATE call_sentiment.calls SET recording = 'https://example.com/1.mp3?signature={SIGNATURE}'",
    "INSERT INTO call_sentiment.label_reviews (transcript_id, reviewer, reviewed_label, reason, is_blind)"
    f" SELECT transcript_id, 'ada', 'NEGATIVE', 'Says {SAID}.', true FROM call_sentiment.transcripts",
)
RELATIONS = (
    "SELECT c.relname, a.attname FROM pg_class AS c"
    " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relnamespace = 'call_sentiment'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1, a.attnum"
)
WITH_WORDS = {
    ("sentences", "text"),
    ("sentences", "raw"),
    ("transcripts", "answer"),
    ("call_listing", "words"),
    ("label_reviews", "reason"),
    ("current_reviews", "reason"),
    ("calls", "recording"),
    ("call_overview", "recording"),
}


@pytest.fixture
def owner(results_dsn: str, postgres_server: EmbeddedPostgres) -> Iterator[Connection]:
    """The schema's owner, with two scored calls in it; the roles are gone afterwards."""
    with closing(connect_dsn(results_dsn)) as connection:
        migrate(connection)
        insert_calls(connection, "", range(1, 3), 10)
        for statement in PLANT:
            query(connection, statement)
        score_pending(connection)
        refresh_listing(connection)
        yield connection
        for role in (READER, WORDS_READER, "an_analyst"):
            if query(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                query(connection, f"DROP OWNED BY {role}")
                query(connection, f"DROP ROLE {role}")


@pytest.fixture
def log_in(owner: Connection, results_dsn: str) -> Iterator[Callable[[str], Connection]]:
    """Connect as a user who has one of the roles."""
    with ExitStack() as stack:

        def connect_as(role: str) -> Connection:
            query(owner, "CREATE ROLE an_analyst LOGIN")
            query(owner, f"GRANT {role} TO an_analyst")
            return stack.enter_context(closing(connect_dsn(results_dsn, user="an_analyst")))

        yield connect_as


def _readable(connection: Connection) -> dict[tuple[str, str], list[Any]]:
    """The values of each column of the schema that can be read."""
    found = {}
    for row in query(connection, RELATIONS):
        try:
            values = query(
                connection, f'SELECT "{row["attname"]}" AS value FROM call_sentiment.{row["relname"]}'
            )
        except psycopg2.errors.InsufficientPrivilege:
            continue
        found[row["relname"], row["attname"]] = [value["value"] for value in values]
    return found


def _all_columns(connection: Connection) -> set[tuple[str, str]]:
    return {(row["relname"], row["attname"]) for row in query(connection, RELATIONS)}


def test_a_reader_sees_everything_but_words_and_recordings(
    owner: Connection, log_in: Callable[[str], Connection]
) -> None:
    make_reader(owner, READER)

    found = _readable(log_in(READER))

    assert _all_columns(owner) - found.keys() == WITH_WORDS
    assert found["call_overview", "status"] == ["ok", "ok"]
    assert found["call_scores", "sentiment_score"]
    told = str(found)
    assert not [word for word in (*SAID.split(), SIGNATURE) if word in told]
    # The test looks where something is: each of these is in what the owner reads.
    assert {word in str(_readable(owner)) for word in (*SAID.split(), SIGNATURE)} == {True}


def test_every_column_that_can_hold_an_answer_is_decided_about(owner: Connection) -> None:
    without_words = {
        ("backfills", "settings"),
        ("calls", "channels"),
        ("calls", "metadata"),
        ("transcript_billing", "request"),
        ("transcripts", "options"),
        ("transcripts", "request"),
    }
    kinds = ("jsonb", "tsvector")
    found = query(
        owner, RELATIONS.replace("ORDER", "AND a.atttypid::regtype::text = ANY (%s) ORDER"), [*kinds]
    )
    assert {(row["relname"], row["attname"]) for row in found} - WITH_WORDS == without_words


def test_a_reader_with_words_sees_everything(owner: Connection, log_in: Callable[[str], Connection]) -> None:
    make_reader(owner, WORDS_READER)

    found = _readable(log_in(WORDS_READER))

    assert found.keys() == _all_columns(owner)
    assert SAID in found["sentences", "text"]


@pytest.mark.parametrize("role", [READER, WORDS_READER])
def test_a_reader_writes_nothing(owner: Connection, log_in: Callable[[str], Connection], role: str) -> None:
    make_reader(owner, role)
    reader = log_in(role)

    for statement in (
        "INSERT INTO call_sentiment.request_counts VALUES (now(), 'load', 1)",
        "UPDATE call_sentiment.calls SET queue = 'x'",
        "DELETE FROM call_sentiment.transcripts",
        "TRUNCATE call_sentiment.call_listing",
        "CREATE TABLE call_sentiment.mine (id integer)",
        "DROP VIEW call_sentiment.daily_scores",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(reader, statement)


def test_no_function_tells_a_reader_the_words(owner: Connection, log_in: Callable[[str], Connection]) -> None:
    make_reader(owner, READER)
    reader = log_in(READER)

    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(reader, "SELECT call_sentiment.words_of(transcript_id) FROM call_sentiment.transcripts")


def test_what_a_migration_adds_is_granted_by_it(
    results_dsn: str, owner: Connection, log_in: Callable[[str], Connection]
) -> None:
    make_reader(owner, READER)
    run_statement(owner, "DROP SCHEMA call_sentiment CASCADE", {})
    # The newest migrations find a reader of the oldest schema.
    query(owner, "CREATE SCHEMA call_sentiment")
    query(owner, f"GRANT USAGE ON SCHEMA call_sentiment TO {READER}")

    migrate(owner)

    assert _all_columns(owner) - _readable(log_in(READER)).keys() == WITH_WORDS


def test_the_command_creates_the_role_and_changes_nothing_a_second_time(
    results_dsn: str, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CALL_SENTIMENT_DB", airflow_connection(results_dsn))
    privileges = (
        "SELECT relname, relacl::text, attacl::text"
        " FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'call_sentiment'::regnamespace ORDER BY relname, attnum"
    )
    readers.main([])
    first = query(owner, privileges)
    assert "call_sentiment_reader=r" in str(first)

    readers.main([])

    assert query(owner, privileges) == first
    readers.main(["--with-words"])
    login = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'call_sentiment_%%' ORDER BY 1"
    assert [tuple(row.values()) for row in query(owner, login)] == [(READER, False), (WORDS_READER, False)]


def test_a_user_who_may_not_create_roles_is_told_what_to_do(
    results_dsn: str, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(owner, "CREATE ROLE an_analyst LOGIN")
    query(owner, f"GRANT CREATE ON DATABASE {owner.info.dbname} TO an_analyst")
    query(owner, "DROP SCHEMA call_sentiment CASCADE")
    monkeypatch.setenv("AIRFLOW_CONN_CALL_SENTIMENT_DB", airflow_connection(f"{results_dsn} user=an_analyst"))

    with pytest.raises(SystemExit, match=f"CREATE ROLE {READER} NOLOGIN"):
        readers.main([])

    query(owner, f"CREATE ROLE {READER} NOLOGIN")
    readers.main([])
