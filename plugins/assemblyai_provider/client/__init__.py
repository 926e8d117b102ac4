"""AssemblyAI over HTTP: one pure core, and two drivers that do its input and output."""

from __future__ import annotations

from assemblyai_provider.client.aio import AsyncAssemblyAIClient
from assemblyai_provider.client.core import ClientSettings, ListedTranscript, Page
from assemblyai_provider.client.submission import find_submission, submit
from assemblyai_provider.client.sync import AssemblyAIClient, Upload

__all__ = [
    "AssemblyAIClient",
    "AsyncAssemblyAIClient",
    "ClientSettings",
    "ListedTranscript",
    "Page",
    "Upload",
    "find_submission",
    "submit",
]
