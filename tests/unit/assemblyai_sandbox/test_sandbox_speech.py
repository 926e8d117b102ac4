"""The speech engine on recordings, and on files that are not recordings."""

from __future__ import annotations

import functools
import http.server
import io
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from assemblyai_sandbox.engines.audio import utterances
from assemblyai_sandbox.engines.decoding import RATE, load
from assemblyai_sandbox.engines.punctuation import written
from assemblyai_sandbox.engines.sentiment import sentiment_of
from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

ROOT = Path(__file__).parents[3]
HANGUP = ROOT / "recordings" / "short-hangup.mp3"
TRUTH = json.loads((ROOT / "tests" / "fixtures" / "truth" / "short-hangup.json").read_text())
QUICKSTART = {"sentiment_analysis": True, "language_detection": True}


@pytest.fixture(scope="module")
def _listening() -> Iterator[SandboxServer]:
    with SandboxServer(engine="speech", clock="real", speech_workers=1) as server:
        yield server


@pytest.fixture
def listener(_listening: SandboxServer, connect: Callable[..., Api]) -> Api:
    _listening.reset()
    return connect(_listening)


def heard(api: Api, audio: bytes | str, **options: Any) -> dict[str, Any]:
    url = audio if isinstance(audio, str) else api.upload(audio)
    transcript_id = api.submit(url, **options)
    deadline = time.monotonic() + 60
    while (transcript := api.get(transcript_id))["status"] == "processing":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return transcript


def sound(samples: npt.NDArray[np.float64], rate: int = RATE, kind: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind)
    return buffer.getvalue()


def test_a_call_on_two_channels_is_heard(listener: Api) -> None:
    transcript = heard(listener, HANGUP.read_bytes(), multichannel=True, **QUICKSTART)

    results = transcript["sentiment_analysis_results"]
    assert [result["channel"] for result in results] == ["1", "2"]
    for result, truth in zip(results, TRUTH["sentences"], strict=True):
        assert abs(result["start"] - truth["start"]) < 400
        assert abs(result["end"] - truth["end"]) < 400
        recognised = set(result["text"].lower().split())
        spoken = set(truth["text"].lower().replace(",", "").split())
        assert len(recognised & spoken) >= len(spoken) - 2
        assert 1 / 3 <= result["confidence"] <= 1
    assert results[0]["text"].endswith("?")
    assert results[1]["text"].startswith("Sorry")
    assert (transcript["audio_channels"], transcript["audio_duration"], transcript["language_code"]) == (
        2,
        7,
        "en",
    )
    assert 0.5 < transcript["confidence"] < 1
    assert listener.server.charges()[0]["seconds"] == 7


def test_without_multichannel_the_louder_channel_names_the_speaker(listener: Api) -> None:
    transcript = heard(listener, HANGUP.read_bytes(), speaker_labels=True)

    assert [turn["speaker"] for turn in transcript["utterances"]] == ["A", "B"]
    words = transcript["words"]
    assert words[0]["start"] >= 1000
    assert all(word["start"] < word["end"] for word in words)


def test_a_call_is_processing_while_others_are_served(listener: Api) -> None:
    transcript_id = listener.submit(listener.upload(HANGUP.read_bytes()))

    begun = time.monotonic()
    answers = [listener.get(transcript_id)["status"] for _ in range(10)]

    assert set(answers) == {"processing"}
    assert time.monotonic() - begun < 2
    assert listener.ids(status="processing") == [transcript_id]


def test_the_server_ends_at_once_in_the_middle_of_a_call(start: Callable[..., Api]) -> None:
    api = start(engine="speech", clock="real", speech_workers=1)
    noise = np.random.default_rng(0).normal(0, 0.2, 120 * RATE)
    transcript_id = api.submit(api.upload(sound(noise)))
    while not multiprocessing.active_children():
        time.sleep(0.01)
    assert api.get(transcript_id)["status"] == "processing"

    begun = time.monotonic()
    api.server.stop()

    assert time.monotonic() - begun < 5


def test_a_stretch_of_the_audio_may_be_asked_for(listener: Api) -> None:
    transcript = heard(listener, HANGUP.read_bytes(), audio_start_from=4300, audio_end_at=7000)

    assert transcript["text"].startswith("Sorry")
    assert 4300 <= transcript["words"][0]["start"] < 5000


def test_silence_is_an_error_with_detection_and_paid_without(listener: Api) -> None:
    silence = sound(np.zeros(RATE))

    detected = heard(listener, silence, **QUICKSTART)
    fixed = heard(listener, silence, sentiment_analysis=True)

    assert detected["error"] == "language_detection cannot be performed on files with no spoken audio."
    assert (fixed["status"], fixed["text"], fixed["sentiment_analysis_results"]) == ("completed", "", [])
    assert len(listener.server.charges()) == 1


def test_audio_under_160_ms_is_too_short(listener: Api) -> None:
    assert heard(listener, sound(np.zeros(RATE // 10)))["error"] == "Audio duration is too short."


@pytest.mark.parametrize(
    ("content", "file_type"),
    [
        (b"I am not a recording.", "text/plain (ASCII text)"),
        (b"<!DOCTYPE html><html></html>", "text/html (HTML document)"),
        (b'{"audio": 1}', "application/json (JSON data)"),
        (b"%PDF-1.7 \xff\xff", "application/pdf (PDF document)"),
        (b"\xff\xfb\x90\x00" + bytes(range(128, 256)), "application/octet-stream (data)"),
    ],
    ids=["text", "html", "json", "pdf", "broken mp3"],
)
def test_a_file_that_is_not_audio_fails_with_its_type(listener: Api, content: bytes, file_type: str) -> None:
    transcript = heard(listener, content)

    assert transcript["error"] == (
        f"Transcoding failed. File does not appear to contain audio. File type is {file_type}."
    )
    assert listener.server.charges() == []


def test_an_explicit_foreign_language_with_sentiment_is_refused(listener: Api) -> None:
    answer = listener.post(language_code="fr", sentiment_analysis=True)

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "The following models are not available in this language: sentiment_analysis"},
    )


def test_audio_on_this_machine_is_fetched_and_nothing_else_is(listener: Api, tmp_path: Path) -> None:
    (tmp_path / "silence.wav").write_bytes(sound(np.zeros(RATE)))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)
    ) as files:
        thread = threading.Thread(target=files.serve_forever, args=(0.01,))
        thread.start()
        base = f"http://127.0.0.1:{files.server_port}"
        found, missing = heard(listener, f"{base}/silence.wav"), heard(listener, f"{base}/missing.wav")
        files.shutdown()
        thread.join()
    elsewhere = heard(listener, "https://recordings.example/call.mp3")

    assert (found["status"], found["text"]) == ("completed", "")
    for transcript in (missing, elsewhere):
        assert transcript["error"].startswith(
            f"Download error, unable to download {transcript['audio_url']}."
        )


def test_a_script_comes_before_recognition(listener: Api) -> None:
    listener.server.script("*", {"status": "error", "error": "No."})

    assert heard(listener, HANGUP.read_bytes())["error"] == "No."


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("rate", [8000, 44_100])
def test_formats_and_rates_come_out_as_16_khz(tmp_path: Path, kind: str, rate: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) * 0.5
    file = tmp_path / f"tone.{kind.lower()}"
    file.write_bytes(sound(np.stack([tone, tone / 2], axis=1), rate, kind))

    samples = load(file, None, None)

    assert samples.shape[0] == 2
    assert abs(samples.shape[1] - RATE) < RATE // 5
    middle = samples[0][RATE // 4 : 3 * RATE // 4]
    crossings = int((np.diff(np.signbit(middle)) != 0).sum())
    assert abs(crossings - 440) < 10


def test_speech_is_cut_at_pauses_not_at_commas() -> None:
    noise = np.random.default_rng(0)

    def burst(ms: int, level: float) -> npt.NDArray[np.float64]:
        return noise.normal(0, level, ms * RATE // 1000)

    quiet, loud = 0.0005, 0.2
    parts = [(500, quiet), (800, loud), (200, quiet), (700, loud), (450, quiet), (600, loud), (500, quiet)]
    channel = np.concatenate([burst(ms, level) for ms, level in parts]).astype(np.float32)

    assert utterances(channel) == [(500, 2200), (2650, 3250)]
    assert utterances(np.zeros(RATE, dtype=np.float32)) == []


def test_speech_without_a_pause_is_cut_all_the_same() -> None:
    channel = np.random.default_rng(0).normal(0, 0.2, 40 * RATE).astype(np.float32)
    channel[: RATE // 2] = channel[-5 * RATE :] = 0

    spans = utterances(channel)

    assert len(spans) >= 3
    assert max(end - start for start, end in spans) <= 15_000
    assert (spans[0][0], spans[-1][1]) == (500, 35_000)


def test_words_are_written_as_sentences() -> None:
    assert " ".join(written(["what", "can", "i", "do", "on", "monday"])) == "What can I do on Monday?"
    assert " ".join(written(["i'm", "fine"])) == "I'm fine."


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("This is the worst service I have ever had.", "NEGATIVE"),
        ("Please tell me your account number.", "NEUTRAL"),
        ("Thank you so much, that is wonderful.", "POSITIVE"),
    ],
)
def test_the_sentiment_of_plain_sentences(text: str, label: str) -> None:
    found, confidence = sentiment_of(text)

    assert found == label
    assert 1 / 3 <= confidence <= 1
