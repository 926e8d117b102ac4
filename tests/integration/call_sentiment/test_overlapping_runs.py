"""Runs that overlap, jobs that end late, and jobs that are given up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from assemblyai_provider.exceptions import TranscriptNotFoundError, TransportError
from assemblyai_provider.models import Transcript
from call_sentiment.database import connect
from call_sentiment.loading.load import LoadSummary, load_batch
from call_sentiment.loading.resume import resume_ended
from call_sentiment.report import report_calls
from call_sentiment.scoring.score import score_pending
from call_sentiment.tasks import discover_calls, is_run_active, name_of_run
from tests.support import dag_steps
from tests.support.ledgers import discover, put_into, record, rows, states
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CONN = "call_sentiment_db"
pytestmark = pytest.mark.usefixtures("airflow_results_conn")
DAY_S = 24 * 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "abc":
        record(tmp_path, name, call_id=name.upper())
    return tmp_path


class Vendor:
    """Says of each job whether it is over; `asked` are the ids that were fetched."""

    def __init__(self, **by_call: str | Exception) -> None:
        self.by_call, self.asked = by_call, list[str]()

    def fetch(self, assemblyai_id: str) -> Transcript:
        call_id = assemblyai_id.removeprefix("id of ")
        self.asked.append(call_id)
        answer = self.by_call.get(call_id, "completed")
        if isinstance(answer, Exception):
            raise answer
        sentence = {"text": "Yes.", "start": 0, "end": 900, "sentiment": "NEUTRAL", "confidence": 0.9}
        return Transcript.from_api(
            {"id": assemblyai_id, "status": answer, "sentiment_analysis_results": [sentence]}
        )


def load(vendor: Vendor, *call_ids: str, **given: Any) -> LoadSummary:
    return load_batch(CONN, call_ids, vendor.fetch, **given)


def submit(db: Connection, *call_ids: str, hours_ago: float = 0.0) -> None:
    for call_id in call_ids:
        put_into(db, call_id, "submitted")
    statement = "UPDATE call_sentiment.transcripts SET submitted_at = now() - make_interval(secs => %s)"
    query(db, f"{statement} WHERE call_id = ANY (%s)", hours_ago * 3600, list(call_ids))


def overview(db: Connection, call_id: str) -> dict[str, Any]:
    (row,) = query(db, "SELECT * FROM call_sentiment.call_overview WHERE call_id = %s", call_id)
    return row


def test_what_one_run_is_to_submit_is_left_to_it(db: Connection, folder: Path) -> None:
    active = {"one", "two"}
    assert discover(db, folder, run="one", is_active=active.__contains__) == ["A", "B", "C"]
    record(folder, "d", call_id="D")
    assert discover(db, folder, run="two", is_active=active.__contains__) == ["D"]
    # Its own calls it finds again, as after a retry.
    assert discover(db, folder, run="one", is_active=active.__contains__) == ["A", "B", "C"]


def test_a_claim_ends_with_its_run_however_that_ends(db: Connection, folder: Path) -> None:
    active = {"one"}
    discover(db, folder, run="one", is_active=active.__contains__)
    active.clear()
    assert discover(db, folder, run="two", is_active=active.__contains__) == ["A", "B", "C"]
    assert {row["claimed_by"] for row in rows(db)} == {"two"}


def test_jobs_in_progress_are_every_runs(db: Connection, folder: Path) -> None:
    discover(db, folder, run="one", is_active=bool)
    submit(db, "A", "B")
    assert discover(db, folder, run="two", is_active=bool) == ["A", "B"]


def test_a_run_claims_no_more_than_it_takes(db: Connection, folder: Path) -> None:
    assert len(discover(db, folder, run="one", is_active=bool, max_batches=1)) == 3
    for name in "defghijkl":
        record(folder, name, call_id=name.upper())
    taken = discover(db, folder, run="two", is_active=bool, max_batches=1)
    assert len(taken) == 9
    for name in "mno":
        record(folder, name, call_id=name.upper())
    assert discover(db, folder, run="three", is_active=bool) == ["M", "N", "O"]


def test_airflow_says_whether_a_run_is_active() -> None:
    def state(dag_id: str, run_id: str) -> str:
        assert dag_id == "call_sentiment"
        if run_id == "gone":
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR))
        return run_id.rpartition(" ")[2]

    def is_active(run_id: str) -> bool:
        return is_run_active(name_of_run("call_sentiment", run_id), state)

    assert [
        is_active(run) for run in ("running", "queued", "scheduled at 5 running", "success", "failed", "gone")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def found(
    folder: Path, in_progress: bool | Exception, **params: Any
) -> tuple[list[list[str]] | None, list[str]]:
    """What a run discovers when AssemblyAI says so of its jobs; and the jobs it was asked about."""
    asked: list[str] = []

    def are_in_progress(ids: Collection[str]) -> bool:
        asked.extend(sorted(ids))
        if isinstance(in_progress, Exception):
            raise in_progress
        return in_progress

    given = {**dag_steps.PARAMS, "recordings": str(folder), "wait_s": 15, **params}
    return discover_calls(CONN, given, Vendor().fetch, are_in_progress), asked


def test_a_run_with_nothing_but_jobs_in_progress_ends_at_once(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", "B", "C")
    ids = ["id of A", "id of B", "id of C"]
    assert found(folder, True) == (None, ids)
    for answer in (False, TransportError("away")):
        assert found(folder, answer) == ([["A", "B", "C"]], ids)
    # One that waits for long is meant to wait.
    assert found(folder, True, wait_s=3600) == ([["A", "B", "C"]], [])
    # Nobody need be asked where there is something to do, be it to give up a job.
    assert found(folder, True, give_up_after_h=0.0) == ([["A", "B", "C"]], [])
    put_into(db, "C", "loaded")
    assert found(folder, True) == ([["A", "B", "C"]], [])
    score_pending(db)
    assert found(folder, True) == (None, ids[:2])
    record(folder, "d", call_id="D")
    assert found(folder, True) == ([["A", "B", "D"]], [])


def test_a_run_that_finds_nothing_ends_at_once(db: Connection, folder: Path) -> None:
    discover(db, folder)
    for call_id in "ABC":
        put_into(db, call_id, "scored")
    assert found(folder, True) == (None, [])
    # Not while history is to be scored again.
    query(db, "UPDATE call_sentiment.transcripts SET formula_version = '0.9'")
    assert found(folder, True) == ([], [])


def test_only_what_is_over_is_fetched(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", "B", "C")
    vendor = Vendor(B="processing")
    assert load(vendor, "A", "B", "C", ended=["id of A"]) == LoadSummary(loaded=1, sentences=1)
    assert vendor.asked == ["A"]
    assert load(vendor, "A", "B", "C", ended=[]) == LoadSummary()
    # Where nobody says what is over, each is asked for.
    assert load(vendor, "A", "B", "C") == LoadSummary(loaded=1, sentences=1, in_progress=1)


@contextmanager
def loading(call_id: str) -> Iterator[None]:
    """Another process that holds a call's transcript for loading."""
    with closing(connect(CONN)) as connection:
        key = "hashtextextended(%s, 4703270718905524)"
        query(connection, f"SELECT pg_advisory_lock({key})", f"id of {call_id}")
        yield


def test_two_loads_never_fetch_the_same_transcript_at_once(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", "B")
    vendor = Vendor()
    with loading("A"):
        assert load(vendor, "A", "B").loaded == 1
    assert vendor.asked == ["B"]
    assert load(vendor, "A", "B").loaded == 1
    assert vendor.asked == ["B", "A"]


def test_a_job_in_progress_for_too_long_is_given_up_with_its_reason(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", hours_ago=25)
    submit(db, "B", hours_ago=23)
    submit(db, "C", hours_ago=30)
    vendor = Vendor(A="processing", B="processing")
    # An old one may be over all the same; that is asked before it is given up.
    assert load(vendor, "A", "B", "C", ended=[], give_up_after_s=DAY_S) == LoadSummary(
        loaded=1, sentences=1, given_up=1
    )
    assert states(db) == {"A": "failed", "B": "submitted", "C": "loaded"}
    assert "has not finished this job in time" in overview(db, "A")["reason"]
    # It is not sent again, not even where failures are.
    assert discover(db, folder) == ["B", "C"]


def test_a_job_that_was_given_up_is_loaded_when_it_ends(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", hours_ago=25)
    load(Vendor(A="processing"), "A", ended=[], give_up_after_s=DAY_S)
    vendor = Vendor(A="processing")
    # Looked at once an hour at most.
    assert (resume_ended(db, vendor.fetch), vendor.asked) == (0, [])
    _let_an_hour_pass(db)
    assert (resume_ended(db, vendor.fetch), vendor.asked) == (0, ["A"])
    assert (resume_ended(db, vendor.fetch), vendor.asked) == (0, ["A"])
    _let_an_hour_pass(db)
    assert resume_ended(db, Vendor().fetch) == 1
    assert "A" in discover(db, folder)
    assert load(Vendor(), "A", ended=["id of A"], give_up_after_s=DAY_S).loaded == 1
    score_pending(db)
    assert (overview(db, "A")["status"], overview(db, "A")["reason"]) == ("ok", "too few sentences to judge")
    assert len(rows(db, "A")) == 1


def _let_an_hour_pass(db: Connection) -> None:
    query(db, "UPDATE call_sentiment.transcripts SET given_up_at = given_up_at - interval '61 minutes'")


def test_a_call_that_has_another_transcript_by_now_keeps_that(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", hours_ago=25)
    load(Vendor(A="processing"), "A", ended=[], give_up_after_s=DAY_S)
    assert "A" in discover(db, folder, retranscribe=True)
    _let_an_hour_pass(db)
    assert resume_ended(db, Vendor().fetch) == 0
    assert [row["state"] for row in rows(db, "A")] == ["failed", "intent"]


@pytest.mark.parametrize("trouble", [TransportError("away"), TranscriptNotFoundError("unknown")])
def test_a_look_that_fails_changes_nothing(db: Connection, folder: Path, trouble: Exception) -> None:
    discover(db, folder)
    submit(db, "A", hours_ago=25)
    load(Vendor(A="processing"), "A", ended=[], give_up_after_s=DAY_S)
    _let_an_hour_pass(db)
    assert resume_ended(db, Vendor(A=trouble).fetch) == 0
    assert states(db)["A"] == "failed"


def test_stragglers_are_visible_with_the_time_they_began(db: Connection, folder: Path) -> None:
    discover(db, folder)
    submit(db, "A", hours_ago=2)
    submit(db, "B", hours_ago=5)
    put_into(db, "C", "scored")
    since = {row["call_id"]: row["submitted_at"] for row in rows(db)}
    assert (overview(db, "A")["status"], overview(db, "A")["in_progress_since"]) == (
        "in_progress",
        since["A"],
    )
    assert overview(db, "C")["in_progress_since"] is None
    report = report_calls(db, ["A", "B", "C"])
    assert report.oldest is not None
    assert (report.in_progress, report.oldest.call_id, report.oldest.since) == (2, "B", since["B"])
    assert report_calls(db, ["C"]).oldest is None


def test_a_call_that_is_to_be_submitted_is_in_progress_since_it_was_found(
    db: Connection, folder: Path
) -> None:
    discover(db, folder)
    assert overview(db, "A")["in_progress_since"] == rows(db, "A")[0]["created_at"]
