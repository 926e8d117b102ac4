"""Writes to the ledger how a transcript's job ended, each in one transaction."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg2
from psycopg2.errors import ProgramLimitExceeded

from assemblyai_provider.models import TranscriptFailure
from call_sentiment.database import run_sql
from call_sentiment.exceptions import UnstorableError
from call_sentiment.jsontext import clean_text
from call_sentiment.loading.answers import AnswerSummary
from call_sentiment.sql import read_statement
from call_sentiment.states import ContentStatus

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


_GIVEN_UP = (
    "AssemblyAI has not finished this job in time: it is loaded if it ends later, and is not submitted again"
)


def store_answer(
    connection: Connection, transcript_id: int, summary: AnswerSummary, sentence_lines: bytes
) -> int | None:
    """Store an answer; return its number of sentences, None if it was stored before.

    Raises UnstorableError or psycopg2.Error. Neither quotes the call: PostgreSQL's own message may quote a
    line, and so the call.

    :param sentence_lines: as `copy_lines` returns them.
    """
    try:
        return _write(connection, transcript_id, summary, sentence_lines)
    except (psycopg2.DataError, ProgramLimitExceeded) as error:
        raise UnstorableError(f"the answer cannot be stored ({_error_code(error)})") from None
    except psycopg2.Error as error:
        raise type(error)(f"a transcript cannot be stored now ({_error_code(error)})") from None


def store_failure(
    connection: Connection,
    transcript_id: int,
    failure: TranscriptFailure,
    billed: AnswerSummary | None = None,
) -> None:
    """Mark a transcript as failed: its job gave none, or one that was `billed` and cannot be stored."""
    run_sql(
        connection,
        "loading/mark_load_failed",
        {
            "transcript_id": transcript_id,
            "error": clean_text(failure.reason),
            "retryable": failure.retryable,
            "audio_duration_s": billed and billed.audio_duration_s,
            "speech_model_used": billed and billed.speech_model_used,
        },
    )


def give_up(connection: Connection, transcript_id: int) -> None:
    """Mark a transcript as given up: its job is in progress for too long. `resume_ended` may resume it."""
    run_sql(connection, "loading/give_up", {"transcript_id": transcript_id, "error": _GIVEN_UP})


def _write(
    connection: Connection, transcript_id: int, summary: AnswerSummary, sentence_lines: bytes
) -> int | None:
    with connection:
        marked = run_sql(
            connection,
            "loading/mark_loaded",
            {
                "transcript_id": transcript_id,
                "status": summary.status,
                "language_code": summary.language_code,
                "speech_model_used": summary.speech_model_used,
                "audio_duration_s": summary.audio_duration_s,
                "answer": summary.kept,
                "notices": list(summary.notices),
                "content_status": summary.content_status,
            },
        )
        if not marked:
            return None
        if summary.content_status is ContentStatus.ANALYZED:
            flags = {"transcript_id": transcript_id, "flags": summary.content_flags}
            run_sql(connection, "loading/add_content_flags", flags)
        with connection.cursor() as cursor:
            # In one read: before each further one, this thread would wait for the GIL behind the others.
            cursor.copy_expert(
                read_statement("loading/copy_sentences"), io.BytesIO(sentence_lines), len(sentence_lines) + 1
            )
            return cursor.rowcount


def _error_code(error: psycopg2.Error) -> str:
    return f"PostgreSQL error {error.pgcode or 'without a code'}, {type(error).__name__}"
