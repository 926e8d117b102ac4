"""A webhook ends a wait at once, and transcripts that end start a Dag, with all of Airflow's processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from assemblyai_provider._client import AssemblyAIClient, ClientSettings
from assemblyai_provider._webhooks.waiting_tasks import SETTLING_TIME
from assemblyai_sandbox.testing import SandboxServer
from call_sentiment import ASSEMBLYAI_CONN_ID
from local_stack.stack import COMPONENTS, Stack
from tests.support.fixtures import server_folder
from tests.support.workers import wait_until as wait_until_within

DAGS = Path(__file__).parent / "dags"
WAITING_DAG, TRANSCRIBING_DAG, STARTED_DAG = "wait_for_webhook", "transcribe", "on_ended_transcripts"
SECRET = {"X-Call": "a secret of this test"}
NOTICE = {"transcript_id": "some-id", "status": "completed"}
HOUR_S = 3600
wait_until = partial(wait_until_within, deadline_s=240)


@pytest.fixture(scope="module")
def vendor() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="module")
def stack(vendor: SandboxServer) -> Iterator[Stack]:
    # A watcher starts when its Dag is read for the first time after it was unpaused.
    settings = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2"}
    with server_folder() as folder, Stack(folder, dags=DAGS, settings=settings) as stack:
        stack.migrate()
        for name in COMPONENTS:
            stack.start_component(name)
        stack.api.wait_until_healthy(stack.processes.check)
        extra = {"poll_interval_s": HOUR_S, **webhook(stack, "webhook_secret")}
        stack.connect(base_url=vendor.url, api_key=vendor.api_key, extra=extra)
        for dag_id in (WAITING_DAG, TRANSCRIBING_DAG, STARTED_DAG):
            stack.api.wait_for_dag(dag_id, stack.processes.check)
            stack.api.unpause(dag_id)
        wait_until(lambda: _lists(vendor, None), "the watcher polls")
        yield stack


def webhook(stack: Stack, secret_name: str) -> dict[str, str]:
    ((header, secret),) = SECRET.items()
    return {
        "webhook_url": address(stack, ASSEMBLYAI_CONN_ID),
        "webhook_auth_header_name": header,
        secret_name: secret,
    }


def address(stack: Stack, conn_id: str) -> str:
    return f"{stack.api.base_url}/assemblyai/webhooks/{conn_id}"


def test_a_webhook_ends_a_wait_whose_last_job_has_ended(stack: Stack, vendor: SandboxServer) -> None:
    vendor.script("first", {"processing_s": 60})
    vendor.script("second", {"processing_s": 120})
    client = AssemblyAIClient(ClientSettings(base_url=vendor.url, api_key=vendor.api_key))
    options = webhook(stack, "webhook_auth_header_value")
    ids = [
        client.post_transcript({"audio_url": f"https://h/{name}.mp3", **options}, lambda: None)
        for name in ("first", "second")
    ]
    client.close()
    run_id = stack.api.trigger(WAITING_DAG, {"ids": ids})

    def state() -> Any:
        return stack.api.task_instances(WAITING_DAG, run_id)[0]["state"]

    # The poller has polled, too, and would poll again in an hour.
    wait_until(lambda: state() == "deferred" and _lists(vendor, "processing") > 1, "the task is deferred")
    vendor.clock.advance(60)
    # The receiver asks for the job that is left.
    wait_until(lambda: _gets(vendor, ids[1]), "the receiver polls")
    assert state() == "deferred"
    # An event that comes while Airflow makes a run of the one before waits for the next event.
    wait_until(lambda: _collected(stack) == ids[:1], "the first ended transcript starts a run")
    vendor.clock.advance(60)
    assert [attempt["status"] for attempt in vendor.webhooks()] == [202, 202]
    wait_until(lambda: state() == "success", "the webhook ends the wait")
    assert _xcom(stack, WAITING_DAG, run_id, "wait", "return_value") == ids
    assert _xcom(stack, WAITING_DAG, run_id, "wait", "requests") >= 3
    wait_until(lambda: len(_collected(stack)) >= len(ids), "the ended transcripts start a run")
    assert sorted(_collected(stack)) == sorted(ids)


def test_a_webhook_ends_a_transcription(stack: Stack, vendor: SandboxServer) -> None:
    vendor.script("alone", {"processing_s": 60})
    polls = _lists(vendor, "processing")
    run_id = stack.api.trigger(TRANSCRIBING_DAG, {})

    def task() -> Any:
        return stack.api.task_instances(TRANSCRIBING_DAG, run_id)[0]

    wait_until(
        lambda: task()["state"] == "deferred" and _lists(vendor, "processing") > polls, "the task is deferred"
    )
    deferred_at = datetime.fromisoformat(task()["trigger"]["created_date"])
    vendor.clock.advance(60)
    wait_until(lambda: task()["state"] == "success", "the webhook ends the wait")
    # Sooner, Airflow may fail it.
    assert datetime.fromisoformat(task()["end_date"]) - deferred_at > SETTLING_TIME
    (charge,) = (c for c in vendor.charges() if c["transcript_id"] == _result(stack, run_id))
    assert charge["seconds"] > 0


@pytest.mark.parametrize(
    ("conn_id", "headers", "body", "status"),
    [
        (ASSEMBLYAI_CONN_ID, SECRET, json.dumps(NOTICE), 202),
        (ASSEMBLYAI_CONN_ID, SECRET, json.dumps({"status": "redacted_audio_ready"}), 202),
        (ASSEMBLYAI_CONN_ID, {}, json.dumps(NOTICE), 403),
        (ASSEMBLYAI_CONN_ID, {"X-Call": "wrong"}, json.dumps(NOTICE), 403),
        ("call_sentiment_db", SECRET, json.dumps(NOTICE), 403),
        ("no_such_connection", SECRET, json.dumps(NOTICE), 403),
        (ASSEMBLYAI_CONN_ID, SECRET, "", 400),
        (ASSEMBLYAI_CONN_ID, SECRET, "[]", 400),
        (ASSEMBLYAI_CONN_ID, SECRET, json.dumps({"transcript_id": 5}), 400),
        (ASSEMBLYAI_CONN_ID, SECRET, json.dumps({**NOTICE, "more": "x" * 20_000}), 413),
    ],
)
def test_only_a_notice_with_the_secret_is_accepted(
    stack: Stack, conn_id: str, headers: dict[str, str], body: str, status: int
) -> None:
    answer = requests.post(address(stack, conn_id), headers=headers, data=body, timeout=30)
    assert (answer.status_code, answer.content) == (status, b"")


def test_the_secret_is_in_no_log(stack: Stack) -> None:
    logs = [file.read_bytes() for file in stack.folder.rglob("*.log")]
    assert any(b"A webhook was refused" in log for log in logs)
    assert not any(secret.encode() in log for log in logs for secret in SECRET.values())


def _lists(vendor: SandboxServer, status: str | None) -> int:
    """How many requests for the list of jobs of a status there were; None: of any status."""
    queries = (parse_qs(entry["query"]) for entry in vendor.journal("list"))
    return sum(query.get("status") == (status and [status]) for query in queries)


def _gets(vendor: SandboxServer, transcript_id: str) -> int:
    return sum(entry["path"] == f"/v2/transcript/{transcript_id}" for entry in vendor.journal())


def _xcom(stack: Stack, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
    path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
    value = stack.api.call("GET", path)["value"]
    return json.loads(value) if isinstance(value, str) and value.startswith(("[", '"')) else value


def _result(stack: Stack, run_id: str) -> Any:
    return _xcom(stack, TRANSCRIBING_DAG, run_id, "transcribe", "return_value")


def _successes(stack: Stack, dag_id: str) -> list[str]:
    runs = stack.api.call("GET", f"/dags/{dag_id}/dagRuns")["dag_runs"]
    return [run["dag_run_id"] for run in runs if run["state"] == "success"]


def _collected(stack: Stack) -> list[str]:
    """The transcripts in the events that started runs."""
    return [
        id_
        for run_id in _successes(stack, STARTED_DAG)
        for id_ in _xcom(stack, STARTED_DAG, run_id, "collect", "return_value")
    ]
