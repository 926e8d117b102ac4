"""The submission memory of the submit operator, kept in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from psycopg2.errors import UniqueViolation

from assemblyai_provider.exceptions import DuplicateRecordingError
from assemblyai_provider.models import is_web_url, strip_url_queries, without_webhook
from assemblyai_provider.submission_memory import Submission, hash_audio_url
from call_sentiment.database import connect, run_sql
from call_sentiment.discovery.locations import file_version, is_readable
from call_sentiment.discovery.recordings import public_address
from call_sentiment.exceptions import LedgerError
from call_sentiment.jsontext import clean_text, dump_json
from call_sentiment.migrations import migrate
from call_sentiment.operations import note_task, task_key
from call_sentiment.states import TranscriptState

if TYPE_CHECKING:
    from airflow.sdk import Context
    from psycopg2.extensions import connection as Connection

_MAX_ERROR_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class _OpenBatch:
    """A batch being submitted: its connection, which holds the locks, and the rows of its submissions."""

    connection: Connection
    rows: Mapping[str, Mapping[str, Any]]
    duplicates: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the recordings that turned out to be duplicates, by key."""
    lock: Lock = field(default_factory=Lock)

    def run(self, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run one statement as a transaction of its own. The operator's threads take turns."""
        with self.lock:
            return run_sql(self.connection, name, params)

    def update(self, name: str, submission: Submission, **params: Any) -> None:
        """Run a statement on the submission's row. Raises LedgerError where its state does not allow it."""
        transcript_id = self.rows[submission.key]["transcript_id"]
        if not self.run(name, {**params, "transcript_id": transcript_id}):
            raise LedgerError(
                f"call {submission.key}: transcript {transcript_id} is no longer to be submitted ({name}); "
                "a retry reads the ledger anew"
            )


@dataclass(slots=True, unsafe_hash=True)
class LedgerMemory:
    """A SubmissionMemory of the provider whose recordings are call ids of the ledger.

    While a batch is open, session-level advisory locks are held on its calls: another process that opens one
    of them waits, and reads the ledger anew afterwards. The server frees the locks when the process ends,
    however it ends. So the Airflow connection must lead to PostgreSQL itself or to a pool in session mode;
    with PgBouncer in transaction mode the locks protect nothing.

    Every write is one statement, durable when the method returns. If the connection breaks, the methods raise
    psycopg2.OperationalError, so that nothing is posted without the lock.

    :param postgres_conn_id: Airflow connection of the results database; its schema is migrated first.
    """

    postgres_conn_id: str
    _batch: _OpenBatch | None = field(default=None, init=False, repr=False, compare=False)

    @contextmanager
    def open(self, recordings: Sequence[str], context: Context) -> Iterator[Sequence[Submission]]:
        """Lock the calls and give, in their order, those that are to be submitted or are submitted.

        A call whose transcript is loaded or ended is left out. One batch at a time: RuntimeError otherwise.
        """
        if self._batch is not None:
            raise RuntimeError("this memory is open already")
        with closing(connect(self.postgres_conn_id)) as connection:
            migrate(connection)
            run_sql(connection, "submission/keep_session")
            call_ids = list(dict.fromkeys(recordings))
            run_sql(connection, "submission/lock_calls", {"call_ids": call_ids})
            rows = {
                r["call_id"]: r
                for r in run_sql(connection, "submission/find_submissions", {"call_ids": call_ids})
            }
            if ti := context.get("ti"):
                to_submit = [r["transcript_id"] for r in rows.values() if r["assemblyai_id"] is None]
                note_task(connection, to_submit, task_key(ti))
            self._batch = _OpenBatch(connection, rows)
            try:
                yield [_make_submission(rows[call_id]) for call_id in call_ids if call_id in rows]
            finally:
                self._batch = None

    def remember_post(
        self,
        submission: Submission,
        *,
        audio_url: str,
        content_sha256: str | None,
        request: Mapping[str, Any],
    ) -> None:
        """See the protocol. Two calls with the same bytes cannot both pass: a unique index decides."""
        order = without_webhook({k: v for k, v in request.items() if k != "audio_url"})
        params = {
            "audio_url_sha256": hash_audio_url(audio_url),
            "content_sha256": content_sha256,
            "request": dump_json(order),
        }
        while True:
            self._refuse_duplicate(submission, content_sha256)
            try:
                self._open_batch.update("submission/remember_post", submission, **params)
            except UniqueViolation:
                # Another process submits the same bytes. If its submission has failed meanwhile, this one may
                # go on.
                continue
            return

    def _refuse_duplicate(self, submission: Submission, content_sha256: str | None) -> None:
        if content_sha256 is None:
            return
        row = self._open_batch.rows[submission.key]
        params = {
            "transcript_id": row["transcript_id"],
            "content_sha256": content_sha256,
            "config_sha256": row["config_sha256"],
        }
        for original in self._open_batch.run("submission/find_original", params):
            self._open_batch.duplicates[submission.key] = content_sha256
            raise DuplicateRecordingError(original["call_id"])

    def remember_transcript(
        self, submission: Submission, transcript_id: str, *, submitted_at: datetime
    ) -> None:
        """See the protocol. The query of a web address is dropped from the ledger at the same time."""
        self._open_batch.update(
            "submission/remember_transcript",
            submission,
            assemblyai_id=transcript_id,
            submitted_at=submitted_at,
            address=public_address(submission.recording),
        )

    def remember_failure(self, submission: Submission, error: str, *, retryable: bool) -> None:
        """See the protocol."""
        reason = clean_text(strip_url_queries(error))[:_MAX_ERROR_LENGTH]
        if retryable:
            self._open_batch.update("submission/remember_trouble", submission, error=reason)
        else:
            self._remember_end(
                submission,
                state=TranscriptState.FAILED,
                error=reason,
                duplicate_of=None,
                unreadable=not self._is_unchanged(submission),
            )

    def remember_duplicate(self, submission: Submission, original_key: str) -> None:
        """See the protocol."""
        self._remember_end(
            submission,
            state=TranscriptState.DUPLICATE,
            error=None,
            duplicate_of=original_key,
            unreadable=False,
        )

    def known_transcript_ids(self, transcript_ids: Sequence[str]) -> set[str]:
        """See the protocol: ids of any transcript in the ledger."""
        rows = self._open_batch.run("submission/find_known_ids", {"assemblyai_ids": list(transcript_ids)})
        return {row["assemblyai_id"] for row in rows}

    def _remember_end(self, submission: Submission, **params: Any) -> None:
        self._open_batch.update(
            "submission/remember_end",
            submission,
            address=public_address(submission.recording),
            content_sha256=self._open_batch.duplicates.get(submission.key),
            **params,
        )

    def _is_unchanged(self, submission: Submission) -> bool:
        """Whether the file is readable and as it was when claimed, so that its content was refused."""
        if is_web_url(submission.recording):
            return True
        version = file_version(submission.recording)
        claimed = self._open_batch.rows[submission.key]["recording_version"]
        return version is not None and claimed in (None, version) and is_readable(submission.recording)

    @property
    def _open_batch(self) -> _OpenBatch:
        if self._batch is None:
            raise RuntimeError("open the memory first")
        return self._batch


def _make_submission(row: Mapping[str, Any]) -> Submission:
    posted_at = row["posted_at"]
    return Submission(
        key=row["call_id"],
        recording=row["recording"],
        options=row["options"],
        transcript_id=row["assemblyai_id"],
        audio_url_sha256=row["audio_url_sha256"],
        posted_at=None if posted_at is None else posted_at.astimezone(UTC),
    )
