"""Pollers of the sandbox that take no time, and what tests of waiting share."""

from __future__ import annotations

import asyncio

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._waiting.poller import Poller
from assemblyai_sandbox.testing import SandboxServer

CONN = "assemblyai_default"
FAILING = {"status": "error", "error": "Audio duration is too short."}


def submit(client: AssemblyAIClient, name: str) -> str:
    return client.post_transcript({"audio_url": f"https://h/{name}.mp3"}, lambda: None)


def sandbox_poller(sandbox: SandboxServer, pauses: list[float] | None = None) -> Poller:
    """One that moves the sandbox's clock instead of waiting."""

    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        await asyncio.to_thread(sandbox.clock.advance, seconds)

    return Poller(
        CONN, sleep=sleep, clock=lambda: sandbox.clock.now().timestamp(), uniform=lambda low, high: high
    )


async def requested(sandbox: SandboxServer, endpoint: str, times: int = 1) -> None:
    """Return when the sandbox has had so many requests."""
    while len(sandbox.journal(endpoint)) < times:  # noqa: ASYNC110  (waits for another thread)
        await asyncio.sleep(0.01)
