"""Writes what became of a transcript, each in one transaction."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg2
from psycopg2.errors import ProgramLimitExceeded

from assemblyai_provider.models import TranscriptFailure
from call_sentiment.database import run_sql
from call_sentiment.jsontext import clean_text
from call_sentiment.loading.answers import Reading
from call_sentiment.sql import read_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


_GIVEN_UP = (
    "AssemblyAI has not finished this job in time: it is loaded should it end after all, and not sent again"
)


class UnstorableError(Exception):
    """The database refuses an answer for what is in it, now and ever."""


def store_reading(
    connection: Connection, transcript_id: int, reading: Reading, sentences: bytes
) -> int | None:
    """Store an answer; return its number of sentences, None if it was stored before.

    Raises UnstorableError or psycopg2.Error, neither of which quotes the call.

    :param sentences: lines of `copy_lines`.
    """
    try:
        return _write(connection, transcript_id, reading, sentences)
    except (psycopg2.DataError, ProgramLimitExceeded) as error:
        raise UnstorableError(f"the answer cannot be stored ({_without_words(error)})") from None
    except psycopg2.Error as error:
        raise type(error)(f"a transcript cannot be stored now ({_without_words(error)})") from None


def store_failure(connection: Connection, transcript_id: int, failure: TranscriptFailure) -> None:
    """Note that there will be no transcript of this submission."""
    run_sql(
        connection,
        "loading/mark_load_failed",
        {
            "transcript_id": transcript_id,
            "error": clean_text(failure.reason),
            "retryable": failure.retryable,
        },
    )


def give_up(connection: Connection, transcript_id: int) -> None:
    """Note that AssemblyAI works on this transcript for too long; it may still be resumed."""
    run_sql(connection, "loading/give_up", {"transcript_id": transcript_id, "error": _GIVEN_UP})


def _write(connection: Connection, transcript_id: int, reading: Reading, sentences: bytes) -> int | None:
    with connection:
        marked = run_sql(
            connection,
            "loading/mark_loaded",
            {
                "transcript_id": transcript_id,
                "status": reading.status,
                "language_code": reading.language_code,
                "speech_model_used": reading.speech_model_used,
                "audio_duration_s": reading.audio_duration_s,
                "answer": reading.kept,
                "notices": list(reading.notices),
            },
        )
        if not marked:
            return None
        with connection.cursor() as cursor:
            # In one piece: for each further one, this thread would queue for Python behind the others.
            cursor.copy_expert(
                read_statement("loading/copy_sentences"), io.BytesIO(sentences), len(sentences) + 1
            )
            return cursor.rowcount


def _without_words(error: psycopg2.Error) -> str:
    """What may be told of an error: the server's own message may quote the line, and so the call."""
    return f"PostgreSQL error {error.pgcode or 'of the connection'}"
