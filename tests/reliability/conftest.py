"""The faults suite's bookkeeping: each test says which fault it tried and hands in its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assemblyai_sandbox.testing import SandboxServer
from local_stack.postgres import EmbeddedPostgres
from tests.support.fixtures import server_folder
from tests.support.reliability.catalogue import TITLES
from tests.support.reliability.live import Live, running
from tests.support.reliability.page import Tried, table, write_table
from tests.support.reliability.verdict import Verdict
from tests.support.reliability.world import World

_TRIED: dict[str, Tried] = {name: Tried() for name in TITLES}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reliability", metavar="FILE", help="write the table of faults into this page")


class Trials:
    """Where a test tells what it has tried."""

    def tried(self, fault: str, verdict: Verdict, times: int = 1) -> None:
        """Note a trial of the fault of this name of the catalogue; a bad verdict fails the test."""
        entry = _TRIED[fault]
        entry.times += times
        entry.calls += verdict.calls
        entry.lost += len(verdict.lost)
        entry.paid_twice += len(verdict.paid_twice)
        verdict.must_be_good()


@pytest.fixture(scope="session")
def trials() -> Trials:
    return Trials()


@pytest.fixture
def vendor() -> Iterator[SandboxServer]:
    """The sandbox in real time: what hangs, hangs for real."""
    with SandboxServer(clock="real") as server:
        yield server


@pytest.fixture(scope="session")
def airflow() -> Iterator[Live]:
    """One Airflow for all tests; each sets it up with a vendor and calls of its own."""
    with server_folder() as folder, running(folder) as live:
        yield live


@pytest.fixture
def world(results_dsn: str, vendor: SandboxServer, tmp_path: Path) -> World:
    return World(results_dsn, vendor, tmp_path)


@pytest.fixture
def slow_world(results_dsn: str, vendor: SandboxServer, tmp_path: Path) -> World:
    """One whose connection looks for lost submissions longer than the list is late."""
    return World(results_dsn, vendor, tmp_path, seconds=8.0)


@pytest.fixture(scope="session")
def undisturbed(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What the recordings of a `World` come to when nothing goes wrong."""
    postgres_server.execute("CREATE DATABASE undisturbed")
    with SandboxServer(clock="real") as server:
        world = World(postgres_server.dsn("undisturbed"), server, tmp_path_factory.mktemp("undisturbed"))
        world.workers.run("run", world.location)
        world.examine().must_be_good()
        results = world.results()
    postgres_server.execute("DROP DATABASE undisturbed WITH (FORCE)")
    assert len(results) == 3
    return results


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    file = session.config.getoption("--reliability", None)
    if not file:
        return
    untried = [name for name, entry in _TRIED.items() if not entry.times]
    if exitstatus == pytest.ExitCode.OK and not untried:
        write_table(Path(file), _TRIED)
        return
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    print(f"\n{file} is not written: {', '.join(untried) or 'something'} failed or was left out")  # noqa: T201
    print(table(_TRIED))  # noqa: T201
