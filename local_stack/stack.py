"""Airflow, PostgreSQL and, if wanted, the sandbox, as processes of one machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from call_sentiment import ASSEMBLYAI_CONN_ID, DAG_ID, RESULTS_CONN_ID
from local_stack.airflow_api import AirflowApi, wait_for
from local_stack.environment import component_environment
from local_stack.paths import REPOSITORY
from local_stack.postgres import EmbeddedPostgres, connection_fields, sqlalchemy_url
from local_stack.processes import ProcessGroup, free_port

SANDBOX_KEY = "sandbox-key"

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


class Stack:
    """A context manager for everything the Dag needs, on 127.0.0.1 and with its data in one folder.

    On entry PostgreSQL runs and the databases exist. Then call `start_sandbox` (if wanted), `migrate` and
    `start_airflow`, in this order. They are separate so that a caller can show its progress.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        dags: Path = REPOSITORY / "dags",
        port: int = 0,
        sandbox_port: int = 0,
    ) -> None:
        """
        :param folder: where databases, logs and secrets are kept.
        :param settings: further environment variables of the Airflow components.
        :param dags: the folder Airflow reads Dags from.
        :param port, sandbox_port: of the api-server and the sandbox, if they are free; 0 for any free port.
        """
        self.folder = folder
        self.processes = ProcessGroup(folder / "logs")
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self._settings = dict(settings or {})
        self._dags = dags
        self._port = free_port(port)
        self._sandbox_port = sandbox_port
        self.api = AirflowApi(f"http://127.0.0.1:{self._port}")
        self.sandbox_url: str | None = None

    def __enter__(self) -> Self:
        self.postgres.__enter__()
        try:
            self.postgres.ensure_database("airflow")
            self.postgres.ensure_database("call_sentiment")
        except BaseException:
            self.postgres.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.processes.stop()
        self.postgres.__exit__(exc_type, exc, traceback)

    @property
    def results_dsn(self) -> str:
        """libpq DSN of the results database."""
        return self.postgres.dsn("call_sentiment")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every Airflow component and of an `airflow` command."""
        return {
            **component_environment(
                home=self.folder / "airflow",
                metadata_url=sqlalchemy_url(self.postgres.dsn("airflow")),
                port=self._port,
                dags=self._dags,
            ),
            **self._settings,
        }

    def set(self, settings: Mapping[str, str]) -> None:
        """Add environment variables of the Airflow components; those that run keep theirs."""
        self._settings.update(settings)

    def start_sandbox(self, engine: str = "speech", *options: str) -> str:
        """Start the sandbox, with its data in the same folder; returns its base URL."""
        port = free_port(self._sandbox_port)
        self.sandbox_url = url = f"http://127.0.0.1:{port}"
        state = ("--state", str(self.folder / "sandbox"))
        command = (sys.executable, "-m", "assemblyai_sandbox", "--port", str(port), "--engine", engine)
        self.processes.start(
            "sandbox", (*command, "--api-key", SANDBOX_KEY, *state, *options), self.environment
        )
        wait_for(
            lambda: requests.get(f"{url}/_sandbox/health", timeout=5).ok,
            self.processes.check,
            30.0,
            "the sandbox did not start",
        )
        return url

    def migrate(self) -> None:
        """Migrate Airflow's metadata database."""
        log = self.processes.log("migrate")
        with log.open("ab") as output:
            done = subprocess.run(
                (*_AIRFLOW, "db", "migrate"), env=self.environment, stdout=output, stderr=output, check=False
            )
        if done.returncode:
            raise RuntimeError(f"airflow db migrate failed; see {log}")

    def start_airflow(self) -> None:
        """Start the four components and wait until all are healthy and the Dag is known."""
        for name in COMPONENTS:
            self.start_component(name)
        self.api.wait_until_healthy(self.processes.check)
        self.api.wait_for_dag(DAG_ID, self.processes.check)

    def start_component(self, component: str, name: str | None = None) -> None:
        """Start or restart a component.

        :param name: of a second process of the same component.
        """
        self.processes.start(name or component, (*_AIRFLOW, *COMPONENTS[component]), self.environment)

    def connect(self, *, base_url: str, api_key: str, extra: Mapping[str, Any] | None = None) -> None:
        """Store the Airflow connections to AssemblyAI (or the sandbox) and to the results."""
        self.api.put_connection(
            ASSEMBLYAI_CONN_ID,
            {
                "conn_type": "assemblyai",
                "host": base_url,
                "password": api_key,
                "extra": json.dumps(extra) if extra else None,
            },
        )
        self.api.put_connection(RESULTS_CONN_ID, connection_fields(self.results_dsn))


_AIRFLOW = (sys.executable, "-m", "airflow")
