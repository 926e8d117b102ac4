from __future__ import annotations

import json
from typing import Any, cast

import pytest

from assemblyai_provider.links import AssemblyAITranscriptLink
from assemblyai_provider.operators import AssemblyAITranscribeOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor

PAGE = "https://www.assemblyai.com/playground/transcript/"


@pytest.mark.parametrize(
    ("fields", "ids", "link"),
    [
        ({"password": "k"}, ["t1", "t2"], PAGE + "t1"),
        ({"password": "k", "host": "https://api.eu.assemblyai.com"}, "t1", PAGE + "t1"),
        ({"password": "k"}, [], ""),
        ({"password": "k", "host": "http://127.0.0.1:8123"}, ["t1"], ""),
        ({"password": ""}, ["t1"], ""),
    ],
)
def test_a_task_leads_to_its_first_transcript(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], ids: Any, link: str
) -> None:
    connection = {"conn_type": "assemblyai", **fields}
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(connection))
    sensor = AssemblyAITranscriptSensor(task_id="wait", transcript_ids=ids)
    assert AssemblyAITranscriptLink().get_link(sensor, ti_key=cast("Any", None)) == link


def test_a_task_that_submitted_nothing_has_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", '{"conn_type": "assemblyai", "password": "k"}')
    operator = AssemblyAITranscribeOperator(task_id="t", recordings="a.mp3")
    assert AssemblyAITranscriptLink().get_link(operator, ti_key=cast("Any", None)) == ""
    operator.linked_ids = ["t1"]
    assert AssemblyAITranscriptLink().get_link(operator, ti_key=cast("Any", None)) == PAGE + "t1"
