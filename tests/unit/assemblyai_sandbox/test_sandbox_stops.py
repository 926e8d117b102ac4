"""A sandbox that is stopped, or loses its worker processes, while it recognises speech."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import soundfile

from assemblyai_sandbox.engines.decoding import RATE
from tests.support.sandbox_api import Api

ROOT = Path(__file__).parents[3]
HANGUP = (ROOT / "recordings" / "short-hangup.mp3").read_bytes()
KEY = "a-key"


def _noise(seconds: int) -> bytes:
    buffer = io.BytesIO()
    samples = np.random.default_rng(0).normal(0, 0.2, seconds * RATE)
    soundfile.write(buffer, samples, RATE, format="WAV")
    return buffer.getvalue()


@contextmanager
def _serving(state: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A sandbox with one worker as the leader of a process group of its own."""
    command = [sys.executable, "-m", "assemblyai_sandbox", "--port=0", "--workers=1", f"--state={state}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sandbox"), "ASSEMBLYAI_SANDBOX_API_KEY": KEY}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    try:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url
        headers = {"authorization": KEY}
        with httpx.Client(base_url=url[0], headers=headers, trust_env=False, timeout=10) as client:
            yield process, client
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _submit(client: httpx.Client, audio: bytes) -> str:
    url = client.post("/v2/upload", content=audio).json()["upload_url"]
    return str(client.post("/v2/transcript", json={"audio_url": url}).json()["id"])


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _status(client: httpx.Client, transcript_id: str) -> str:
    return str(client.get(f"/v2/transcript/{transcript_id}").json()["status"])


def _workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if "spawn_main" in str(child.cmdline())]


@pytest.mark.parametrize("moment", ["the worker starts", "the worker recognises"])
def test_jobs_of_a_stopped_process_group_start_again(tmp_path: Path, moment: str) -> None:
    with _serving(tmp_path) as (process, client):
        first, second = _submit(client, HANGUP), _submit(client, _noise(6))
        _until(lambda: bool(_workers(process)))
        if moment == "the worker recognises":
            _until(lambda: _status(client, first) == "completed")
        assert _status(client, second) == "processing"

        os.killpg(process.pid, signal.SIGTERM)

        process.wait(20)
    stored = json.loads((tmp_path / "transcripts" / f"{second}.json").read_text())
    assert (stored["status"], stored["outcome"]) == ("processing", None)

    with _serving(tmp_path) as (_, client):
        _until(lambda: _status(client, second) != "processing")
        assert [_status(client, name) for name in (first, second)] == ["completed", "completed"]
        charges = client.get("/_sandbox/billing").json()["charges"]
        assert sorted(charge["transcript_id"] for charge in charges) == sorted([first, second])


def test_a_job_whose_worker_dies_starts_again_in_a_new_one(start: Callable[..., Api]) -> None:
    api = start(engine="speech", clock="real", speech_workers=1)
    transcript_id = api.submit(api.upload(HANGUP))
    _until(lambda: bool(multiprocessing.active_children()))
    for worker in multiprocessing.active_children():
        worker.kill()

    _until(lambda: api.get(transcript_id)["status"] != "processing")

    assert api.get(transcript_id)["status"] == "completed"


def test_a_job_that_loses_every_worker_ends_in_an_error(start: Callable[..., Api]) -> None:
    api = start(engine="speech", clock="real", speech_workers=1)
    transcript_id = api.submit(api.upload(_noise(20)))

    def kill_workers() -> bool:
        for worker in multiprocessing.active_children():
            worker.kill()
        return bool(api.get(transcript_id)["status"] == "error")

    _until(kill_workers)
    assert api.get(transcript_id)["error"].startswith("Internal server error")
    assert api.server.charges() == []
