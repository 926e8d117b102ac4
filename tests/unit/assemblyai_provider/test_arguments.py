"""Numbers that a Dag gives to the operators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from assemblyai_provider.triggers import AssemblyAITranscriptTrigger

NO_INTERVALS = [0, -1, float("nan"), float("inf"), True, "5s", [5], 1e9]


@pytest.mark.parametrize("interval", [*NO_INTERVALS, timedelta(0), timedelta(seconds=-1)])
def test_an_invalid_poll_interval_is_refused_with_the_task(interval: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"task 'wait', poll_interval: .* seconds from 0.1 to 86400"):
        AssemblyAITranscriptSensor(task_id="wait", transcript_ids=[], poll_interval=interval)


@pytest.mark.parametrize("interval", [30, 30.0, "30", timedelta(seconds=30)])
def test_a_poll_interval_is_seconds_or_a_timedelta(interval: Any) -> None:
    sensor = AssemblyAITranscriptSensor(task_id="wait", transcript_ids=[], poll_interval=interval)
    assert sensor.poke_interval == sensor.poll_interval == 30


@pytest.mark.parametrize("name", ["patience", "end_after"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), True, 1e9, timedelta(0)])
def test_an_invalid_wait_is_refused_with_the_task(name: str, seconds: Any) -> None:
    arguments: dict[str, Any] = {name: seconds}
    with pytest.raises(ConfigurationError, match=rf"task 'wait', {name}: .* seconds from 0.1 to 604800"):
        AssemblyAITranscriptSensor(task_id="wait", transcript_ids=[], **arguments)


@pytest.mark.parametrize("interval", NO_INTERVALS)
def test_an_invalid_poll_interval_of_a_trigger_is_refused(interval: Any) -> None:
    with pytest.raises(ConfigurationError, match="poll_interval"):
        AssemblyAITranscriptTrigger(["a"], "conn", poll_interval=interval)


@pytest.mark.parametrize("workers", [0, -1, 1.5, float("nan"), True, "many"])
def test_an_invalid_number_of_workers_is_refused_with_the_task(workers: Any) -> None:
    with pytest.raises(ConfigurationError, match="task 'submit', upload_workers"):
        AssemblyAISubmitTranscriptOperator(task_id="submit", recordings=[], upload_workers=workers)
