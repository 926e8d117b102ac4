"""The real Dag runs with recognisable secrets; then logs and databases are searched for them."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment import DAG_ID
from local_stack.postgres import PSQL
from tests.support.fixtures import server_folder
from tests.support.reliability.call_centre import content_sha256
from tests.support.reliability.running_airflow import RunningAirflow, run_airflow
from tests.support.workers import wait_until

pytestmark = pytest.mark.faults

API_KEY = "key5ecret0a1b2c3d4e5f"
WEBHOOK_SECRET = "hook5ecret+6f7a8b9c0d"
WEBHOOK_TOKEN = "hooktoken7d8e9f0a1b2c"
SIGNATURE = "signature5ecret3c4d5e"
WORDS = "zanzibar marmalade"
NAMES = {
    "the API key": API_KEY,
    "the webhook's secret": WEBHOOK_SECRET,
    "the webhook's query": WEBHOOK_TOKEN,
    "a presigned URL's signature": SIGNATURE,
    "the words of a call": WORDS,
}
# The only tables that may hold the words of a call.
RESULTS_TABLES = ("sentences", "transcripts")


class _Receiver(BaseHTTPRequestHandler):
    received: list[str | None] = []

    def do_POST(self) -> None:
        self.received.append(self.headers.get("X-Call"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/over?token={WEBHOOK_TOKEN}"
    server.shutdown()
    server.server_close()


def _script(vendor: SandboxServer) -> None:
    sentence = {
        "text": f"{WORDS}.",
        "start": 0,
        "end": 900,
        "sentiment": "NEGATIVE",
        "confidence": 0.9,
        "speaker": "A",
    }
    vendor.script("*", {"status": "completed", "sentences": [sentence], "processing_s": 2})
    address = f"https://bucket.example/gone.mp3?X-Amz-Signature={SIGNATURE}"
    vendor.script(
        "gone.mp3",
        {
            "status": "error",
            "error": f"Download error to {address}, 403 Client Error: Forbidden for url: {address}",
        },
    )
    vendor.script("poison.mp3", {"sentences": [{**sentence, "text": f"poison {WORDS}"}]})
    # `transcripts` keeps the text of an answer without sentiment, and a sentence that cannot be read.
    vendor.script(
        "spanish.mp3", {"sentences": [sentence], "language_code": "es", "transcript": {"text": WORDS}}
    )
    vendor.script("strange.mp3", {"sentences": [{**sentence, "sentiment": f"{WORDS}", "confidence": -4}]})


def _manifest(folder: Path) -> str:
    names = ("good", "gone", "poison", "spanish", "strange")
    lines = [
        json.dumps({"recording": f"https://bucket.example/{name}.mp3?X-Amz-Signature={SIGNATURE}&n={name}"})
        for name in names
    ]
    lines.append(f'{{"recording": "https://bucket.example/cut.mp3?X-Amz-Signature={SIGNATURE}')
    lines.append(json.dumps({"recording": f"https://user:{SIGNATURE}@bucket.example/user.mp3"}))
    lines.append(
        json.dumps(
            {"recording": f"https://bucket.example/bad.mp3?X-Amz-Signature={SIGNATURE}", "channels": 7}
        )
    )
    (folder / "calls.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder / "calls.jsonl")


@pytest.fixture(scope="module")
def airflow(receiver: str) -> Iterator[RunningAirflow]:
    with (
        SandboxServer(clock="real", api_keys=[API_KEY]) as vendor,
        server_folder() as folder,
        run_airflow(folder) as airflow,
    ):
        extra = {
            "webhook_url": receiver,
            "webhook_auth_header_name": "X-Call",
            "webhook_secret": WEBHOOK_SECRET,
        }
        airflow.set_up(vendor, "secret", **extra)
        _script(vendor)
        _run_everything(airflow, vendor)
        yield airflow


def _run_everything(airflow: RunningAirflow, vendor: SandboxServer) -> None:
    """Run good and bad calls, with every fault and with a database error that quotes a stored line."""
    airflow.add_recordings(2)
    vendor.script(
        content_sha256(b"audio of secret-1.mp3"),
        {"status": "error", "error": "Server error, developers have been alerted."},
        {},
    )
    airflow.query(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE disk_full USING MESSAGE = 'disk full'; END $$"
    )
    airflow.query(
        "CREATE TRIGGER refuse BEFORE INSERT ON call_sentiment.sentences FOR EACH ROW"
        " WHEN (NEW.text LIKE 'poison%%') EXECUTE FUNCTION refuse()"
    )
    for endpoint in ("upload", "submit", "list", "get"):
        for kind in ("html", "reset_after", "rate_limited", "truncated_json"):
            vendor.fault(kind, endpoint)
    manifest = _manifest(airflow.recordings)
    assert airflow.wait_for_run(airflow.trigger(recordings=manifest)) == "failed"
    airflow.query("DROP TRIGGER refuse ON call_sentiment.sentences")
    airflow.wait_for_run(airflow.trigger(recordings=manifest, max_failed_share=1))
    airflow.wait_for_run(airflow.trigger(max_failed_share=1))
    airflow.stack.connect(base_url=vendor.url, api_key=f"{API_KEY}wrong")
    assert airflow.wait_for_run(airflow.trigger()) == "failed"


def test_the_secrets_were_used(airflow: RunningAirflow) -> None:
    wait_until(lambda: _Receiver.received, "the webhook is called")
    assert set(_Receiver.received) == {WEBHOOK_SECRET}
    assert airflow.count_transcripts("scored") >= 4
    (text,) = airflow.query("SELECT string_agg(text, ' ') AS words FROM call_sentiment.sentences")
    assert WORDS in text["words"]


@pytest.mark.parametrize("name", NAMES)
def test_no_log_has_the_secret(airflow: RunningAirflow, name: str) -> None:
    state = airflow.stack.folder
    logs = [
        file for file in state.rglob("*") if file.is_file() and (file.suffix == ".log" or file.name == "log")
    ]
    assert len(logs) > 20
    assert any("Download error" in file.read_text(errors="replace") for file in logs)
    assert [str(file) for file in logs if _found(file.read_text(errors="replace"), NAMES[name])] == []


@pytest.mark.parametrize("name", NAMES)
def test_airflows_database_does_not_have_the_secret(airflow: RunningAirflow, name: str) -> None:
    dump = _dump(airflow.stack.postgres.dsn("airflow"))
    assert "bucket.example/gone.mp3" not in dump or SIGNATURE not in dump
    for table in (
        "xcom",
        "rendered_task_instance_fields",
        "dag_run",
        "task_instance",
        "trigger",
        "log",
        "connection",
    ):
        assert f"COPY public.{table} " in dump
    assert [line[:300] for line in dump.splitlines() if _found(line, NAMES[name])] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "the words of a call"])
def test_the_results_do_not_have_the_secret(airflow: RunningAirflow, name: str) -> None:
    dump = _dump(airflow.stack.results_dsn)
    assert [line[:300] for line in dump.splitlines() if _found(line, NAMES[name])] == []


def test_only_the_tables_of_answers_have_words_of_a_call(airflow: RunningAirflow) -> None:
    tables = [f"--exclude-table-data=call_sentiment.{table}" for table in RESULTS_TABLES]
    assert WORDS not in _dump(airflow.stack.results_dsn, *tables)
    rows = airflow.query("SELECT error FROM call_sentiment.transcripts WHERE error LIKE %s", f"%{WORDS}%")
    assert rows == []


def test_a_webhook_in_a_runs_params_is_refused_before_it_is_stored(airflow: RunningAirflow) -> None:
    with pytest.raises(RuntimeError, match="A webhook belongs in the extra of the Airflow") as refusal:
        airflow.trigger(transcript_options={"webhook_auth_header_value": WEBHOOK_SECRET})
    assert WEBHOOK_SECRET not in str(refusal.value)
    assert WEBHOOK_SECRET not in _dump(airflow.stack.postgres.dsn("airflow"), "--table=dag_run")


def test_the_connection_is_shown_without_its_secrets(airflow: RunningAirflow) -> None:
    shown = json.dumps(airflow.stack.api.call("GET", "/connections/assemblyai_default"))
    assert not _found(shown, API_KEY)
    assert not _found(shown, WEBHOOK_SECRET)
    assert DAG_ID in json.dumps(airflow.stack.api.call("GET", "/dags"))


def _dump(dsn: str, *options: str) -> str:
    command = (str(PSQL.with_name("pg_dump")), "--dbname", dsn, *options)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _found(text: str, secret: str) -> bool:
    return secret in text or quote(secret, safe="") in text
