"""Fetches the answers of ended jobs and stores them, each in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, replace
from operator import add
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Any

from assemblyai_provider.exceptions import RequestRefusedError, TranscriptNotFoundError, TransportError
from assemblyai_provider.models import FailureKind, Transcript, TranscriptFailure
from call_sentiment.channels import compare_channels
from call_sentiment.database import connect, run_sql
from call_sentiment.exceptions import UnstorableError
from call_sentiment.loading.answers import AnswerSummary, summarize_answer
from call_sentiment.loading.copy_lines import copy_lines
from call_sentiment.loading.sentences import Sentence, read_sentences
from call_sentiment.loading.transcript_store import give_up, store_answer, store_failure
from call_sentiment.migrations import migrate
from call_sentiment.operations import TaskKey, note_task
from call_sentiment.states import ResultStatus

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

Row = Mapping[str, Any]
Fetch = Callable[[str], Transcript]

# A single one is idle while its thread waits for the GIL behind threads that read answers. A fourth gains
# little.
_CONNECTIONS = 3
_NOT_FOUND = TranscriptFailure(
    kind=FailureKind.OTHER, reason="AssemblyAI no longer knows this transcript", retryable=True
)


@dataclass(slots=True)
class LoadSummary:
    """Counts of a batch: transcripts loaded, their sentences, transcripts failed, in progress, given up."""

    loaded: int = 0
    sentences: int = 0
    failed: int = 0
    in_progress: int = 0
    given_up: int = 0

    def __add__(self, other: LoadSummary) -> LoadSummary:
        return LoadSummary(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _PreparedAnswer:
    """The answer of a completed job, as it is stored."""

    summary: AnswerSummary
    sentence_lines: bytes = b""


def load_batch(
    postgres_conn_id: str,
    call_ids: Sequence[str],
    fetch: Fetch,
    workers: int = 4,
    *,
    ended: Sequence[str] | None = None,
    give_up_after_s: float | None = None,
    task: TaskKey | None = None,
) -> LoadSummary:
    """Fetch and store the submitted transcripts of these calls; a rerun does only what is left.

    The answer of a completed job is stored whole or not at all. A job that ended in an error or is unknown to
    AssemblyAI makes its transcript `failed`; one without speech is loaded as such. A job in progress is left
    alone until `give_up_after_s` seconds have passed since its submission; then it is given up (see
    `resume_ended`). A transcript that another process is loading is left to that process.

    `workers` threads each fetch and store one transcript at a time, so memory holds at most `workers`
    answers. They share three database connections. A network error or a refused request leaves its transcript
    for the next try and is raised at the end. Errors of the key, the account or the database stop all threads
    and are raised at once.

    :param fetch: gives the transcript of an AssemblyAI id, like `AssemblyAIHook.get_transcript`.
    :param ended: AssemblyAI ids of jobs known to have ended; the others are not fetched. None: not known.
    :param task: noted as the task instance that handles the transcripts.
    """
    wanted = {
        "call_ids": list(call_ids),
        "ended": None if ended is None else list(ended),
        "give_up_after_s": give_up_after_s,
    }
    with ExitStack() as stack:
        # This connection holds the locks that keep other loads away until it closes.
        connection = stack.enter_context(closing(connect(postgres_conn_id)))
        migrate(connection)
        transcripts = run_sql(connection, "loading/find_transcripts_to_load", wanted)
        if task is not None and ended is not None:  # otherwise jobs in progress may be among them
            note_task(connection, [row["transcript_id"] for row in transcripts], task)
        further = max(0, min(workers, len(transcripts), _CONNECTIONS) - 1)
        connections = [connection, *(_open(stack, postgres_conn_id) for _ in range(further))]
        loader = _Loader(fetch, connections)
        with ThreadPoolExecutor(workers, thread_name_prefix="load") as executor:
            try:
                summaries = list(executor.map(loader.load, transcripts))
            finally:
                # Also where this thread is interrupted: the others end after the transcript in hand.
                loader.stop.set()
    if loader.errors:
        log.warning("%d transcripts could not be fetched; the next try fetches them", len(loader.errors))
        raise loader.errors[0]
    return sum(summaries, LoadSummary())


class _Loader:
    """Loads transcripts from several threads, one transcript per call of `load`.

    :ivar stop: set to have `load` do nothing any more.
    :ivar errors: of the transcripts that could not be fetched.
    """

    def __init__(self, fetch: Fetch, connections: Sequence[Connection]) -> None:
        self.stop = Event()
        self.errors: list[Exception] = []
        self._fetch = fetch
        # psycopg2's own pool raises an error where no connection is free; a queue waits for one.
        self._connections: SimpleQueue[Connection] = SimpleQueue()
        for connection in connections:
            self._connections.put(connection)

    def load(self, transcript: Row) -> LoadSummary:
        """Fetch and store one transcript. An error that concerns all transcripts stops all threads."""
        if self.stop.is_set():
            return LoadSummary()
        try:
            answer = _fetch_answer(self._fetch, transcript)
            connection = self._connections.get()
            try:
                return _store(connection, transcript, answer)
            finally:
                self._connections.put(connection)
        except (TransportError, RequestRefusedError) as error:
            log.warning("Transcript %s cannot be fetched now: %s", transcript["assemblyai_id"], error)
            self.errors.append(error)
            return LoadSummary()
        except BaseException:
            self.stop.set()
            raise


def _open(stack: ExitStack, postgres_conn_id: str) -> Connection:
    return stack.enter_context(closing(connect(postgres_conn_id)))


def _fetch_answer(fetch: Fetch, transcript: Row) -> _PreparedAnswer | TranscriptFailure | None:
    """Fetch one transcript and prepare it for storing; None while its job is in progress.

    The answer itself is freed on return, before this thread waits for a database connection.
    """
    try:
        job = fetch(transcript["assemblyai_id"])
    except TranscriptNotFoundError:
        return _NOT_FOUND
    failure = job.failure
    if failure is not None and failure.kind is not FailureKind.NO_SPEECH:
        return failure
    if not job.status.is_terminal:
        return None
    summary = summarize_answer(job.raw, ResultStatus.NO_SPEECH if failure else None, job.content_flags)
    if summary.status is not ResultStatus.OK:
        return _PreparedAnswer(summary=summary)
    channels: Mapping[str, str] | None = transcript["channels"]
    sentences: Iterable[Sentence] = read_sentences(job.raw, channels)
    if channels:
        sentences = list(sentences)
        heard = {(sentence.channel, sentence.speaker) for sentence in sentences}
        summary = replace(summary, notices=compare_channels(channels, heard, summary.audio_channels))
    return _PreparedAnswer(summary=summary, sentence_lines=copy_lines(transcript["transcript_id"], sentences))


def _store(
    connection: Connection, transcript: Row, answer: _PreparedAnswer | TranscriptFailure | None
) -> LoadSummary:
    transcript_id = transcript["transcript_id"]
    if answer is None:
        if not transcript["overdue"]:
            return LoadSummary(in_progress=1)
        give_up(connection, transcript_id)
        return LoadSummary(given_up=1)
    if isinstance(answer, _PreparedAnswer):
        try:
            count = store_answer(connection, transcript_id, answer.summary, answer.sentence_lines)
        except UnstorableError as error:
            failure = TranscriptFailure(kind=FailureKind.OTHER, reason=str(error), retryable=False)
            store_failure(connection, transcript_id, failure, answer.summary)
            return LoadSummary(failed=1)
        return LoadSummary() if count is None else LoadSummary(loaded=1, sentences=count)
    store_failure(connection, transcript_id, answer)
    return LoadSummary(failed=1)
