"""Submit recordings in one task and wait for their transcripts in another."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag

from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor


@dag(
    schedule=None,
    render_template_as_native_obj=True,
    params={"recordings": Param(["https://assembly.ai/wildfires.mp3"], type="array")},
    tags=["assemblyai", "example"],
)
def example_assemblyai_submit_and_wait() -> None:
    submit = AssemblyAISubmitTranscriptOperator(
        task_id="submit", recordings="{{ params.recordings }}", upload_workers=8, retries=2
    )
    AssemblyAITranscriptSensor(
        task_id="wait", transcript_ids=submit.output, deferrable=True, end_after=timedelta(hours=6), retries=2
    )


example_assemblyai_submit_and_wait()
