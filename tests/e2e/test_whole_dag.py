"""The real Dag with all its processes scores good calls, gives bad ones a reason, and pays once."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import psycopg2.extras
import pytest
import requests

from call_sentiment import DAG_ID
from local_stack.paths import REPOSITORY
from local_stack.stack import SANDBOX_KEY, Stack
from tests.support.files import set_at_rest
from tests.support.fixtures import server_folder

SAMPLES = REPOSITORY / "recordings"
DEADLINE_S = 240.0
SLOW = b"a call that takes AssemblyAI some seconds"
SLOW_OUTCOME = {
    "processing_s": 10,
    "sentences": [{"text": "It broke.", "start": 0, "end": 900, "sentiment": "NEGATIVE", "confidence": 0.9}],
}


def _write_recordings(folder: Path) -> None:
    """Write four good calls, the last of which is scripted, and one of each bad kind."""
    folder.mkdir()
    for name in ("short-hangup", "silent-line", "voicemail-one-speaker"):
        for suffix in (".mp3", ".json"):
            shutil.copy(SAMPLES / f"{name}{suffix}", folder)
    hangup = (SAMPLES / "short-hangup.mp3").read_bytes()
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "text.mp3").write_text("This is a list of things to do, and no recording at all.\n" * 50)
    (folder / "broken.mp3").write_bytes(bytes(byte ^ 0x5A for byte in hangup[:4000]))
    (folder / "unknown-language.mp3").write_bytes(hangup + b"\0")
    (folder / "unknown-language.json").write_text(json.dumps({"language_code": "tlh"}))
    shutil.copy(SAMPLES / "voicemail-one-speaker.mp3", folder / "voicemail-again.mp3")
    shutil.copy(SAMPLES / "voicemail-one-speaker.json", folder / "voicemail-again.json")
    sidecar = json.loads((folder / "voicemail-again.json").read_text())
    (folder / "voicemail-again.json").write_text(json.dumps({**sidecar, "call_id": "voicemail-again"}))
    (folder / "slow.mp3").write_bytes(SLOW)
    set_at_rest(*folder.iterdir())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    recordings = tmp_path_factory.mktemp("e2e") / "recordings"
    _write_recordings(recordings)
    settings = {"CALL_SENTIMENT_RECORDINGS": str(recordings), "CALL_SENTIMENT_SCHEDULE": ""}
    with server_folder() as folder, Stack(folder, settings=settings) as stack:
        url = stack.start_sandbox("speech")
        # So long that the wait defers, on a fast machine too.
        script = {"match": hashlib.sha256(SLOW).hexdigest(), "outcome": SLOW_OUTCOME}
        requests.post(f"{url}/_sandbox/script", json=script, timeout=10).raise_for_status()
        stack.migrate()
        stack.start_airflow()
        stack.connect(base_url=url, api_key=SANDBOX_KEY)
        stack.api.call("POST", "/pools", {"name": "transcription", "slots": 4})
        stack.api.unpause(DAG_ID)
        yield stack


def _run(stack: Stack, **conf: object) -> tuple[str, str]:
    """The id and the final state of a run of the Dag."""
    run_id = stack.api.trigger(DAG_ID, conf)
    deadline = time.monotonic() + DEADLINE_S
    while (state := stack.api.run_state(DAG_ID, run_id)) not in ("success", "failed"):
        assert time.monotonic() < deadline, f"the run is still {state}"
        stack.processes.check()
        time.sleep(0.5)
    return run_id, state


def _query(stack: Stack, statement: str) -> list[dict[str, Any]]:
    with (
        closing(psycopg2.connect(stack.results_dsn)) as connection,
        connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor,
    ):
        cursor.execute(statement)
        return [dict(row) for row in cursor.fetchall()]


def _vendor(stack: Stack, what: str) -> list[dict[str, Any]]:
    """The charges (`billing`) or the requests (`journal`) of the sandbox."""
    answer = requests.get(f"{stack.sandbox_url}/_sandbox/{what}", timeout=10)
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["charges"] if what == "billing" else answer.json()
    return rows


def _logs(stack: Stack, run_id: str) -> Path:
    return stack.folder / "airflow" / "logs" / f"dag_id={DAG_ID}" / f"run_id={run_id}"


def _posts(stack: Stack) -> int:
    return sum(r["method"] == "POST" and r["path"] == "/v2/transcript" for r in _vendor(stack, "journal"))


@pytest.fixture(scope="module")
def first_run(stack: Stack) -> str:
    run_id, state = _run(stack, pool="transcription", batch_size=5, max_failed_share=0.9)
    assert state == "success"
    return run_id


@pytest.fixture(scope="module")
def calls(stack: Stack, first_run: str) -> dict[str, dict[str, Any]]:
    """The rows of `call_overview` after the first run, by file name without suffix."""
    rows = _query(stack, "SELECT * FROM call_sentiment.call_overview")
    return {Path(row["recording"]).stem: row for row in rows}


def test_good_calls_are_scored(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["short-hangup"]["status"] == "ok"
    assert calls["short-hangup"]["sentence_count"] == 2
    assert calls["short-hangup"]["label"] == "insufficient"


def test_the_same_audio_under_another_name_is_not_paid_again(calls: dict[str, dict[str, Any]]) -> None:
    duplicate, original = sorted(
        (calls["voicemail-again"], calls["voicemail-one-speaker"]), key=lambda call: str(call["status"])
    )
    assert (duplicate["status"], original["status"]) == ("duplicate", "ok")
    assert original["call_id"] in duplicate["reason"]
    assert duplicate["sentiment_score"] is None
    assert -1 <= original["sentiment_score"] < 0
    assert original["agent_score"] is None


def test_a_silent_line_is_no_failure_and_has_no_score(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["silent-line"]["status"] == "no_speech"
    assert calls["silent-line"]["sentiment_score"] is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty", "empty"),
        ("text", "audio"),
        ("broken", "audio"),
        ("unknown-language", "language"),
    ],
)
def test_a_bad_recording_fails_alone_with_its_reason(
    calls: dict[str, dict[str, Any]], name: str, reason: str
) -> None:
    assert calls[name]["status"] == "failed"
    assert reason in calls[name]["reason"].lower()
    assert calls[name]["sentiment_score"] is None


def test_every_completed_call_is_charged_once(stack: Stack, calls: dict[str, dict[str, Any]]) -> None:
    paid = {call["assemblyai_id"] for call in calls.values() if call["status"] == "ok"}
    charges = [charge["transcript_id"] for charge in _vendor(stack, "billing")]
    assert len(charges) == len(set(charges)) == 3
    assert set(charges) == paid


def test_requests_are_counted_as_they_were_sent(stack: Stack, first_run: str) -> None:
    counted = {
        row["task_id"]: int(row["requests"])
        for row in _query(
            stack, "SELECT task_id, sum(requests) AS requests FROM call_sentiment.request_counts GROUP BY 1"
        )
    }
    assert set(counted) == {"discover", "submit", "wait", "load"}
    # The poller may send a last round after the last wait has ended.
    assert 0 <= len(_vendor(stack, "journal")) - sum(counted.values()) <= 4


def test_each_transcript_names_the_task_instances_that_handled_it(stack: Stack, first_run: str) -> None:
    rows = _query(
        stack,
        "SELECT t.status, t.completed_at BETWEEN t.submitted_at AND t.loaded_at AS is_timed,"
        " array_agg(DISTINCT k.task_id ORDER BY k.task_id) AS tasks, array_agg(DISTINCT k.run_id) AS runs"
        " FROM call_sentiment.transcripts AS t"
        " JOIN call_sentiment.transcript_tasks AS k USING (transcript_id)"
        " WHERE t.state = 'scored' GROUP BY t.transcript_id",
    )
    assert len(rows) == 4
    for row in rows:
        assert (row["tasks"], row["runs"]) == (["load", "submit"], [first_run])
        # The silent line's job ended in an error, so it is in no list of completed jobs.
        assert row["is_timed"] is (True if row["status"] == "ok" else None)


def test_the_wait_occupies_no_worker(stack: Stack, first_run: str) -> None:
    logs = _logs(stack, first_run) / "task_id=wait"
    assert list(logs.rglob("*.trigger.*.log")), "no wait was deferred"


def test_batches_run_in_the_pool_of_the_run_and_show_their_calls(stack: Stack, first_run: str) -> None:
    instances = stack.api.task_instances(DAG_ID, first_run)
    pools = {(instance["task_id"], instance["pool"]) for instance in instances}
    assert pools == {
        *((task_id, "transcription") for task_id in ("submit", "wait", "load")),
        *((task_id, "default_pool") for task_id in ("discover", "score", "report")),
    }
    submits = [instance for instance in instances if instance["task_id"] == "submit"]
    assert len(submits) == 2
    assert sorted(instance["rendered_map_index"][:3] for instance in submits) == ["4: ", "5: "]


def test_the_report_names_each_failed_call_and_counts_them(stack: Stack, first_run: str) -> None:
    logs = _logs(stack, first_run) / "task_id=report"
    text = "".join(file.read_text() for file in logs.rglob("*.log"))
    for name in ("empty", "text", "broken", "unknown-language"):
        assert f"{name}.mp3" in text
    event = stack.api.call("GET", f"/assets/events?source_run_id={quote(first_run)}")["asset_events"][0]
    assert (event["extra"]["calls"], event["extra"]["failed"], event["extra"]["scored"]) == (9, 4, 3)


def test_a_second_run_pays_for_nothing(stack: Stack, first_run: str) -> None:
    before = _posts(stack), len(_vendor(stack, "billing"))
    _, state = _run(stack)
    assert state == "success"
    assert (_posts(stack), len(_vendor(stack, "billing"))) == before


def test_a_refused_key_fails_the_run_and_no_call(stack: Stack, calls: dict[str, dict[str, Any]]) -> None:
    assert stack.sandbox_url
    stack.connect(base_url=stack.sandbox_url, api_key="revoked")
    run_id, state = _run(stack)
    assert state == "failed"
    discover = next(i for i in stack.api.task_instances(DAG_ID, run_id) if i["task_id"] == "discover")
    assert (discover["state"], discover["try_number"]) == ("failed", 1)
    states = _query(stack, "SELECT status FROM call_sentiment.call_overview")
    assert sorted(row["status"] for row in states) == sorted(call["status"] for call in calls.values())
