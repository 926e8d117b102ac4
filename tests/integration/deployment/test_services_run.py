"""Every command of docker-compose.yaml runs as a process with the environment of the file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from local_stack.airflow_api import AirflowApi
from local_stack.paths import REPOSITORY
from local_stack.postgres import EmbeddedPostgres
from local_stack.processes import ProcessGroup, free_port
from local_stack.stack import COMPONENTS
from tests.support import compose

SERVICES = (*COMPONENTS, "sandbox")

DAG = """
from airflow.sdk import BaseHook, dag, task


@dag(schedule=None, is_paused_upon_creation=False)
def deployment_check():
    @task
    def reach_both():
        import psycopg2
        import requests

        service = BaseHook.get_connection("assemblyai_default")
        requests.get(
            f"{service.host}/v2/transcript", headers={"Authorization": service.password}, timeout=30
        ).raise_for_status()
        results = BaseHook.get_connection("call_sentiment_db")
        place = {"host": results.host, "port": results.port, "dbname": results.schema}
        psycopg2.connect(user=results.login, password=results.password, **place).close()
        print("both are there")

    reach_both()


deployment_check()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The services of the file on this machine, with the `.env` of `make env`."""

    variables: Mapping[str, str]
    services: Mapping[str, Any]
    machine: compose.LocalMachine

    def run(self, command: list[str], service: str, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = self.machine.environment(self.services[service]) | changes
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def init(self, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.machine.command(self.services["init"]), "init", **changes)

    def check(self, service: str) -> subprocess.CompletedProcess[str]:
        """The service's health check."""
        return self.run(self.machine.health_command(self.services[service]), service)

    @property
    def passwords(self) -> Path:
        """The password file that the api-server reads."""
        variable = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
        return Path(self.machine.environment(self.services["init"])[variable])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.machine.ports['api-server', 8080]}"


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedPostgres
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    subprocess.run(
        (sys.executable, str(REPOSITORY / "deploy" / "make_env.py")), cwd=folder, env={}, check=True
    )
    variables = compose.read_env(folder / ".env")
    services = compose.load(variables)["services"]
    home = folder / "image"
    for name in ("dags", "logs", "auth", "sandbox"):
        (home / name).mkdir(parents=True)
    (home / "deploy").symlink_to(REPOSITORY / "deploy")
    (home / "dags" / "deployment_check.py").write_text(DAG)
    ports = {(name, port): free_port(0) for name, port in (("api-server", 8080), ("sandbox", 8765))}
    machine = compose.LocalMachine(home=home, postgres_dsn=postgres_server.dsn(), ports=ports)
    # The image of PostgreSQL does the same with its variables on a new volume.
    made = services["postgres"]["environment"]
    postgres_server.execute(f"CREATE ROLE {made['POSTGRES_USER']} SUPERUSER LOGIN")
    postgres_server.execute(f"CREATE DATABASE {made['POSTGRES_DB']} OWNER {made['POSTGRES_USER']}")
    yield Deployment(variables=variables, services=services, machine=machine)
    for database in (made["POSTGRES_DB"], "call_sentiment"):
        postgres_server.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    postgres_server.execute(f"DROP ROLE {made['POSTGRES_USER']}")


@pytest.fixture(scope="module")
def prepared(deployment: Deployment) -> Deployment:
    """The deployment after `init`."""
    done = deployment.init()
    assert done.returncode == 0, done.stdout + done.stderr
    return deployment


@pytest.fixture(scope="module")
def running(prepared: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The deployment with every service started and all components healthy."""
    processes = ProcessGroup(tmp_path_factory.mktemp("processes"))
    try:
        for name in SERVICES:
            service = prepared.services[name]
            processes.start(name, prepared.machine.command(service), prepared.machine.environment(service))
        AirflowApi(prepared.url).wait_until_healthy(processes.check)
        yield prepared
        processes.check()
        for name in SERVICES:
            processes.kill(name)  # an orderly stop of the triggerer takes ten seconds
    finally:
        processes.stop()


def test_a_failed_migration_fails_init_so_that_nothing_else_starts(deployment: Deployment) -> None:
    nowhere = "postgresql+psycopg2://airflow:x@127.0.0.1:1/airflow"
    done = deployment.init(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=nowhere)
    assert done.returncode != 0
    assert "Connection refused" in done.stdout + done.stderr


def test_init_makes_the_results_database_and_the_password(
    prepared: Deployment, postgres_server: EmbeddedPostgres
) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'call_sentiment'"
    assert postgres_server.execute(owner) == [("airflow",)]
    assert json.loads(prepared.passwords.read_text()) == {
        "admin": prepared.variables["AIRFLOW_ADMIN_PASSWORD"]
    }
    assert prepared.passwords.stat().st_mode & 0o077 == 0


def test_preparing_again_keeps_the_database_and_takes_a_new_password(prepared: Deployment) -> None:
    command = [sys.executable, str(prepared.machine.home / "deploy" / "prepare.py")]
    for password in ("a new one", prepared.variables["AIRFLOW_ADMIN_PASSWORD"]):
        done = prepared.run(command, "init", AIRFLOW_ADMIN_PASSWORD=password)
        assert done.returncode == 0, done.stderr
        assert json.loads(prepared.passwords.read_text()) == {"admin": password}


def test_a_health_check_fails_while_its_service_does_not_run(prepared: Deployment) -> None:
    for name in ("api-server", "scheduler", "sandbox"):
        assert prepared.check(name).returncode != 0, name


def test_every_health_check_passes_while_its_service_runs(running: Deployment) -> None:
    with ThreadPoolExecutor(2) as pool:
        for name, done in zip(SERVICES, pool.map(running.check, SERVICES), strict=True):
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_only_the_password_of_the_env_file_lets_the_administrator_in(running: Deployment) -> None:
    assert _log_in(running, "admin").status_code == requests.codes.unauthorized
    assert _log_in(running, running.variables["AIRFLOW_ADMIN_PASSWORD"]).status_code == requests.codes.created
    assert requests.get(f"{running.url}/api/v2/dags", timeout=30).status_code == requests.codes.unauthorized


def test_a_task_reaches_assemblyai_and_the_results_and_its_log_is_read(running: Deployment) -> None:
    with _administrator(running) as session:
        runs = f"{running.url}/api/v2/dags/deployment_check/dagRuns"
        one = f"{runs}/{_finished_run(session, runs)}"
        log = session.get(f"{one}/taskInstances/reach_both/logs/1?full_content=true", timeout=30).text
        assert session.get(one, timeout=30).json()["state"] == "success", log
        assert "both are there" in log


def test_the_cleaner_deletes_old_runs_with_their_logs_and_no_others(
    running: Deployment, postgres_server: EmbeddedPostgres
) -> None:
    logs = running.machine.home / "logs" / "dag_id=deployment_check"
    command = [shutil.which("bash") or "bash", str(running.machine.home / "deploy" / "clean.sh")]
    with _administrator(running) as session:
        runs = f"{running.url}/api/v2/dags/deployment_check/dagRuns"
        old, new = _finished_run(session, runs), _finished_run(session, runs)
        with closing(psycopg2.connect(postgres_server.dsn("airflow"))) as connection, connection:
            connection.cursor().execute(
                "UPDATE dag_run SET start_date = now() - interval '31 days' WHERE run_id = %s", (old,)
            )
        for log in (logs / f"run_id={old}").rglob("*.log"):
            os.utime(log, (time.time() - 31 * 86_400,) * 2)

        done = running.run(command, "cleaner")

        assert done.returncode == 0, done.stdout + done.stderr
        found = {run["dag_run_id"] for run in session.get(runs, timeout=30).json()["dag_runs"]}
        logged = {log.parents[1].name.removeprefix("run_id=") for log in logs.rglob("*.log")}
        assert new in found & logged
        assert old not in found | logged


@contextmanager
def _administrator(running: Deployment) -> Iterator[requests.Session]:
    token = _log_in(running, running.variables["AIRFLOW_ADMIN_PASSWORD"]).json()["access_token"]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


def _finished_run(session: requests.Session, runs: str) -> str:
    """The id of a new run that has ended."""
    ids: list[str] = []

    def trigger() -> bool:
        answer = session.post(runs, json={"logical_date": None}, timeout=30)
        ids.extend([answer.json()["dag_run_id"]] if answer.ok else [])
        return answer.ok

    _until(trigger, "the Dag is not known")
    _until(
        lambda: session.get(f"{runs}/{ids[0]}", timeout=30).json()["state"] in ("success", "failed"),
        "the run does not end",
    )
    return ids[0]


def _log_in(deployment: Deployment, password: str) -> requests.Response:
    body = {"username": "admin", "password": password}
    return requests.post(f"{deployment.url}/auth/token", json=body, timeout=30)


def _until(done: Callable[[], bool], failure: str, deadline_s: float = 60.0) -> None:
    deadline = time.monotonic() + deadline_s
    while not done():
        assert time.monotonic() < deadline, failure
        time.sleep(0.3)
