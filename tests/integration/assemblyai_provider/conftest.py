"""A client of the sandbox whose pauses move the sandbox's clock instead of taking time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyai_provider._client import AssemblyAIClient, ClientSettings
from assemblyai_provider._client.rate_limiter import RateLimiter
from assemblyai_sandbox.testing import SandboxServer


class Pauses(list[float]):
    """Every pause that was made, in seconds."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox

    def sleep(self, seconds: float) -> None:
        self.append(seconds)
        self._sandbox.clock.advance(seconds)


@pytest.fixture(params=["spec", "docs"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """The service as either of its sources describes it, where they conflict."""
    with SandboxServer(preset=request.param) as server:
        yield server


@pytest.fixture
def pauses(sandbox: SandboxServer) -> Pauses:
    return Pauses(sandbox)


@pytest.fixture
def client(sandbox: SandboxServer, pauses: Pauses) -> Iterator[AssemblyAIClient]:
    made = AssemblyAIClient(
        ClientSettings(base_url=sandbox.url, api_key=sandbox.api_key),
        limiter=RateLimiter(20_000, lambda: sandbox.clock.now().timestamp()),
        sleep=pauses.sleep,
        uniform=lambda low, high: high,
        now=sandbox.clock.now,
    )
    yield made
    made.close()
