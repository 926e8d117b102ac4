"""Fixtures of the reliability suite, and its table: how often each fault was tried, and with what result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assemblyai_sandbox.testing import SandboxServer
from local_stack.postgres import EmbeddedPostgres
from tests.support.fixtures import server_folder
from tests.support.reliability.call_centre import CallCentre
from tests.support.reliability.catalogue import TITLES
from tests.support.reliability.examination import Examination
from tests.support.reliability.page import FaultCount, format_table, write_table
from tests.support.reliability.running_airflow import RunningAirflow, run_airflow

_COUNTS: dict[str, FaultCount] = {name: FaultCount() for name in TITLES}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reliability", metavar="FILE", help="write the table of faults into this page")


class FaultRecorder:
    """Counts the faults that the tests try."""

    def record(self, fault: str, examination: Examination, times: int = 1) -> None:
        """Count a fault of the catalogue; fails the test if a call was lost or paid twice.

        :param times: how often the test tried it.
        """
        count = _COUNTS[fault]
        count.times += times
        count.calls += examination.calls
        count.lost += len(examination.lost)
        count.paid_twice += len(examination.paid_twice)
        examination.assert_none_lost_or_paid_twice()


@pytest.fixture(scope="session")
def faults() -> FaultRecorder:
    return FaultRecorder()


@pytest.fixture
def vendor() -> Iterator[SandboxServer]:
    """The sandbox on the real clock."""
    with SandboxServer(clock="real") as server:
        yield server


@pytest.fixture(scope="session")
def shared_airflow() -> Iterator[RunningAirflow]:
    """One Airflow for all tests, to be set up by each."""
    with server_folder() as folder, run_airflow(folder) as airflow:
        yield airflow


@pytest.fixture
def airflow(
    shared_airflow: RunningAirflow, vendor: SandboxServer, request: pytest.FixtureRequest
) -> RunningAirflow:
    """The shared Airflow with a sandbox, an empty folder and empty results for one test."""
    shared_airflow.set_up(vendor, re.sub(r"\W", "-", request.node.name))
    return shared_airflow


@pytest.fixture
def centre(results_dsn: str, vendor: SandboxServer, tmp_path: Path) -> CallCentre:
    return CallCentre(results_dsn, vendor, tmp_path)


@pytest.fixture
def patient_centre(results_dsn: str, vendor: SandboxServer, tmp_path: Path) -> CallCentre:
    """A call centre that searches for lost answers for longer than the list is late."""
    return CallCentre(results_dsn, vendor, tmp_path, reconcile_s=8.0)


@pytest.fixture(scope="session")
def expected(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """The results of a call centre when nothing goes wrong."""
    postgres_server.execute("CREATE DATABASE expected_results")
    with SandboxServer(clock="real") as server:
        centre = CallCentre(
            postgres_server.dsn("expected_results"), server, tmp_path_factory.mktemp("expected_results")
        )
        centre.workers.run_step("run", centre.location)
        centre.examine().assert_none_lost_or_paid_twice()
        results = centre.read_results()
    postgres_server.execute("DROP DATABASE expected_results WITH (FORCE)")
    assert len(results) == 3
    return results


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    file = session.config.getoption("--reliability", None)
    if not file:
        return
    untried = [name for name, count in _COUNTS.items() if not count.times]
    if exitstatus == pytest.ExitCode.OK and not untried:
        write_table(Path(file), _COUNTS)
        return
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    print(f"\n{file} is not written: {', '.join(untried) or 'something'} failed or was left out")  # noqa: T201
    print(format_table(_COUNTS))  # noqa: T201
