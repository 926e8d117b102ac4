"""The submit operator's memory: what it remembers survives, and nobody submits the same call beside it."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg2
import pytest
from airflow.sdk import Context

from assemblyai_provider.exceptions import DuplicateRecordingError
from assemblyai_provider.submission_memory import Submission, SubmissionMemory
from call_sentiment.exceptions import LedgerError
from call_sentiment.ledger_memory import LedgerMemory
from tests.support.ledgers import call, discover, manifest, put_into, record, rows, states
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CONTEXT = cast(Context, {})
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
REPOSITORY = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("airflow_results_conn")


@contextmanager
def opened(*call_ids: str) -> Iterator[tuple[LedgerMemory, dict[str, Submission]]]:
    memory = LedgerMemory("call_sentiment_db")
    with memory.open(call_ids, CONTEXT) as submissions:
        yield memory, {submission.key: submission for submission in submissions}


def post(memory: LedgerMemory, submission: Submission, content: str | None = None, **request: Any) -> None:
    memory.remember_post(
        submission,
        audio_url=f"https://cdn.example/{submission.key}",
        content_sha256=content,
        request={"sentiment_analysis": True, **request},
    )


def submit(memory: LedgerMemory, submission: Submission, content: str | None = None) -> None:
    post(memory, submission, content)
    memory.remember_transcript(submission, f"id of {submission.key}", submitted_at=NOON)


@pytest.fixture
def calls(db: Connection, tmp_path: Path) -> Connection:
    """Three calls, A, B and C, that are to be submitted."""
    for name in "abc":
        record(tmp_path, name, call_id=name.upper(), language_code="en")
    assert discover(db, tmp_path) == ["A", "B", "C"]
    return db


def test_it_is_a_submission_memory_that_can_stand_in_a_dag() -> None:
    memory = LedgerMemory("call_sentiment_db")
    protocol: SubmissionMemory = memory
    assert repr(protocol) == "LedgerMemory(postgres_conn_id='call_sentiment_db')"
    assert copy.deepcopy(memory) == pickle.loads(pickle.dumps(memory)) == memory
    assert hash(memory) == hash(LedgerMemory("call_sentiment_db"))


def test_a_new_call_is_given_with_its_options(calls: Connection, tmp_path: Path) -> None:
    with opened("B", "nobody", "A", "B") as (_, submissions):
        assert list(submissions) == ["B", "A"]
        assert submissions["A"] == Submission(
            key="A", recording=f"{tmp_path}/a.mp3", options={"language_code": "en"}
        )


def test_a_database_without_schema_gets_it_first(results_dsn: str) -> None:
    with opened("A") as (_, submissions):
        assert submissions == {}


def test_a_post_is_remembered_before_it_is_made(calls: Connection) -> None:
    with opened("A") as (memory, submissions):
        post(
            memory, submissions["A"], "bytes", webhook_auth_header_value="secret", webhook_url="https://x?s=1"
        )
        (row,) = rows(calls, "A")
    assert (row["state"], row["content_sha256"]) == ("intent", "bytes")
    assert row["request"] == {"sentiment_analysis": True}
    with opened("A") as (_, submissions):
        found = submissions["A"]
    assert found.audio_url_sha256 == sha256(b"https://cdn.example/A").hexdigest()
    assert found.posted_at is not None
    assert found.posted_at.tzinfo is UTC
    assert found.transcript_id is None


def test_an_accepted_submission_is_remembered_with_its_id(calls: Connection) -> None:
    with opened("A") as (memory, submissions):
        memory.remember_failure(submissions["A"], "unreachable", retryable=True)
        submit(memory, submissions["A"])
        memory.remember_transcript(submissions["A"], "id of A", submitted_at=NOON)
        (row,) = rows(calls, "A")
        assert (row["state"], row["submitted_at"], row["error"]) == ("submitted", NOON, None)
        assert memory.known_transcript_ids(["id of A", "stranger"]) == {"id of A"}
        with pytest.raises(LedgerError, match="call A"):
            memory.remember_transcript(submissions["A"], "another id", submitted_at=NOON)
    with opened("A") as (_, submissions):
        assert submissions["A"].transcript_id == "id of A"


def test_an_id_is_never_given_to_two_calls(calls: Connection) -> None:
    with opened("A", "B") as (memory, submissions):
        submit(memory, submissions["A"])
        with pytest.raises(psycopg2.errors.UniqueViolation):
            memory.remember_transcript(submissions["B"], "id of A", submitted_at=NOON)
    assert states(calls)["B"] == "intent"


def test_a_call_that_is_over_or_loaded_is_left_out(calls: Connection) -> None:
    put_into(calls, "A", "scored")
    put_into(calls, "B", "loaded")
    put_into(calls, "C", "submitted")
    with opened("A", "B", "C") as (_, submissions):
        assert list(submissions) == ["C"]


def test_a_lasting_failure_is_an_end_and_a_passing_one_is_not(calls: Connection) -> None:
    with opened("A", "B") as (memory, submissions):
        memory.remember_failure(submissions["A"], "no: https://x.example/a?s=1 \x00", retryable=False)
        memory.remember_failure(submissions["B"], "not now", retryable=True)
    a, b = rows(calls, "A")[0], rows(calls, "B")[0]
    assert (a["state"], a["error"], a["failed_in"], a["retryable"]) == (
        "failed",
        "no: https://x.example/a \ufffd",
        "submit",
        False,
    )
    assert (b["state"], b["error"], b["failed_in"]) == ("intent", "not now", None)
    with opened("A", "B") as (_, submissions):
        assert list(submissions) == ["B"]


def test_nothing_can_be_posted_for_a_call_that_is_over(calls: Connection) -> None:
    with opened("A") as (memory, submissions):
        memory.remember_failure(submissions["A"], "no", retryable=False)
        for step in (post, submit):
            with pytest.raises(LedgerError):
                step(memory, submissions["A"])
        with pytest.raises(LedgerError):
            memory.remember_duplicate(submissions["A"], "B")


@pytest.mark.parametrize("end", ["submitted", "failed", "duplicate"])
def test_the_query_of_an_address_goes_when_it_is_not_needed_any_more(
    db: Connection, tmp_path: Path, end: str
) -> None:
    discover(db, manifest(tmp_path, {"recording": "https://x.example/a.mp3?s=1", "call_id": "A"}))
    with opened("A") as (memory, submissions):
        assert submissions["A"].recording == "https://x.example/a.mp3?s=1"
        if end == "submitted":
            submit(memory, submissions["A"])
        elif end == "failed":
            memory.remember_failure(submissions["A"], "no", retryable=False)
        else:
            memory.remember_duplicate(submissions["A"], "B")
    assert states(db) == {"A": end}
    assert (call(db, "A")["recording"], call(db, "A")["query_removed"]) == ("https://x.example/a.mp3", True)


def test_the_same_bytes_are_not_posted_again_under_another_name(calls: Connection) -> None:
    with opened("A", "B") as (memory, submissions):
        submit(memory, submissions["A"], "bytes")
        with pytest.raises(DuplicateRecordingError) as caught:
            post(memory, submissions["B"], "bytes")
        assert caught.value.original_key == "A"
        memory.remember_duplicate(submissions["B"], "A")
        memory.remember_duplicate(submissions["B"], "A")
    (row,) = rows(calls, "B")
    assert (row["state"], row["duplicate_of"], row["content_sha256"]) == ("duplicate", "A", "bytes")
    assert states(calls)["A"] == "submitted"


def test_the_same_bytes_ordered_differently_are_no_duplicate(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    record(tmp_path, "b", call_id="B", channels={"1": "agent"})
    discover(db, tmp_path)
    with opened("A", "B") as (memory, submissions):
        submit(memory, submissions["A"], "bytes")
        submit(memory, submissions["B"], "bytes")
    assert states(db) == {"A": "submitted", "B": "submitted"}


def test_a_repeated_post_of_the_same_call_is_no_duplicate_of_itself(calls: Connection) -> None:
    with opened("A") as (memory, submissions):
        post(memory, submissions["A"], "bytes")
        submit(memory, submissions["A"], "bytes")
    assert states(calls)["A"] == "submitted"


@pytest.mark.parametrize(("retryable", "judged_alike"), [(False, True), (True, False)])
def test_a_duplicate_of_a_failed_call_shares_a_lasting_verdict_only(
    calls: Connection, retryable: bool, judged_alike: bool
) -> None:
    with opened("A", "B") as (memory, submissions):
        submit(memory, submissions["A"], "bytes")
        put_into(calls, "A", "failed", retryable=retryable)
        if judged_alike:
            with pytest.raises(DuplicateRecordingError):
                post(memory, submissions["B"], "bytes")
        else:
            submit(memory, submissions["B"], "bytes")


def test_of_two_calls_with_the_same_bytes_at_once_exactly_one_is_posted(
    db: Connection, tmp_path: Path
) -> None:
    names = [f"call-{number}" for number in range(6)]
    for name in names:
        record(tmp_path, name, call_id=name)
    discover(db, tmp_path)
    together = threading.Barrier(len(names))

    def race(name: str) -> str:
        with opened(name) as (memory, submissions):
            together.wait()
            try:
                submit(memory, submissions[name], "bytes")
            except DuplicateRecordingError as duplicate:
                memory.remember_duplicate(submissions[name], duplicate.original_key)
                return duplicate.original_key
        return name

    with ThreadPoolExecutor(len(names)) as pool:
        originals = set(pool.map(race, names))
    (original,) = originals
    expected = {name: "submitted" if name == original else "duplicate" for name in names}
    assert states(db) == expected


def test_the_operators_threads_share_one_memory(db: Connection, tmp_path: Path) -> None:
    names = [f"call-{number}" for number in range(40)]
    for name in names:
        record(tmp_path, name, call_id=name)
    discover(db, tmp_path)
    with opened(*names) as (memory, submissions), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda submission: submit(memory, submission, submission.key), submissions.values()))
    assert set(states(db).values()) == {"submitted"}


def test_one_memory_opens_one_batch_at_a_time(calls: Connection) -> None:
    with (
        opened("A") as (memory, _),
        pytest.raises(RuntimeError, match="open already"),
        memory.open(["B"], CONTEXT),
    ):
        pass
    with pytest.raises(RuntimeError, match="open the memory first"):
        memory.known_transcript_ids([])


def waits_for_a_lock(connection: Connection) -> bool:
    statement = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    return query(connection, statement) != [{"n": 0}]


def test_whoever_opens_the_same_call_waits_and_reads_the_ledger_anew(calls: Connection) -> None:
    def second() -> str | None:
        with opened("C", "B", "A") as (_, submissions):
            return submissions["B"].transcript_id

    with ThreadPoolExecutor(1) as pool:
        with opened("B") as (memory, submissions):
            result = pool.submit(second)
            while not waits_for_a_lock(calls):
                assert not result.done()
            submit(memory, submissions["B"])
        assert result.result(timeout=30) == "id of B"


def test_overlapping_batches_in_any_order_do_not_deadlock(calls: Connection) -> None:
    def work(order: str) -> int:
        for _ in range(10):
            with opened(*order) as (_, submissions):
                assert len(submissions) == 3
        return 1

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, ["ABC", "CBA", "BCA"])) == 3


HOLDER = """
import sys
from datetime import UTC, datetime
from call_sentiment.ledger_memory import LedgerMemory
now = datetime.now(UTC)
memory = LedgerMemory("call_sentiment_db")
with memory.open(["A"], {}) as (submission,):
    steps = {
        "posted": lambda: memory.remember_post(
            submission, audio_url="https://cdn.example/A", content_sha256="bytes", request={}),
        "submitted": lambda: memory.remember_transcript(submission, "id of A", submitted_at=now),
    }
    for step in sys.argv[1:]:
        steps[step]()
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("steps", [[], ["posted"], ["posted", "submitted"]])
def test_a_killed_process_frees_its_calls_and_loses_nothing_it_noted(
    calls: Connection, steps: list[str]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, *steps],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    with opened("A") as (_, submissions):
        found = submissions["A"]
    assert (found.audio_url_sha256 is not None) == ("posted" in steps)
    assert found.transcript_id == ("id of A" if "submitted" in steps else None)


def test_without_its_connection_nothing_is_noted_and_nothing_posted(calls: Connection) -> None:
    with opened("A") as (memory, submissions):
        query(
            calls,
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
        )
        with pytest.raises(psycopg2.Error):
            post(memory, submissions["A"])
    assert rows(calls, "A")[0]["posted_at"] is None
