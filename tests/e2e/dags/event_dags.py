"""Dags of `test_events.py`: two wait for transcripts, one starts when transcripts have ended."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task

from assemblyai_provider.asset_triggers import AssemblyAITranscriptsEndedTrigger
from assemblyai_provider.operators import AssemblyAITranscribeOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor

ended = Asset(
    "ended_transcripts",
    watchers=[AssetWatcher(name="account", trigger=AssemblyAITranscriptsEndedTrigger(poll_interval=0.5))],
)

with DAG("wait_for_webhook", schedule=None, render_template_as_native_obj=True):
    AssemblyAITranscriptSensor(
        task_id="wait", transcript_ids="{{ dag_run.conf['ids'] }}", deferrable=True, push_requests=True
    )

with DAG("transcribe", schedule=None):
    AssemblyAITranscribeOperator(task_id="transcribe", recordings="https://h/alone.mp3", deferrable=True)

with DAG("on_ended_transcripts", schedule=[ended]):

    @task
    def collect(triggering_asset_events: dict[Any, Any]) -> list[str]:
        events = [event for events in triggering_asset_events.values() for event in events]
        return [item["id"] for event in events for item in event.extra["payload"]["transcripts"]]

    collect()
