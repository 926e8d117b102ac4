"""Transcribe a recording, and delete transcript and upload at AssemblyAI when the results are read."""

from __future__ import annotations

from airflow.sdk import Param, dag, task

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAIDeleteTranscriptOperator, AssemblyAITranscribeOperator


@dag(
    schedule=None,
    params={"recording": Param("https://assembly.ai/wildfires.mp3", type="string")},
    tags=["assemblyai", "example"],
)
def example_assemblyai_delete() -> None:
    transcribe = AssemblyAITranscribeOperator(
        task_id="transcribe", recordings="{{ params.recording }}", deferrable=True, retries=2
    )

    @task
    def count_words(transcript_id: str) -> int:
        return len(AssemblyAIHook().get_transcript(transcript_id).words or ())

    delete = AssemblyAIDeleteTranscriptOperator(task_id="delete", transcript_ids=transcribe.output, retries=2)
    count_words(transcribe.output) >> delete


example_assemblyai_delete()
