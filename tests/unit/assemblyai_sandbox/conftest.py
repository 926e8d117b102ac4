"""A scripted sandbox that tests without own settings share, reset after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api


@pytest.fixture(scope="session")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def server(_server: SandboxServer) -> SandboxServer:
    _server.reset()
    return _server


@pytest.fixture
def connect() -> Iterator[Callable[..., Api]]:
    """Open clients that are closed after the test."""
    with ExitStack() as stack:

        def open_client(server: SandboxServer, key: str | None = None) -> Api:
            api = Api(server, key)
            stack.callback(api.http.close)
            return api

        yield open_client


@pytest.fixture
def api(server: SandboxServer, connect: Callable[..., Api]) -> Api:
    return connect(server)


@pytest.fixture
def start(connect: Callable[..., Api]) -> Iterator[Callable[..., Api]]:
    """Start a sandbox with its own settings; returns its client."""
    with ExitStack() as stack:
        yield lambda **settings: connect(stack.enter_context(SandboxServer(**settings)))
