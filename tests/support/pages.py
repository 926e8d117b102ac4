"""A real api-server with the pages, users of three roles and a results database of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from call_sentiment import RESULTS_CONN_ID
from call_sentiment.database import connect_dsn
from call_sentiment.migrations import migrate
from local_stack.postgres import airflow_connection
from local_stack.stack import Stack

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ROLES = {"ada": "admin", "uma": "user", "vera": "viewer"}
"""Users and their roles; each password is the name, twice."""


@dataclass(frozen=True)
class PagesServer:
    """Where the pages are, and how to ask for them as somebody."""

    stack: Stack
    base_url: str

    @property
    def pages(self) -> str:
        return f"{self.base_url}/call-sentiment"

    def token(self, user: str) -> str:
        """The bearer token of one of `ROLES`."""
        answer = requests.post(
            f"{self.base_url}/auth/token", json={"username": user, "password": user * 2}, timeout=30
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def get(self, path: str, user: str | None = "vera", **options: object) -> requests.Response:
        """GET a page as one of `ROLES`, or as nobody."""
        return self._send("GET", path, user, {}, **options)

    def post(
        self, path: str, user: str | None = "uma", headers: Mapping[str, str] | None = None, **options: object
    ) -> requests.Response:
        """POST a form as a browser on a page of this Airflow does; `headers` replace its sign of origin."""
        sign = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self._send("POST", path, user, sign, **options)

    def _send(
        self, method: str, path: str, user: str | None, headers: Mapping[str, str], **options: object
    ) -> requests.Response:
        credentials = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return requests.request(  # type: ignore[arg-type]
            method,
            f"{self.pages}/{path}",
            headers={**credentials, **headers},
            timeout=60,
            allow_redirects=False,
            **options,
        )

    def results(self) -> Connection:
        """A connection to the results, to be closed by the caller."""
        return connect_dsn(self.stack.results_dsn)


@contextmanager
def pages_server(folder: Path, *, path: str = "", all_admins: bool = False) -> Iterator[PagesServer]:
    """Start PostgreSQL and an api-server below `path`; the results have our schema and no calls."""
    with Stack(folder) as stack:
        stack.set(_settings(stack, folder, path, all_admins))
        stack.migrate()
        with closing(connect_dsn(stack.results_dsn)) as connection:
            migrate(connection)
        stack.start_component("api-server")
        server = PagesServer(stack, f"{stack.api.base_url}{path}")
        _wait(server)
        yield server


def _settings(stack: Stack, folder: Path, path: str, all_admins: bool) -> dict[str, str]:
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps({name: name * 2 for name in ROLES}))
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(all_admins).lower(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{n}:{role}" for n, role in ROLES.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API__BASE_URL": f"{stack.api.base_url}{path}",
        f"AIRFLOW_CONN_{RESULTS_CONN_ID.upper()}": airflow_connection(stack.results_dsn),
    }


def _wait(server: PagesServer) -> None:
    deadline = time.monotonic() + 120
    while True:
        server.stack.processes.check()
        try:
            if requests.get(f"{server.base_url}/api/v2/version", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        assert time.monotonic() < deadline, "the api-server did not start"
        time.sleep(0.3)
