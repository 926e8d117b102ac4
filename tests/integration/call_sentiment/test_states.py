from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from call_sentiment import sql
from call_sentiment.states import CallStatus, ContentStatus, ResultStatus, TranscriptState
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SQL_FILES = sorted(Path(sql.__file__).parent.glob("*/*.sql"))
# `state IN ('a', 'b')`, `state = 'a'`, `t.state <> 'a'` and the like.
COMPARED = r"\b{column}\s*(?:=|<>|(?:NOT )?IN)\s*(\([^()]*\)|'\w*')"
LITERAL = re.compile(r"'(\w*)'")


def _allowed(connection: Connection, column: str) -> set[str]:
    """The words that the CHECK constraint of a column of `transcripts` lists."""
    (row,) = query(
        connection,
        "SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint"
        " WHERE conrelid = 'call_sentiment.transcripts'::regclass AND contype = 'c' AND conname = %s",
        f"transcripts_{column}_check",
    )
    return set(LITERAL.findall(row["definition"]))


@pytest.mark.parametrize(
    ("column", "words"),
    [("state", TranscriptState), ("status", ResultStatus), ("content_status", ContentStatus)],
)
def test_the_database_allows_the_members_of_the_enum_and_no_others(
    scores_db: Connection, column: str, words: type[StrEnum]
) -> None:
    assert _allowed(scores_db, column) == set(words)


def test_a_call_has_a_result_or_is_in_progress_failed_or_a_duplicate() -> None:
    assert set(CallStatus) == {*ResultStatus, "in_progress", "failed", "duplicate"}


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_state_in_a_statement_is_a_member_of_the_enum(path: Path) -> None:
    assert _literals(path.read_text(), "state") <= set(TranscriptState)


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_status_in_a_statement_is_a_member_of_the_enum(path: Path) -> None:
    assert _literals(path.read_text(), "status") <= set(CallStatus)


def test_the_literals_of_the_statements_are_found() -> None:
    text = "".join(path.read_text() for path in SQL_FILES)
    assert _literals(text, "state") == set(TranscriptState)
    assert len(_literals(text, "status")) > 1


def _literals(text: str, column: str) -> set[str]:
    compared = re.findall(COMPARED.format(column=column), text)
    return {word for literals in compared for word in LITERAL.findall(literals)}
