"""Other ways to wait. Each returns, by id, when it knew of a job's end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

import assemblyai
import requests

from benchmarks.waiting.vendor import Vendor

if TYPE_CHECKING:
    from benchmarks.waiting import Trial

INTERVAL_S = 3.0
"""Between two questions, as in the samples of AssemblyAI's documentation; also the SDK's default."""


def documented_loop(trial: Trial, vendor: Vendor, count: int) -> Mapping[str, datetime]:
    """The documentation's loop for one job (ask, sleep three seconds), in a thread for each."""

    def poll(transcript_id: str) -> None:
        headers = {"authorization": vendor.api_key}
        while True:
            answer = requests.get(f"{vendor.url}/v2/transcript/{transcript_id}", headers=headers, timeout=60)
            if answer.json()["status"] in ("completed", "error"):
                return
            time.sleep(INTERVAL_S)

    threads = [Thread(target=poll, args=(transcript_id,)) for transcript_id in vendor.submit(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return vendor.last_seen()


def sdk_group(trial: Trial, vendor: Vendor, count: int) -> Mapping[str, datetime]:
    """The official SDK's group transcription."""
    settings = assemblyai.Settings(api_key=vendor.api_key, base_url=vendor.url, polling_interval=INTERVAL_S)
    transcriber = assemblyai.Transcriber(client=assemblyai.Client(settings=settings))
    addresses: list[assemblyai.AudioSource] = [
        f"https://calls.example/{number}.mp3" for number in range(count)
    ]
    models = assemblyai.TranscriptionConfig(speech_models=["universal-2"])
    group = transcriber.submit_group(addresses, models)
    assert isinstance(group, assemblyai.TranscriptGroup)
    group.wait_for_completion()
    return vendor.last_seen()


def python_sensor(trial: Trial, vendor: Vendor, count: int) -> Mapping[str, datetime]:
    """A rescheduling PythonSensor for each job, every three seconds."""
    ids = vendor.submit(count)
    instances = trial.wait("waiting_one_by_one", [[transcript_id] for transcript_id in ids])
    return {
        ids[each["map_index"]]: datetime.fromisoformat(each["end_date"]).astimezone(UTC) for each in instances
    }


PEERS: Mapping[str, Callable[[Trial, Vendor, int], Mapping[str, datetime]]] = {
    "documentation's loop, a thread per job": documented_loop,
    "official SDK, group transcription": sdk_group,
    "PythonSensor per job": python_sensor,
}
