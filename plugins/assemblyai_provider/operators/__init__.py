"""Operators that submit, transcribe, export and delete."""

from __future__ import annotations

from assemblyai_provider.operators.delete import AssemblyAIDeleteTranscriptOperator
from assemblyai_provider.operators.submit import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.operators.subtitles import AssemblyAIExportSubtitlesOperator
from assemblyai_provider.operators.transcribe import AssemblyAITranscribeOperator

__all__ = [
    "AssemblyAIDeleteTranscriptOperator",
    "AssemblyAIExportSubtitlesOperator",
    "AssemblyAISubmitTranscriptOperator",
    "AssemblyAITranscribeOperator",
]
