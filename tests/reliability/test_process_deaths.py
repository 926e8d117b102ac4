"""A worker dies at every step of the pipeline; the next run picks up where it stopped."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from tests.support.reliability.call_centre import CallCentre, kill
from tests.support.reliability.write_barrier import Write, WriteBarrier
from tests.support.workers import wait_until

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from tests.reliability.conftest import FaultRecorder

STEPS = ("discover", "submit", "load", "score", "report")


def _becomes(state: str) -> Write:
    return Write("UPDATE", "transcripts", f"NEW.state = '{state}' AND OLD.state <> NEW.state")


WRITES: Mapping[str, tuple[str, Write]] = {
    "storing a call": ("discover", Write("INSERT", "calls")),
    "writing an intent": ("discover", Write("INSERT", "transcripts", "NEW.state = 'intent'")),
    "committing the intents": (
        "discover",
        Write("INSERT", "transcripts", "NEW.state = 'intent'", at_commit=True),
    ),
    "noting a POST": (
        "submit",
        Write("UPDATE", "transcripts", "NEW.posted_at IS DISTINCT FROM OLD.posted_at"),
    ),
    "noting an id": ("submit", _becomes("submitted")),
    "noting a refusal": ("submit", _becomes("failed")),
    "noting a duplicate": ("submit", _becomes("duplicate")),
    "noting trouble": (
        "submit",
        Write("UPDATE", "transcripts", "NEW.state = 'intent' AND NEW.error IS NOT NULL"),
    ),
    "copying sentences": ("load", Write("INSERT", "sentences", "NEW.position = 1")),
    "noting a load": ("load", _becomes("loaded")),
    "committing a load": ("load", Write("UPDATE", "transcripts", "NEW.state = 'loaded'", at_commit=True)),
    "noting a failed job": ("load", _becomes("failed")),
    "writing a score": ("score", Write("INSERT", "call_scores")),
    "writing a speaker's score": ("score", Write("INSERT", "speaker_scores")),
    "noting a score": ("score", _becomes("scored")),
    "committing the scores": (
        "score",
        Write("UPDATE", "transcripts", "NEW.state = 'scored'", at_commit=True),
    ),
}

REQUESTS: Mapping[str, tuple[str, str]] = {
    "checking the account": ("discover", "list"),
    "uploading": ("submit", "upload"),
    "submitting": ("submit", "submit"),
    "looking once before deferring": ("wait", "list"),
    "polling": ("run_trigger", "list"),
    "confirming by id": ("run_trigger", "get"),
    "fetching": ("load", "get"),
}
QUICK = {
    ("kill-before-write", "noting an id"),
    ("kill-after-write", "noting a POST"),
    "submitting",
    "fetching",
}
slow = pytest.mark.faults


def _points(faults: tuple[str, ...], names: Mapping[str, Any]) -> list[Any]:
    """Every fault at every point; only a few of them are quick tests, the others run with `make faults`."""
    return [
        pytest.param(fault, name, marks=() if {(fault, name), name} & QUICK else slow)
        for fault in faults
        for name in names
    ]


def _prepare(centre: CallCentre, step: str) -> tuple[Any, ...]:
    """Run the steps before `step`; the arguments for it."""
    centre.migrate()
    for earlier in STEPS[: STEPS.index("load" if step in ("wait", "run_trigger") else step)]:
        centre.workers.run_step(earlier, *_arguments(centre, earlier))
    return _arguments(centre, step)


def _arguments(centre: CallCentre, step: str) -> tuple[Any, ...]:
    return {
        "discover": (centre.location,),
        "submit": (centre.call_ids,),
        "wait": (centre.submitted_ids(),) if step == "wait" else (),
        "run_trigger": (centre.submitted_ids(),) if step == "run_trigger" else (),
        "load": (centre.call_ids,),
        "score": (),
        "report": ([centre.call_ids],),
    }[step]


def _run_again(centre: CallCentre, faults: FaultRecorder, fault: str, expected: object) -> None:
    """Run the Dag once more; its results must be those of a run without a fault."""
    centre.vendor.clear_faults()
    centre.workers.run_step("run", centre.location)
    faults.record(fault, centre.examine())
    assert centre.read_results() == expected


@pytest.mark.parametrize(
    ("fault", "point"), _points(("kill-before-write", "kill-after-write", "connection-lost"), WRITES)
)
def test_a_death_at_a_write_loses_nothing(
    centre: CallCentre,
    faults: FaultRecorder,
    expected: object,
    fault: str,
    point: str,
) -> None:
    step, write = WRITES[point]
    arguments = _prepare(centre, step)
    if point == "noting trouble":
        centre.vendor.fault("server_error", "submit", count=12)
    with (
        centre.hold_writes(write) as barrier,
        centre.workers.start_step(step, *arguments) as process,
    ):
        pids = barrier.wait_for_backends(process)
        _cause(fault, barrier, process, pids)
    _run_again(centre, faults, fault, expected)


def _cause(fault: str, barrier: WriteBarrier, process: BaseProcess, pids: list[int]) -> None:
    if fault == "connection-lost":
        barrier.terminate(pids)
        barrier.release()
        process.join(60)
        assert process.exitcode == 1
        return
    kill(process)
    if fault == "kill-before-write":
        barrier.terminate(pids)


@pytest.mark.parametrize(
    ("fault", "point"),
    [
        *_points(("kill-at-request",), REQUESTS),
        # A request that only reads changes nothing, so the moment after it is no case of its own.
        *_points(("kill-after-request",), {name: REQUESTS[name] for name in ("uploading", "submitting")}),
    ],
)
def test_a_death_while_a_request_hangs_loses_nothing(
    centre: CallCentre,
    faults: FaultRecorder,
    expected: object,
    fault: str,
    point: str,
) -> None:
    step, endpoint = REQUESTS[point]
    arguments = _prepare(centre, step)
    kind = "slow" if fault == "kill-at-request" else "lost_answer"
    # Where there are several requests, the first one passes, so that some calls are further than others.
    skip = 1 if endpoint in ("upload", "submit") or step == "load" else 0
    centre.vendor.fault(kind, endpoint, delay_s=60, count=None, skip=skip)
    before = centre.vendor.control("GET", "health")["transcripts"]
    with centre.workers.start_step(step, *arguments) as process:
        wait_until(lambda: _hanging(centre, kind, endpoint), f"{endpoint} hangs")
        if (kind, endpoint) == ("lost_answer", "submit"):
            wait_until(lambda: centre.vendor.control("GET", "health")["transcripts"] > before + 1, "accepted")
        kill(process)
    _run_again(centre, faults, fault, expected)


def _hanging(centre: CallCentre, kind: str, endpoint: str) -> bool:
    """Whether a request hangs. One whose answer is to be lost must have arrived whole before."""
    return any(
        entry["fault"] == kind and (kind == "slow" or entry["body_sha256"])
        for entry in centre.vendor.journal(endpoint)
    )


@contextmanager
def _locked(centre: CallCentre, table: str) -> Any:
    with closing(psycopg2.connect(centre.dsn)) as connection:
        connection.cursor().execute(f"LOCK TABLE call_sentiment.{table} IN ACCESS EXCLUSIVE MODE")
        yield


def _waits_for_table(centre: CallCentre) -> bool:
    return bool(centre.query("SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted"))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("step", "table"),
    [
        ("discover", "calls"),
        ("submit", "transcripts"),
        ("load", "transcripts"),
        ("score", "transcripts"),
        ("report", "calls"),
    ],
)
def test_a_death_while_the_ledger_is_read_loses_nothing(
    centre: CallCentre, faults: FaultRecorder, expected: object, step: str, table: str
) -> None:
    arguments = _prepare(centre, step)
    with _locked(centre, table), centre.workers.start_step(step, *arguments) as process:
        wait_until(lambda: _waits_for_table(centre), "the step reads the ledger")
        kill(process)
    _run_again(centre, faults, "kill-while-reading", expected)


@pytest.mark.faults
@pytest.mark.parametrize("tag", ["CREATE TABLE", "CREATE VIEW", "CREATE FUNCTION"])
def test_a_death_in_the_middle_of_a_migration_is_undone(
    centre: CallCentre, faults: FaultRecorder, expected: object, tag: str
) -> None:
    centre.query(
        "CREATE FUNCTION public.halt() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_advisory_xact_lock(1); END $$"
    )
    centre.query(
        f"CREATE EVENT TRIGGER halt ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION halt()"
    )
    with closing(psycopg2.connect(centre.dsn)) as holder:
        holder.autocommit = True
        holder.cursor().execute("SELECT pg_advisory_lock(1)")
        with centre.workers.start_step("discover", centre.location) as process:
            held_statement = "SELECT 1 FROM pg_locks WHERE objid = 1 AND NOT granted"
            wait_until(lambda: centre.query(held_statement), "it migrates")
            kill(process)
    wait_until(lambda: not centre.query(held_statement), "the migration is undone")
    centre.query("DROP EVENT TRIGGER halt")
    _run_again(centre, faults, "kill-while-migrating", expected)


@pytest.mark.faults
def test_deaths_at_random_moments_lose_nothing(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    assert isinstance(expected, dict)
    started = time.monotonic()
    centre.workers.run_step("run", centre.location)
    whole_s = time.monotonic() - started
    rng, deaths = random.Random(4), 0
    for number in range(40):
        centre.add_recording(f"extra-{number}")
        with centre.workers.start_step("run", centre.location) as process:
            process.join(rng.uniform(0.05, whole_s))
            process.kill()
            process.join()
            deaths += process.exitcode == -signal.SIGKILL
    assert deaths > 10
    centre.workers.run_step("run", centre.location)
    faults.record("kill-at-random", centre.examine(), deaths)
    assert expected.items() <= centre.read_results().items()
