"""Transcribe a recording and count its negative sentences."""

from __future__ import annotations

from airflow.sdk import Param, dag, task

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAITranscribeOperator


@dag(
    schedule=None,
    params={"recording": Param("https://assembly.ai/wildfires.mp3", type="string")},
    tags=["assemblyai", "example"],
)
def example_assemblyai_transcribe() -> None:
    transcribe = AssemblyAITranscribeOperator(
        task_id="transcribe",
        recordings="{{ params.recording }}",
        transcript_options={"entity_detection": True, "content_safety": True},
        deferrable=True,
        retries=2,
    )

    @task
    def count_results(transcript_id: str) -> dict[str, int]:
        # Fetch the words where they are needed: XCom is no place for what was said in a call.
        transcript = AssemblyAIHook().get_transcript(transcript_id)
        sentiments = transcript.sentiments or ()
        return {
            "negative": sum(sentence.sentiment == "NEGATIVE" for sentence in sentiments),
            "entities": len(transcript.entities or ()),
            "content_flags": len(transcript.content_flags or ()),
        }

    count_results(transcribe.output)


example_assemblyai_transcribe()
