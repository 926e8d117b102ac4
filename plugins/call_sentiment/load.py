"""Fetches finished transcripts and stores them, each in one transaction."""

from __future__ import annotations

import io
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.errors import ProgramLimitExceeded

from assemblyai_provider.exceptions import RequestRefusedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.models import FailureKind, Transcript, TranscriptFailure
from call_sentiment.answers import Reading, read_answer, read_sentences
from call_sentiment.copytext import copy_lines
from call_sentiment.database import connect, run_sql
from call_sentiment.jsontext import clean_text
from call_sentiment.migrations import migrate
from call_sentiment.sql import read_statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
Fetch = Callable[[str], Transcript]

_LOST = TranscriptFailure(
    kind=FailureKind.OTHER, reason="AssemblyAI does not know this transcript any more", retryable=True
)


@dataclass(slots=True)
class LoadSummary:
    """What became of a batch: transcripts stored (with how many sentences), failed, and still being made."""

    loaded: int = 0
    sentences: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """What is left of an answer: why there is no transcript, or what to store; neither while it is made."""

    failure: TranscriptFailure | None = None
    reading: Reading | None = None
    lines: str = ""


def load_batch(postgres_conn_id: str, call_ids: Sequence[str], fetch: Fetch, workers: int = 4) -> LoadSummary:
    """Fetch and store the submitted transcripts of these calls; run again, it does only what is left.

    A finished one is stored whole or not at all. One that ended in an error, or is lost, becomes `failed`;
    one without speech is loaded as such. One still being made is left alone. `fetch` runs in `workers`
    threads, and no more than that many answers are in memory, however large the batch. A network error
    leaves its transcript for the next try and is raised when the others are done. Errors of the key, the
    account or the database are raised at once.

    :param fetch: gives the transcript of an AssemblyAI id, like `AssemblyAIHook.get_transcript`.
    """
    summary = LoadSummary()
    troubles: list[Exception] = []
    with closing(connect(postgres_conn_id)) as connection:
        migrate(connection)
        rows = run_sql(connection, "find_transcripts_to_load", {"call_ids": list(call_ids)})
        for row, fetched in _fetch_all(rows, fetch, workers):
            if isinstance(fetched, _Fetched):
                _store(connection, row, fetched, summary)
            elif isinstance(fetched, TranscriptNotFoundError):
                _fail(connection, row, _LOST, summary)
            else:
                troubles.append(fetched)
    if troubles:
        log.warning("%d transcripts could not be fetched this time", len(troubles))
        raise troubles[0]
    return summary


def _fetch_all(rows: Sequence[Row], fetch: Fetch, workers: int) -> Iterator[tuple[Row, _Fetched | Exception]]:
    """Yield each row with what was fetched, or with the error that concerns it alone."""
    waiting: deque[tuple[Row, Future[_Fetched]]] = deque()
    left = iter(rows)
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            while len(waiting) < workers and (row := next(left, None)) is not None:
                waiting.append((row, pool.submit(_fetch, fetch, row)))
            if not waiting:
                return
            row, future = waiting.popleft()
            try:
                yield row, future.result()
            except (TransportError, TranscriptNotFoundError, RequestRefusedError) as error:
                yield row, error
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(fetch: Fetch, row: Row) -> _Fetched:
    """Fetch one transcript and make its rows, while the database is busy with those before it."""
    transcript = fetch(row["assemblyai_id"])
    failure = transcript.failure
    if failure is not None and failure.kind is not FailureKind.NO_SPEECH:
        return _Fetched(failure=failure)
    if not transcript.status.is_terminal:
        return _Fetched()
    reading = read_answer(transcript.answer, "no_speech" if failure else None)
    if reading.status != "ok":
        return _Fetched(reading=reading)
    sentences = read_sentences(transcript.answer, row["channels"])
    return _Fetched(reading=reading, lines=copy_lines(row["transcript_id"], sentences))


def _store(connection: Connection, row: Row, fetched: _Fetched, summary: LoadSummary) -> None:
    if fetched.failure is not None:
        _fail(connection, row, fetched.failure, summary)
    elif fetched.reading is None:
        summary.waiting += 1
    else:
        try:
            stored = _store_reading(connection, row, fetched.reading, fetched.lines)
        except (psycopg2.DataError, ProgramLimitExceeded) as error:
            reason = f"the answer cannot be stored ({_without_words(error)})"
            _fail(
                connection,
                row,
                TranscriptFailure(kind=FailureKind.OTHER, reason=reason, retryable=False),
                summary,
            )
        else:
            summary.loaded += stored is not None
            summary.sentences += stored or 0


def _store_reading(connection: Connection, row: Row, reading: Reading, lines: str) -> int | None:
    """Store an answer in one transaction; return its number of sentences, None if it was stored before."""
    try:
        return _write(connection, row, reading, lines)
    except (psycopg2.DataError, ProgramLimitExceeded):
        raise
    except psycopg2.Error as error:
        raise type(error)(f"a transcript cannot be stored now ({_without_words(error)})") from None


def _without_words(error: psycopg2.Error) -> str:
    """What may be told of an error: the server's own message may quote the line, and so the call."""
    return f"PostgreSQL error {error.pgcode or 'of the connection'}"


def _write(connection: Connection, row: Row, reading: Reading, lines: str) -> int | None:
    with connection:
        if not run_sql(connection, "lock_transcript_to_load", {"transcript_id": row["transcript_id"]}):
            return None
        with connection.cursor() as cursor:
            # In one piece: for each further one, this thread would queue for Python behind those that fetch.
            cursor.copy_expert(read_statement("copy_sentences"), io.StringIO(lines), len(lines) + 1)
            count = cursor.rowcount
        run_sql(
            connection,
            "mark_loaded",
            {
                "transcript_id": row["transcript_id"],
                "status": reading.status,
                "language_code": reading.language_code,
                "speech_model_used": reading.speech_model_used,
                "audio_duration_s": reading.audio_duration_s,
                "answer": reading.kept,
            },
        )
    return count


def _fail(connection: Connection, row: Row, failure: TranscriptFailure, summary: LoadSummary) -> None:
    summary.failed += 1
    run_sql(
        connection,
        "mark_load_failed",
        {
            "transcript_id": row["transcript_id"],
            "error": clean_text(failure.reason),
            "retryable": failure.retryable,
        },
    )
