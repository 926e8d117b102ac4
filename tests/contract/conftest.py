"""The service under contract: the sandbox, or with TARGET=live the real one.

A live run needs ASSEMBLYAI_API_KEY (and takes ASSEMBLYAI_BASE_URL), spends about a cent, and skips every test
that would take it over CONTRACT_BUDGET_USD (default 0.03).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import assemblyai as aai
import pytest

from assemblyai_sandbox.testing import SandboxServer

RECORDINGS = Path(__file__).parents[2] / "recordings"
LIVE = os.environ.get("TARGET") == "live"
# The dearest model with every add-on these tests use, USD per hour of audio.
PRICE_PER_HOUR = 0.35
CONVERSATION_S = 31


@dataclass
class Service:
    """Where the tests go, and what they may still spend there."""

    base_url: str
    api_key: str
    live: bool
    left_usd: float = float(os.environ.get("CONTRACT_BUDGET_USD", "0.03"))
    settings: aai.Settings = field(init=False)

    def __post_init__(self) -> None:
        interval = 3.0 if self.live else 0.05
        self.settings = aai.Settings(api_key=self.api_key, base_url=self.base_url, polling_interval=interval)

    def spend(self, seconds: float) -> None:
        """Ask for money before audio is sent; skips the test when there is not enough."""
        cost = seconds / 3600 * PRICE_PER_HOUR if self.live else 0.0
        if cost > self.left_usd:
            pytest.skip(f"would cost about {cost:.3f} USD; raise CONTRACT_BUDGET_USD to run it")
        self.left_usd -= cost


@pytest.fixture(scope="session", params=["live"] if LIVE else ["as it comes", "spec", "docs"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    if not LIVE:
        preset = None if request.param == "as it comes" else request.param
        with SandboxServer(clock="real", preset=preset) as server:
            yield Service(server.url, server.api_key, live=False)
        return
    key = os.environ.get("ASSEMBLYAI_API_KEY")
    if not key:
        pytest.skip("TARGET=live needs ASSEMBLYAI_API_KEY")
    yield Service(os.environ.get("ASSEMBLYAI_BASE_URL", "https://api.assemblyai.com"), key, live=True)


@pytest.fixture
def sdk(service: Service) -> Iterator[aai.Client]:
    client = aai.Client(settings=service.settings)
    yield client
    client.http_client.close()


@pytest.fixture
def transcriber(sdk: aai.Client) -> aai.Transcriber:
    return aai.Transcriber(client=sdk)


@pytest.fixture
def conversation(service: Service) -> str:
    """A call of half a minute between two people, one per channel."""
    service.spend(CONVERSATION_S)
    return str(RECORDINGS / "password-reset.mp3")


@pytest.fixture(scope="session")
def models() -> Callable[..., aai.TranscriptionConfig]:
    """A configuration that names the models, as every request should."""
    return lambda **options: aai.TranscriptionConfig(
        speech_models=["assemblyai-stt-3-7", "universal-2"], **options
    )
