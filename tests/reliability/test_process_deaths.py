"""A worker dies at every boundary of the pipeline; the next run carries on."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from tests.support.reliability.world import Gate, World, kill
from tests.support.workers import until

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from tests.reliability.conftest import Trials

STEPS = ("discover", "submit", "load", "score", "report")
_T = "ON call_sentiment.transcripts"
_BECOMES = f"BEFORE UPDATE {_T} FOR EACH ROW WHEN (NEW.state = '{{}}' AND OLD.state <> NEW.state)"

WRITES: Mapping[str, tuple[str, str]] = {
    "storing a call": ("discover", "BEFORE INSERT ON call_sentiment.calls FOR EACH ROW"),
    "writing an intent": ("discover", f"BEFORE INSERT {_T} FOR EACH ROW WHEN (NEW.state = 'intent')"),
    "committing the intents": (
        "discover",
        f"AFTER INSERT {_T} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'intent')",
    ),
    "noting a POST": (
        "submit",
        f"BEFORE UPDATE {_T} FOR EACH ROW WHEN (NEW.posted_at IS DISTINCT FROM OLD.posted_at)",
    ),
    "noting an id": ("submit", _BECOMES.format("submitted")),
    "noting a refusal": ("submit", _BECOMES.format("failed")),
    "noting a duplicate": ("submit", _BECOMES.format("duplicate")),
    "noting trouble": (
        "submit",
        f"BEFORE UPDATE {_T} FOR EACH ROW WHEN (NEW.state = 'intent' AND NEW.error IS NOT NULL)",
    ),
    "copying sentences": (
        "load",
        "BEFORE INSERT ON call_sentiment.sentences FOR EACH ROW WHEN (NEW.position = 1)",
    ),
    "noting a load": ("load", _BECOMES.format("loaded")),
    "committing a load": (
        "load",
        f"AFTER UPDATE {_T} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'loaded')",
    ),
    "noting a failed job": ("load", _BECOMES.format("failed")),
    "writing a score": ("score", "BEFORE INSERT ON call_sentiment.call_scores FOR EACH ROW"),
    "writing a speaker's score": ("score", "BEFORE INSERT ON call_sentiment.speaker_scores FOR EACH ROW"),
    "noting a score": ("score", _BECOMES.format("scored")),
    "committing the scores": (
        "score",
        f"AFTER UPDATE {_T} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'scored')",
    ),
}

REQUESTS: Mapping[str, tuple[str, str]] = {
    "checking the account": ("discover", "list"),
    "uploading": ("submit", "upload"),
    "submitting": ("submit", "submit"),
    "looking once before deferring": ("wait", "list"),
    "polling": ("trigger_by_itself", "list"),
    "confirming by id": ("trigger_by_itself", "get"),
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
    """Every fault at every point; all but a few are left to `make faults`."""
    return [
        pytest.param(fault, name, marks=() if {(fault, name), name} & QUICK else slow)
        for fault in faults
        for name in names
    ]


def _prepare(world: World, step: str) -> tuple[Any, ...]:
    """Bring the world to where `step` comes next; returns what the step is given."""
    world.migrate()
    for earlier in STEPS[: STEPS.index("load" if step in ("wait", "trigger_by_itself") else step)]:
        world.workers.run(earlier, *_given(world, earlier))
    return _given(world, step)


def _given(world: World, step: str) -> tuple[Any, ...]:
    return {
        "discover": (world.location,),
        "submit": (world.call_ids,),
        "wait": (world.submitted_ids(),) if step == "wait" else (),
        "trigger_by_itself": (world.submitted_ids(),) if step == "trigger_by_itself" else (),
        "load": (world.call_ids,),
        "score": (),
        "report": ([world.call_ids],),
    }[step]


def _carry_on(world: World, trials: Trials, fault: str, undisturbed: object) -> None:
    """The next run of the Dag; afterwards everything is as if nothing had happened."""
    world.vendor.clear_faults()
    world.workers.run("run", world.location)
    trials.tried(fault, world.examine())
    assert world.results() == undisturbed


@pytest.mark.parametrize(
    ("fault", "point"), _points(("kill-before-write", "kill-after-write", "connection-lost"), WRITES)
)
def test_a_death_at_a_write_loses_nothing(
    world: World, trials: Trials, undisturbed: object, fault: str, point: str
) -> None:
    step, trigger = WRITES[point]
    given = _prepare(world, step)
    if point == "noting trouble":
        world.vendor.fault("server_error", "submit", count=12)
    with world.gate(trigger) as gate, world.workers.started(step, *given) as process:
        pids = gate.reached(process)
        _strike(fault, gate, process, pids)
    _carry_on(world, trials, fault, undisturbed)


def _strike(fault: str, gate: Gate, process: BaseProcess, pids: list[int]) -> None:
    if fault == "connection-lost":
        gate.undo(pids)
        gate.open()
        process.join(60)
        assert process.exitcode == 1
        return
    kill(process)
    if fault == "kill-before-write":
        gate.undo(pids)


@pytest.mark.parametrize(
    ("fault", "point"),
    [
        *_points(("kill-at-request",), REQUESTS),
        # A request that only reads leaves nothing behind to be found.
        *_points(("kill-after-request",), {name: REQUESTS[name] for name in ("uploading", "submitting")}),
    ],
)
def test_a_death_while_a_request_hangs_loses_nothing(
    world: World, trials: Trials, undisturbed: object, fault: str, point: str
) -> None:
    step, endpoint = REQUESTS[point]
    given = _prepare(world, step)
    kind = "slow" if fault == "kill-at-request" else "lost_answer"
    # One request passes first where there are several, so that some calls are ahead of the others.
    skip = 1 if endpoint in ("upload", "submit") or step == "load" else 0
    world.vendor.fault(kind, endpoint, delay_s=60, count=None, skip=skip)
    before = world.vendor.control("GET", "health")["transcripts"]
    with world.workers.started(step, *given) as process:
        until(lambda: _hanging(world, kind, endpoint), f"{endpoint} hangs")
        if (kind, endpoint) == ("lost_answer", "submit"):
            until(lambda: world.vendor.control("GET", "health")["transcripts"] > before + 1, "accepted")
        kill(process)
    _carry_on(world, trials, fault, undisturbed)


def _hanging(world: World, kind: str, endpoint: str) -> bool:
    """Whether a request is held up; to be lost after it was carried out, it must have come in whole first."""
    return any(
        entry["fault"] == kind and (kind == "slow" or entry["body_sha256"])
        for entry in world.vendor.journal(endpoint)
    )


@contextmanager
def _locked(world: World, table: str) -> Any:
    with closing(psycopg2.connect(world.dsn)) as connection:
        connection.cursor().execute(f"LOCK TABLE call_sentiment.{table} IN ACCESS EXCLUSIVE MODE")
        yield


def _waits_for_table(world: World) -> bool:
    return bool(world.query("SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted"))


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
    world: World, trials: Trials, undisturbed: object, step: str, table: str
) -> None:
    given = _prepare(world, step)
    with _locked(world, table), world.workers.started(step, *given) as process:
        until(lambda: _waits_for_table(world), "the step reads the ledger")
        kill(process)
    _carry_on(world, trials, "kill-while-reading", undisturbed)


@pytest.mark.faults
@pytest.mark.parametrize("tag", ["CREATE TABLE", "CREATE VIEW", "CREATE FUNCTION"])
def test_a_death_in_the_middle_of_a_migration_is_undone(
    world: World, trials: Trials, undisturbed: object, tag: str
) -> None:
    world.query(
        "CREATE FUNCTION public.halt() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_advisory_xact_lock(1); END $$"
    )
    world.query(f"CREATE EVENT TRIGGER halt ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION halt()")
    with closing(psycopg2.connect(world.dsn)) as holder:
        holder.autocommit = True
        holder.cursor().execute("SELECT pg_advisory_lock(1)")
        with world.workers.started("discover", world.location) as process:
            held_up = "SELECT 1 FROM pg_locks WHERE objid = 1 AND NOT granted"
            until(lambda: world.query(held_up), "it migrates")
            kill(process)
    until(lambda: not world.query(held_up), "the migration is undone")
    world.query("DROP EVENT TRIGGER halt")
    _carry_on(world, trials, "kill-while-migrating", undisturbed)


@pytest.mark.faults
def test_deaths_at_random_moments_lose_nothing(world: World, trials: Trials, undisturbed: object) -> None:
    assert isinstance(undisturbed, dict)
    started = time.monotonic()
    world.workers.run("run", world.location)
    whole_s = time.monotonic() - started
    dice, deaths = random.Random(4), 0
    for number in range(40):
        world.record(f"extra-{number}")
        with world.workers.started("run", world.location) as process:
            process.join(dice.uniform(0.05, whole_s))
            process.kill()
            process.join()
            deaths += process.exitcode == -signal.SIGKILL
    assert deaths > 10
    world.workers.run("run", world.location)
    trials.tried("kill-at-random", world.examine(), deaths)
    assert undisturbed.items() <= world.results().items()
