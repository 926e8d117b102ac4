from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from airflow.sdk import DAG

from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from assemblyai_provider.submission_memory import SubmissionMemory
from tests.support.airflow_versions import DagSerialization


@dataclass(frozen=True)
class SomeMemory:
    postgres_conn_id: str


def serialized(*, mapped: bool) -> str:
    memory = cast(SubmissionMemory, SomeMemory("db"))
    with DAG("d", schedule=None) as dag:
        if mapped:
            submit: Any = AssemblyAISubmitTranscriptOperator.partial(task_id="submit", memory=memory).expand(
                recordings=[["a"], ["b"]]
            )
            AssemblyAITranscriptSensor.partial(
                task_id="wait", fail_on_error=False, patience=timedelta(seconds=5), end_after="{{ 15 }}"
            ).expand(transcript_ids=submit.output)
        else:
            submit = AssemblyAISubmitTranscriptOperator(task_id="submit", recordings="a", memory=memory)
            AssemblyAITranscriptSensor(task_id="wait", transcript_ids=submit.output)
    return json.dumps(DagSerialization.to_dict(dag), sort_keys=True)


@pytest.mark.parametrize("mapped", [True, False])
def test_a_dag_with_a_memory_serializes_the_same_each_time(mapped: bool) -> None:
    first = serialized(mapped=mapped)
    assert first == serialized(mapped=mapped)
    assert " at 0x" not in first
    DagSerialization.from_dict(json.loads(first))
