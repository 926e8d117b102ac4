"""Fetches finished transcripts and stores them, each in one transaction."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, field, replace
from operator import add
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from assemblyai_provider.exceptions import RequestRefusedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.models import FailureKind, Transcript, TranscriptFailure
from call_sentiment.channels import compare_channels
from call_sentiment.database import connect, run_sql
from call_sentiment.loading.answers import Reading, read_answer
from call_sentiment.loading.copy_lines import copy_lines
from call_sentiment.loading.sentences import Sentence, read_sentences
from call_sentiment.loading.transcript_store import UnstorableError, give_up, store_failure, store_reading
from call_sentiment.migrations import migrate

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
Fetch = Callable[[str], Transcript]

# One would idle whenever its thread queues for Python behind those that read answers; a fourth gains little.
_CONNECTIONS = 3
_LOST = TranscriptFailure(
    kind=FailureKind.OTHER, reason="AssemblyAI does not know this transcript any more", retryable=True
)


@dataclass(slots=True)
class LoadSummary:
    """What became of a batch: transcripts stored (with how many sentences), failed, in progress, given up."""

    loaded: int = 0
    sentences: int = 0
    failed: int = 0
    waiting: int = 0
    given_up: int = 0

    def __add__(self, other: LoadSummary) -> LoadSummary:
        return LoadSummary(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """What is left of an answer: why there is no transcript, or what to store; neither while it is made."""

    failure: TranscriptFailure | None = None
    reading: Reading | None = None
    lines: bytes = b""


def load_batch(
    postgres_conn_id: str,
    call_ids: Sequence[str],
    fetch: Fetch,
    workers: int = 4,
    *,
    ended: Sequence[str] | None = None,
    give_up_after_s: float | None = None,
) -> LoadSummary:
    """Fetch and store the submitted transcripts of these calls; run again, it does only what is left.

    A finished one is stored whole or not at all. One that ended in an error, or is lost, becomes `failed`;
    one without speech is loaded as such. One in progress is left alone, unless it has been for more than
    `give_up_after_s` seconds: then it is given up (see `resume_ended`). What another process is just loading
    is left to that one. `workers` threads fetch and
    store one at a time, so no more than that many answers are in memory, however large the batch; they share
    three database connections. A network error leaves its transcript for the next try and is raised when the
    others are done. Errors of the key, the account or the database are raised at once.

    :param fetch: gives the transcript of an AssemblyAI id, like `AssemblyAIHook.get_transcript`.
    :param ended: AssemblyAI ids of jobs known to be over; the others are not fetched. None: not known.
    """
    wanted = {
        "call_ids": list(call_ids),
        "ended": None if ended is None else list(ended),
        "give_up_after_s": give_up_after_s,
    }
    with ExitStack() as stack:
        connection = stack.enter_context(closing(connect(postgres_conn_id)))
        migrate(connection)
        left = deque[Row](run_sql(connection, "loading/find_transcripts_to_load", wanted))
        free: SimpleQueue[Connection] = SimpleQueue()
        free.put(connection)
        for _ in range(1, min(workers, len(left), _CONNECTIONS)):
            free.put(stack.enter_context(closing(connect(postgres_conn_id))))
        works = [_Work(connections=free, fetch=fetch, left=left) for _ in range(min(workers, len(left)))]
        with ThreadPoolExecutor(workers, thread_name_prefix="load") as pool:
            running = [pool.submit(work.run) for work in works]
            try:
                for future in running:
                    future.result()
            finally:
                # Also where this thread is interrupted: the others end after what they have in hand.
                left.clear()
    if troubles := [trouble for work in works for trouble in work.troubles]:
        log.warning("%d transcripts could not be fetched this time", len(troubles))
        raise troubles[0]
    return sum((work.summary for work in works), LoadSummary())


@dataclass(slots=True, kw_only=True)
class _Work:
    """One thread's share: it takes the next transcript of `left`, which all threads share, until none is."""

    connections: SimpleQueue[Connection]
    fetch: Fetch
    left: deque[Row]
    summary: LoadSummary = field(default_factory=LoadSummary)
    troubles: list[Exception] = field(default_factory=list)

    def run(self) -> None:
        try:
            while (row := self._take()) is not None:
                self._load(row)
        finally:
            # An error that concerns all stops all.
            self.left.clear()

    def _take(self) -> Row | None:
        try:
            return self.left.popleft()
        except IndexError:
            return None

    def _load(self, row: Row) -> None:
        try:
            fetched = _fetch(self.fetch, row)
        except TranscriptNotFoundError:
            fetched = _Fetched(failure=_LOST)
        except (TransportError, RequestRefusedError) as error:
            self.troubles.append(error)
            return
        connection = self.connections.get()
        try:
            _store(connection, row, fetched, self.summary)
        finally:
            self.connections.put(connection)


def _fetch(fetch: Fetch, row: Row) -> _Fetched:
    """Fetch one transcript and make its rows; the answer itself is let go."""
    transcript = fetch(row["assemblyai_id"])
    failure = transcript.failure
    if failure is not None and failure.kind is not FailureKind.NO_SPEECH:
        return _Fetched(failure=failure)
    if not transcript.status.is_terminal:
        return _Fetched()
    reading = read_answer(transcript.answer, "no_speech" if failure else None)
    if reading.status != "ok":
        return _Fetched(reading=reading)
    channels: Mapping[str, str] | None = row["channels"]
    sentences: Iterable[Sentence] = read_sentences(transcript.answer, channels)
    if channels:
        sentences = list(sentences)
        heard = {(sentence.channel, sentence.speaker) for sentence in sentences}
        notices = compare_channels(channels, heard, reading.audio_channels)
        reading = replace(reading, notices=notices)
    return _Fetched(reading=reading, lines=copy_lines(row["transcript_id"], sentences))


def _store(connection: Connection, row: Row, fetched: _Fetched, summary: LoadSummary) -> None:
    transcript_id, failure = row["transcript_id"], fetched.failure
    if fetched.reading is not None:
        try:
            stored = store_reading(connection, transcript_id, fetched.reading, fetched.lines)
        except UnstorableError as error:
            failure = TranscriptFailure(kind=FailureKind.OTHER, reason=str(error), retryable=False)
        else:
            summary.loaded += stored is not None
            summary.sentences += stored or 0
    elif failure is None and row["overdue"]:
        give_up(connection, transcript_id)
        summary.given_up += 1
    elif failure is None:
        summary.waiting += 1
    if failure is not None:
        store_failure(connection, transcript_id, failure)
        summary.failed += 1
