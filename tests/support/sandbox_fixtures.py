"""Fixtures shared by every test: the sandbox and Airflow's connection to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyai_sandbox.testing import SandboxServer


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def assemblyai_conn(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Airflow connection id of the sandbox."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT",
        f'{{"conn_type": "assemblyai", "host": "{sandbox.url}", "password": "{sandbox.api_key}"}}',
    )
    return "assemblyai_default"
