"""Budgets: nothing is submitted that may pass them, what waits says why, and goes on when there is room."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from assemblyai_provider.hooks import AssemblyAIHook
from call_sentiment.costs.budget import Budget
from call_sentiment.costs.prices import read_prices, store_prices
from call_sentiment.database import connect_dsn
from call_sentiment.ledger_memory import LedgerMemory
from call_sentiment.report import find_held
from call_sentiment.tasks import discover_calls
from tests.support import dag_steps
from tests.support.ledgers import discover, manifest, put_into
from tests.support.stored import query
from tests.support.wav import write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg2.extensions import connection as Connection

    from assemblyai_sandbox.testing import SandboxServer

SENTENCE = {"text": "It broke.", "start": 0, "end": 900, "sentiment": "NEGATIVE", "confidence": 0.9}
PRICES = {
    "taken_on": "2026-10-01",
    "models": {"dear": 3.6, "cheap": 1.8},
    "add_ons": {"sentiment_analysis": 0, "speaker_labels": 0},
}
"""A second of the dearest model costs 0.001 USD."""


def request_for(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"speech_models": ["dear", "cheap"], "sentiment_analysis": True, **options}


def budget(assumed_s: float | None = None, **limits: float) -> Budget:
    amounts = {f"budget_{name}": Decimal(str(amount)) for name, amount in limits.items()}
    return Budget(limits=amounts, request_for=request_for, assumed_s=assumed_s)


@pytest.fixture
def priced(db: Connection) -> Connection:
    store_prices(db, read_prices(json.dumps(PRICES)))
    return db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of 10, 20 and 30 seconds."""
    for name, seconds in (("a", 10), ("b", 20), ("c", 30)):
        write_wav(tmp_path / f"{name}.wav", seconds)
    return tmp_path


def names(call_ids: list[str]) -> str:
    return "".join(call_id[-5] for call_id in call_ids)


def reasons(db: Connection) -> dict[str, str | None]:
    rows = query(db, "SELECT call_id, status, reason FROM call_sentiment.call_overview")
    assert {row["status"] for row in rows} == {"in_progress"}
    return {row["call_id"][-5]: row["reason"] for row in rows}


def submit(db: Connection, folder: Path, *files: str, **columns: Any) -> None:
    for name in files:
        given = {"submitted_at": "now", "request": json.dumps(request_for({})), **columns}
        put_into(db, f"{folder}/{name}.wav", "submitted", **given)


def test_submission_stops_before_the_budget_is_passed(priced: Connection, folder: Path) -> None:
    assert names(discover(priced, folder, budget=budget(per_day=0.03))) == "ab"
    assert reasons(priced) == {
        "a": None,
        "b": None,
        "c": "waits for budget: the budget_per_day of 0.03 USD has no room for it; it"
        " continues on the next day (UTC), or when that is raised",
    }
    (held,) = find_held(priced)
    assert held.transcripts == 1
    submit(priced, folder, "a", "b")
    assert names(discover(priced, folder, budget=budget(per_day=0.03))) == "ab"


@pytest.mark.parametrize(
    ("state", "columns", "free"),
    [
        ("failed", {}, True),
        ("duplicate", {"duplicate_of": "other"}, True),
        ("failed", {"given_up_at": "now"}, False),
        ("failed", {"audio_duration_s": 30, "speech_model_used": "dear"}, False),
        ("scored", {"audio_duration_s": 30, "speech_model_used": "dear"}, False),
        ("scored", {"audio_duration_s": 10, "speech_model_used": "cheap"}, True),
        ("scored", {"audio_duration_s": None}, False),
    ],
)
def test_what_a_job_has_cost_takes_the_place_of_what_was_set_aside(
    priced: Connection, folder: Path, state: str, columns: dict[str, Any], free: bool
) -> None:
    limit = budget(per_month=0.055)
    assert names(discover(priced, folder, budget=limit)) == "ab"
    submit(priced, folder, "a", "b")
    put_into(priced, f"{folder}/b.wav", state, **columns)
    assert ("c" in names(discover(priced, folder, budget=limit))) is free


def test_budgets_have_room_again_in_the_next_run_day_and_month(priced: Connection, folder: Path) -> None:
    limits = {"per_run": 0.02, "per_day": 0.03, "per_month": 0.055}
    assert names(discover(priced, folder, run="one", budget=budget(**limits))) == "a"
    submit(priced, folder, "a")
    assert names(discover(priced, folder, run="one", budget=budget(**limits))) == "a"
    assert names(discover(priced, folder, run="two", budget=budget(**limits))) == "ab"
    submit(priced, folder, "b")
    moved = "UPDATE call_sentiment.transcripts SET reserved_at = reserved_at - interval %s"
    more = {**limits, "per_run": 0.03}
    assert "c" not in names(discover(priced, folder, run="three", budget=budget(**more)))
    query(priced, moved, "1 day")
    on_first_of_month = query(priced, "SELECT extract(day FROM now() AT TIME ZONE 'UTC') = 1 AS it_is")[0][
        "it_is"
    ]
    assert ("c" in names(discover(priced, folder, run="four", budget=budget(**more)))) is on_first_of_month
    query(priced, moved, "31 days")
    assert "c" in names(discover(priced, folder, run="five", budget=budget(**more)))


def test_what_costs_more_than_the_whole_budget_says_so_and_stops_no_other(
    priced: Connection, folder: Path
) -> None:
    write_wav(folder / "0.wav", 100)
    assert names(discover(priced, folder, budget=budget(per_month=0.06))) == "abc"
    assert reasons(priced)["0"] == (
        "waits for budget: it alone costs more than the budget_per_month of 0.06 USD; raise that"
    )


def test_parallel_runs_cannot_both_take_the_same_room(
    priced: Connection, folder: Path, results_dsn: str
) -> None:
    def run(name: str) -> str:
        with closing(connect_dsn(results_dsn)) as connection:
            return names(discover(connection, folder, run=name, is_active=bool, budget=budget(per_day=0.03)))

    with ThreadPoolExecutor(4) as executor:
        taken = list(executor.map(run, ("one", "two", "three", "four")))
    assert sorted("".join(taken)) == ["a", "b"]


def test_without_a_price_nothing_is_submitted(db: Connection, folder: Path) -> None:
    store_prices(db, read_prices(None))
    assert discover(db, folder, budget=budget(per_day=100)) == []
    assert set(reasons(db).values()) == {
        "waits for budget: no price for dear, cheap, sentiment_analysis; give it in the Airflow variable"
        " call_sentiment_prices"
    }
    store_prices(db, read_prices(json.dumps(PRICES)))
    assert names(discover(db, folder, budget=budget(per_day=100))) == "abc"
    assert set(reasons(db).values()) == {None}


def test_an_unknown_length_waits_unless_one_is_assumed(priced: Connection, folder: Path) -> None:
    (folder / "d.wav").write_bytes(b"no sound")
    web = manifest(folder, {"recording": "https://example.com/calls/e.wav"}, {"recording": f"{folder}/a.wav"})
    discover(priced, folder, budget=budget(per_day=0))
    assert names(discover(priced, web, budget=budget(per_day=1), min_unchanged_s=0)) == "abc"
    unknown = reasons(priced)
    assert unknown["d"] == unknown["e"]
    assert unknown["e"] is not None
    assert unknown["e"].startswith("waits for budget: its length is not known before it is sent")
    assert names(discover(priced, web, budget=budget(60, per_day=0.181))) == "abcde"
    (row,) = query(priced, "SELECT sum(reserved_cost) AS reserved FROM call_sentiment.transcripts")
    assert row["reserved"] == Decimal("0.18")


def test_what_an_ended_run_did_not_submit_frees_its_share_and_cannot_be_submitted_by_it(
    priced: Connection, folder: Path, airflow_results_conn: str
) -> None:
    discover(priced, folder, run="one", budget=budget(per_day=0.03))
    query(priced, "UPDATE call_sentiment.calls SET started_at = now() WHERE call_id LIKE '%%c.wav'")
    assert names(discover(priced, folder, run="two", newest_first=True, budget=budget(per_day=0.03))) == "c"
    memory = LedgerMemory(airflow_results_conn)
    with memory.open([f"{folder}/{name}.wav" for name in "abc"], {}) as submissions:
        assert [submission.key[-5] for submission in submissions] == ["c"]


def test_a_submission_that_was_begun_keeps_its_share(priced: Connection, folder: Path) -> None:
    discover(priced, folder, run="one", budget=budget(per_day=0.03))
    query(priced, "UPDATE call_sentiment.transcripts SET posted_at = now() WHERE call_id LIKE '%%b.wav'")
    assert names(discover(priced, folder, run="two", newest_first=True, budget=budget(per_day=0.045))) == "ba"


def test_jobs_of_runs_without_a_budget_count(priced: Connection, folder: Path) -> None:
    assert names(discover(priced, folder)) == "abc"
    submit(priced, folder, "a", "b")
    assert "c" not in names(discover(priced, folder, budget=budget(per_day=0.055)))
    assert "c" in names(discover(priced, folder, budget=budget(per_day=0.06)))


def test_jobs_whose_cost_is_not_known_leave_no_room(priced: Connection, folder: Path) -> None:
    discover(priced, folder)
    put_into(
        priced,
        f"{folder}/a.wav",
        "scored",
        submitted_at="now",
        audio_duration_s=1,
        speech_model_used="newest",
    )
    assert discover(priced, folder, budget=budget(per_day=1)) == []
    reason = reasons_of_open(priced)["b"]
    assert reason is not None
    assert "what was spent of the budget_per_day of 1 USD is not known (no price for newest)" in reason


def reasons_of_open(db: Connection) -> dict[str, str | None]:
    rows = query(db, "SELECT call_id, reason FROM call_sentiment.call_overview WHERE status = 'in_progress'")
    return {row["call_id"][-5]: row["reason"] for row in rows}


def test_a_run_without_a_budget_takes_what_waits(priced: Connection, folder: Path) -> None:
    assert discover(priced, folder, budget=budget(per_day=0)) == []
    assert names(discover(priced, folder)) == "abc"
    assert set(reasons(priced).values()) == {None}


def test_lengths_are_read_only_as_far_as_there_is_room(priced: Connection, folder: Path) -> None:
    discover(priced, folder, budget=budget(per_day=0))
    measured = "SELECT count(measured_at) AS n FROM call_sentiment.calls"
    assert query(priced, measured) == [{"n": 0}]
    assert names(discover(priced, folder, budget=budget(per_day=0.01))) == "a"
    assert query(priced, measured) == [{"n": 1}]


def test_the_vendor_charges_no_more_than_the_budget(
    airflow_results_conn: str,
    assemblyai_conn: str,
    sandbox: SandboxServer,
    results_db: Connection,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox.script("*", {"audio_duration": 10, "sentences": [SENTENCE]})
    hook = AssemblyAIHook(assemblyai_conn)
    models = {"assemblyai-stt-3-7": 3.6, "universal-2": 1.8}
    params = {**dag_steps.PARAMS, "recordings": str(folder), "min_unchanged_s": 0, "budget_per_month": 0.04}

    def run(name: str) -> dict[str, float]:
        batches = discover_calls(
            airflow_results_conn,
            params,
            hook.get_transcript,
            run=name,
            prices=json.dumps({**PRICES, "models": models}),
            request_for=hook.default_options,
        )
        for batch in batches or []:
            dag_steps.submit(batch)
            dag_steps.load(batch)
        dag_steps.score()
        return dag_steps.report(batches or [])

    # 10 and 20 seconds are expected and have room; 10 seconds each are billed. Then there is room for no 30.
    first = run("one")
    assert {
        name: first[name] for name in ("calls", "scored", "cost", "cost_unknown", "waiting_for_budget")
    } == {
        "calls": 2,
        "scored": 2,
        "cost": 0.02,
        "cost_unknown": 0,
        "waiting_for_budget": 1,
    }
    assert run("two")["waiting_for_budget"] == 1
    assert "1 calls: waits for budget: the budget_per_month of 0.04 USD has no room for it" in caplog.text
    assert sum(charge["seconds"] for charge in sandbox.charges()) == 20
    params["budget_per_month"] = 0.05
    assert run("three")["waiting_for_budget"] == 0
    assert len(sandbox.charges()) == 3
