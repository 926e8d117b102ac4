"""Waiting alone, for jobs that were submitted before: by our sensor, and by a PythonSensor for each job."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import BaseHook, Param, dag, task

from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from call_sentiment import ASSEMBLYAI_CONN_ID

PARAMS = {"ids": Param("", type="string", description="A JSON file: AssemblyAI's ids, in lists.")}
LIMITS = {"timeout": timedelta(hours=1), "retries": 2, "retry_delay": timedelta(seconds=5)}


@task
def batches(*, params: Any = None) -> list[list[str]]:
    read: list[list[str]] = json.loads(Path(params["ids"]).read_text())
    return read


def is_over(transcript_id: str) -> bool:
    connection = BaseHook.get_connection(ASSEMBLYAI_CONN_ID)
    answer = requests.get(
        f"{connection.host}/v2/transcript/{transcript_id}",
        headers={"Authorization": connection.password or ""},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()["status"] in ("completed", "error")


@dag(dag_id="waiting", schedule=None, params=PARAMS)
def waiting() -> None:
    AssemblyAITranscriptSensor.partial(task_id="wait", deferrable=True, **LIMITS).expand(
        transcript_ids=batches()
    )


@dag(dag_id="waiting_one_by_one", schedule=None, params=PARAMS)
def waiting_one_by_one() -> None:
    PythonSensor.partial(
        task_id="wait", python_callable=is_over, mode="reschedule", poke_interval=3, **LIMITS
    ).expand(op_args=batches())


waiting()
waiting_one_by_one()
