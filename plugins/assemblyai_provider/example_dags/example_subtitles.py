"""Transcribe a recording and write its subtitles to a file or to object storage."""

from __future__ import annotations

from airflow.sdk import Param, dag

from assemblyai_provider.operators import AssemblyAIExportSubtitlesOperator, AssemblyAITranscribeOperator


@dag(
    schedule=None,
    params={
        "recording": Param("https://assembly.ai/wildfires.mp3", type="string"),
        "path": Param("/tmp/wildfires.srt", type="string", description="Ends in .srt or .vtt."),
    },
    tags=["assemblyai", "example"],
)
def example_assemblyai_subtitles() -> None:
    transcribe = AssemblyAITranscribeOperator(
        task_id="transcribe", recordings="{{ params.recording }}", deferrable=True, retries=2
    )
    AssemblyAIExportSubtitlesOperator(
        task_id="export", transcript_id=transcribe.output, path="{{ params.path }}", chars_per_caption=40
    )


example_assemblyai_subtitles()
