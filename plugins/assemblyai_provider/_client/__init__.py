"""AssemblyAI over HTTP: one core without input or output, and two clients. Private: use the hook."""

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
