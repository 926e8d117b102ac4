"""Blocking and asyncio clients of AssemblyAI. Private: use the hook."""

from __future__ import annotations

from assemblyai_provider._client.aio import AsyncAssemblyAIClient
from assemblyai_provider._client.core import ClientSettings, ListedTranscript, Page
from assemblyai_provider._client.sync import AssemblyAIClient, Upload

__all__ = [
    "AssemblyAIClient",
    "AsyncAssemblyAIClient",
    "ClientSettings",
    "ListedTranscript",
    "Page",
    "Upload",
]
