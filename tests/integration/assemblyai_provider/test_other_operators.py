"""Operators that delete and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.api.datamodels._generated import TaskInstanceState

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import (
    AssemblyAIDeleteTranscriptOperator,
    AssemblyAIExportSubtitlesOperator,
)
from assemblyai_sandbox.testing import SandboxServer
from tests.support.airflow_task import ExecutionApi, dag, run_task

pytestmark = pytest.mark.usefixtures("assemblyai_conn")


def run(operator: type[BaseOperator], **arguments: Any) -> tuple[str, Any, str]:
    """One try: the state it ended in, its result and its error."""
    api = ExecutionApi(max_tries=2)
    with dag():
        task = operator(task_id="t", **arguments)
    ended = run_task(task, api)
    state = ended.state.value if isinstance(ended.state, TaskInstanceState) else str(ended.state)
    return state, api.xcoms.get("return_value"), str(ended.error or "")


def test_transcripts_are_deleted_and_a_retry_succeeds(sandbox: SandboxServer) -> None:
    hook = AssemblyAIHook()
    ids = [hook.submit(f"https://h/{name}.mp3") for name in "ab"]
    for _ in range(2):
        assert run(AssemblyAIDeleteTranscriptOperator, transcript_ids=ids)[:2] == ("success", ids)
    assert all(hook.get_transcript(id_).deleted for id_ in ids)
    assert run(AssemblyAIDeleteTranscriptOperator, transcript_ids=ids[0])[:2] == ("success", ids[:1])


def test_one_that_cannot_be_deleted_does_not_stop_the_others(sandbox: SandboxServer) -> None:
    sandbox.script("slow", {"processing_s": 5})
    hook = AssemblyAIHook()
    slow, ended = hook.submit("https://h/slow.mp3"), hook.submit("https://h/a.mp3")
    state, _, error = run(AssemblyAIDeleteTranscriptOperator, transcript_ids=[slow, "unknown", ended])
    assert state == "failed"
    assert "2 of 3 transcripts are not deleted" in error
    assert f"{slow}: DELETE /v2/transcript/{slow} answered 400" in error
    assert hook.get_transcript(ended).deleted
    known = run(AssemblyAIDeleteTranscriptOperator, transcript_ids=["unknown", ended], missing_ok=True)
    assert known[0] == "success"


def test_a_fault_of_the_network_is_retried(sandbox: SandboxServer, client: AssemblyAIClient) -> None:
    transcript_id = AssemblyAIHook().submit("https://h/a.mp3")
    sandbox.fault("truncated_json", "get", count=None)
    with dag():
        task = AssemblyAIDeleteTranscriptOperator(task_id="t", transcript_ids=transcript_id)
    task.hook.client = client  # its pauses move the sandbox's clock
    assert run_task(task, ExecutionApi(max_tries=2)).state == "up_for_retry"


@pytest.mark.parametrize(("ending", "start"), [("srt", "1\n00:00:00,"), ("VTT", "WEBVTT\n")])
def test_subtitles_are_written_and_written_again(
    sandbox: SandboxServer, tmp_path: Path, ending: str, start: str
) -> None:
    sandbox.script("*", {"sentences": [{"text": "Grüezi, a b c.", "start": 0, "end": 900}]})
    transcript_id = AssemblyAIHook().submit("https://h/a.mp3")
    path = tmp_path / "new" / f"a.{ending}"
    for address in (str(path), f"file://{path}"):
        arguments = {"transcript_id": "{{ '" + transcript_id + "' }}", "path": address}
        state, result, _ = run(AssemblyAIExportSubtitlesOperator, chars_per_caption=8, **arguments)
        assert (state, result) == ("success", address)
        text = path.read_text(encoding="utf-8")
        assert text.startswith(start)
        assert "Grüezi,\n" in text


def test_another_ending_is_refused(tmp_path: Path) -> None:
    state, _, error = run(AssemblyAIExportSubtitlesOperator, transcript_id="t", path=str(tmp_path / "a.txt"))
    assert state == "failed"
    assert "task 't', path: does not end in .srt or .vtt" in error
    with pytest.raises(ConfigurationError, match="chars_per_caption"):
        AssemblyAIExportSubtitlesOperator(task_id="t", transcript_id="t", path="a.srt", chars_per_caption=0)
