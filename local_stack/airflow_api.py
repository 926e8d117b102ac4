"""A client of Airflow's REST API, for the demo, the tests and the benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

TIMEOUT_S = 30.0


class AirflowApi:
    """A client of an api-server whose simple auth manager makes everyone an admin."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        self._token: str | None = None

    def wait_until_healthy(self, check: Callable[[], None], deadline_s: float = 120.0) -> None:
        """Return when all four components report healthy."""
        wanted = ("metadatabase", "scheduler", "triggerer", "dag_processor")

        def healthy() -> bool:
            answer = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=TIMEOUT_S)
            return answer.ok and all(answer.json()[name]["status"] == "healthy" for name in wanted)

        wait_for(healthy, check, deadline_s, "Airflow's components did not all become healthy")

    def wait_for_dag(self, dag_id: str, check: Callable[[], None], deadline_s: float = 120.0) -> None:
        """Return when the dag-processor has read the Dag; raises RuntimeError at an import error."""

        def known() -> bool:
            if errors := self.call("GET", "/importErrors")["import_errors"]:
                raise RuntimeError(f"the Dag file does not import:\n{errors[0]['stack_trace']}")
            return self._request("GET", f"/dags/{dag_id}").ok

        wait_for(known, check, deadline_s, f"the Dag {dag_id} did not appear")

    def put_connection(self, connection_id: str, fields: Mapping[str, Any]) -> None:
        """Create the connection, or update it if it exists."""
        body = {"connection_id": connection_id, **fields}
        answer = self._request("POST", "/connections", body)
        if answer.status_code == requests.codes.conflict:
            answer = self._request("PATCH", f"/connections/{connection_id}", body)
        # Airflow's answer may repeat the secrets that were sent, so it is not part of the error.
        if not answer.ok:
            raise RuntimeError(f"Airflow refused the connection {connection_id} (HTTP {answer.status_code})")

    def unpause(self, dag_id: str) -> None:
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run; returns its id."""
        run_id: str = self.call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})[
            "dag_run_id"
        ]
        return run_id

    def run_state(self, dag_id: str, run_id: str) -> str:
        state: str = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
        return state

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All task instances of a run, mapped ones included."""
        instances: list[dict[str, Any]] = []
        while True:
            page = self.call(
                "GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100&offset={len(instances)}"
            )
            instances += page["task_instances"]
            if not page["task_instances"] or len(instances) >= page["total_entries"]:
                return instances

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer to one request to `/api/v2`; an error quotes Airflow's answer."""
        answer = self._request(method, path, body)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        if self._token is None:
            answer = self._session.get(f"{self.base_url}/auth/token", timeout=TIMEOUT_S)
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
        return self._session.request(
            method,
            f"{self.base_url}/api/v2{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=TIMEOUT_S,
        )


def wait_for(done: Callable[[], bool], check: Callable[[], None], deadline_s: float, failure: str) -> None:
    """Call `done` every half second until it is true. A refused connection counts as not done.

    :param check: called before each try; raises to end the wait.
    :raises TimeoutError: with `failure` as its text.
    """
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        check()
        try:
            if done():
                return
        except (requests.ConnectionError, requests.Timeout):
            pass  # the api-server is not listening yet
        time.sleep(0.5)
    raise TimeoutError(f"{failure} within {deadline_s:.0f} s")
