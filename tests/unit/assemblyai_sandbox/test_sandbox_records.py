"""Billing, the journal, and the effect of a restart or a reset on them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import AUDIO_URL, SENTENCES, Api


def test_a_completed_transcript_has_one_charge_with_its_add_ons(api: Api, server: SandboxServer) -> None:
    server.script(
        "*",
        {"status": "error", "error": "No."},
        {"audio_duration": 1800, "sentences": SENTENCES},
        {"processing_s": 5, "audio_duration": 60, "sentences": []},
    )
    models = ["universal-2"]
    api.submit(speech_models=models)
    paid = api.submit(speech_models=models, sentiment_analysis=True, speaker_labels=True)
    api.submit(speech_models=models)

    charge = server.charges()[0]

    assert len(server.charges()) == 1
    assert (charge["transcript_id"], charge["audio_url"], charge["seconds"]) == (paid, AUDIO_URL, 1800)
    assert (charge["model"], charge["addons"]) == ("universal-2", ["sentiment_analysis", "speaker_labels"])
    assert charge["usd"] == 0.095
    server.clock.advance(5)
    assert server.control("GET", "billing")["seconds"] == 1860


def test_the_journal_has_the_requests_and_no_secret(api: Api, server: SandboxServer) -> None:
    body = json.dumps({"audio_url": AUDIO_URL + "?signature=s3cret"}).encode()
    api.http.post("/v2/transcript", content=body)
    api.http.get("/v2/transcript?limit=5", headers={"authorization": f"Bearer {server.api_key}"})

    posted, listed = server.journal()

    assert (posted["method"], posted["path"], posted["endpoint"]) == ("POST", "/v2/transcript", "submit")
    assert (posted["status"], posted["authorization"]) == (200, "key")
    assert posted["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert (listed["query"], listed["status"], listed["authorization"]) == ("limit=5", 401, "bearer")
    assert server.api_key not in json.dumps(server.journal())
    assert "s3cret" not in json.dumps(server.journal())


def test_the_journal_names_the_fault_and_the_time(api: Api, server: SandboxServer) -> None:
    server.fault("server_error", "get")
    server.clock.advance(60)
    api.http.get("/v2/transcript/x")

    entry = server.journal("get")[0]

    assert (entry["fault"], entry["status"]) == ("server_error", 500)
    assert entry["at"] == server.clock.now().replace(tzinfo=None).isoformat(timespec="microseconds")


def test_control_requests_are_not_in_the_journal(server: SandboxServer) -> None:
    server.charges()

    assert server.journal() == []


def test_a_reset_deletes_everything_but_the_time(api: Api, server: SandboxServer) -> None:
    server.clock.advance(1000)
    moment = server.clock.now()
    server.account(concurrency=1)
    server.fault("server_error", "delete", count=None)
    api.submit()

    server.reset()

    assert (api.ids(), server.charges(), server.clock.now()) == ([], [], moment)
    assert api.http.delete("/v2/transcript/x").status_code == 404
    server.script("*", {"processing_s": 9})
    assert [api.post().json()["status"] for _ in range(2)] == ["processing", "processing"]


def test_with_a_state_folder_a_restart_loses_nothing(start: Callable[..., Api], tmp_path: Path) -> None:
    first = start(state_dir=tmp_path, clock="real", concurrency=1)
    first.server.script("*", {"sentences": SENTENCES}, {"processing_s": 3600}, {"processing_s": 3600})
    done, running, waiting = first.submit(first.upload()), first.submit(), first.submit()
    upload_url = first.upload(b"for later")
    before = first.get(done)
    charges = first.server.charges()
    first.server.stop()

    second = start(state_dir=tmp_path, clock="real", concurrency=1)

    assert second.get(done) == before
    assert second.server.charges() == charges
    assert [second.get(running)["status"], second.get(waiting)["status"]] == ["processing", "queued"]
    assert second.ids() == [waiting, running, done]
    fresh = second.submit(upload_url)
    assert fresh not in (done, running, waiting)
    second.server.clock.advance(7200)
    assert second.get(waiting)["status"] == "completed"
    assert second.get(fresh)["audio_url"] == upload_url


def test_without_a_state_folder_nothing_is_left_behind(
    start: Callable[..., Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    api = start()
    api.upload(b"gone after the test")
    assert list(tmp_path.glob("assemblyai-sandbox-*/uploads/*.bin"))

    api.server.stop()

    assert list(tmp_path.iterdir()) == []
