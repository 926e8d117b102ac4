"""The dbt package builds and passes its tests for a user who may read the results without the words."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg2.extensions import parse_dsn

from call_sentiment.database import connect_dsn
from call_sentiment.grants import READER, make_reader
from call_sentiment.migrations import migrate
from call_sentiment.scoring.score import score_pending
from local_stack.dbt_sources import SOURCES_FILE, make_sources
from local_stack.paths import REPOSITORY
from local_stack.postgres import EmbeddedPostgres
from tests.support.history import insert_calls
from tests.support.ledgers import put_into
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

DBT = REPOSITORY / ".venv-dbt" / "bin" / "dbt"
CALLS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """A database with calls, and an analyst who builds the models in a schema of their own."""

    owner: Connection
    dsn: str
    folder: Path

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert DBT.exists(), f"{DBT} is missing: run `make .venv-dbt/.installed`"
        place = parse_dsn(self.dsn)
        environment = {
            "PATH": os.defpath,
            "DBT_HOST": place["host"],
            "DBT_PORT": place.get("port", "5432"),
            "DBT_DATABASE": place["dbname"],
            "DBT_USER": "dbt_analyst",
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        command = (str(DBT), "--no-use-colors", "--warn-error", *arguments)
        return subprocess.run(
            command, cwd=REPOSITORY / "dbt", env=environment, capture_output=True, text=True, check=False
        )

    def results(self) -> dict[str, list[str]]:
        """The names of what the last command ran, by status."""
        found: dict[str, list[str]] = {}
        run = json.loads((self.folder / "target" / "run_results.json").read_text())
        for result in run["results"]:
            found.setdefault(result["status"], []).append(result["unique_id"].split(".")[2])
        return found


@pytest.fixture(scope="module")
def warehouse(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    postgres_server.execute("CREATE DATABASE dbt_warehouse")
    dsn = postgres_server.dsn("dbt_warehouse")
    with closing(connect_dsn(dsn)) as owner:
        migrate(owner)
        insert_calls(owner, "", range(1, CALLS + 1), 8)
        insert_calls(owner, "without a score ", range(1, 4), 8)
        for number, state in enumerate(("intent", "submitted", "failed"), start=1):
            put_into(owner, f"without a score {number}", state, status=None, loaded_at=None)
        score_pending(owner)
        # Queue and agent are unknown for a few, and one call has a label of a person.
        query(owner, "UPDATE call_sentiment.calls SET queue = NULL, agent_id = NULL WHERE call_id LIKE '1%%'")
        query(
            owner,
            "INSERT INTO call_sentiment.label_reviews (transcript_id, reviewer, reviewed_label, is_blind)"
            " SELECT min(transcript_id), 'ada', 'POSITIVE', true FROM call_sentiment.transcripts",
        )
        make_reader(owner, READER)
        query(owner, f"CREATE ROLE dbt_analyst LOGIN IN ROLE {READER}")
        query(owner, "CREATE SCHEMA analytics AUTHORIZATION dbt_analyst")
        yield Warehouse(owner=owner, dsn=dsn, folder=tmp_path_factory.mktemp("dbt"))
    postgres_server.execute("DROP DATABASE dbt_warehouse WITH (FORCE)")
    postgres_server.execute(f"DROP ROLE dbt_analyst, {READER}")


def _rows(warehouse: Warehouse, statement: str) -> list[dict[str, Any]]:
    return query(warehouse.owner, statement)


def test_the_sources_are_those_of_the_schema(warehouse: Warehouse) -> None:
    assert SOURCES_FILE.read_text("utf-8") == make_sources(warehouse.owner), "run `make schema`"


def test_every_model_is_built_and_every_test_passes(warehouse: Warehouse) -> None:
    done = warehouse.dbt("build")

    assert done.returncode == 0, done.stdout
    found = warehouse.results()
    assert found.keys() == {"success", "pass"}
    assert {"fct_calls", "fct_daily_scores"} <= set(found["success"])
    assert len(found["pass"]) > 20
    assert _rows(warehouse, "SELECT status, count(*) FROM analytics.fct_calls GROUP BY 1 ORDER BY 1") == [
        {"status": "failed", "count": 1},
        {"status": "in_progress", "count": 2},
        {"status": "ok", "count": CALLS},
    ]
    (same,) = _rows(
        warehouse,
        "SELECT count(*) AS calls, count(f.reviewed_label) AS reviewed FROM analytics.fct_calls AS f"
        " JOIN call_sentiment.call_overview AS o USING (call_id) WHERE f.status = 'ok' AND"
        " (round(f.sentiment_score::numeric, 2), round(f.customer_score::numeric, 2), f.counting_label)"
        " IS NOT DISTINCT FROM (o.sentiment_score, o.customer_score, o.counting_label)",
    )
    assert same == {"calls": CALLS, "reviewed": 1}
    days = "SELECT sum(scored_call_count) AS calls FROM analytics.fct_daily_scores"
    assert _rows(warehouse, days) == [{"calls": CALLS}]


def test_a_mart_that_differs_from_the_view_fails_its_test(warehouse: Warehouse) -> None:
    _rows(warehouse, "UPDATE analytics.fct_daily_scores SET sentiment_score = sentiment_score + 0.001")

    done = warehouse.dbt("test", "--select", "fct_daily_scores_agree")

    assert done.returncode == 1, done.stdout
    assert warehouse.results() == {"fail": ["fct_daily_scores_agree"]}
