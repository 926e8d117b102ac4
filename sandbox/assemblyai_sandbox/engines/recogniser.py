"""Recognises one file; this code runs in the worker processes."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
import numpy as np
from pocketsphinx import Decoder

from assemblyai_sandbox import errors
from assemblyai_sandbox.engines.audio import loudness_db, utterances
from assemblyai_sandbox.engines.decoding import (
    RATE,
    NotAudioError,
    Samples,
    UndecodableError,
    duration_s,
    load,
)
from assemblyai_sandbox.engines.punctuation import written
from assemblyai_sandbox.engines.sentiment import sentiment_of
from assemblyai_sandbox.outcomes import MAX_DURATION_S, MIN_DURATION_S, Outcome

PAD_S = 0.15
# ffmpeg's duration of a stream without a header (AAC) or of a cut-off file can be wrong.
ESTIMATE_ERROR_S = 0.1
DECODER_OPTIONS: Mapping[str, Any] = {"cmn": "batch", "maxhmmpf": 2000}


def prepare_process(parent: Connection) -> None:
    """Ignore the signals that stop the server; exit when it closes its end of the pipe or dies."""
    # A terminal or an init process sends them to the whole group. The server decides when its workers end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    with suppress(EOFError):
        parent.recv_bytes()
    os._exit(0)


def recognise(path: str | None, url: str, request: Mapping[str, Any]) -> Outcome:
    """The outcome of an uploaded file, or of a loopback URL if there is no path."""
    try:
        with _local(path, url) as file:
            return _recognise(file, request)
    except httpx.HTTPError:
        return Outcome(status="error", error=errors.download_failed(url))
    except NotAudioError as exc:
        return Outcome(status="error", error=errors.not_audio(str(exc)))
    except UndecodableError as exc:
        return Outcome(status="error", error=errors.undecodable(str(exc)))


@contextmanager
def _local(path: str | None, url: str) -> Iterator[Path]:
    if path is not None:
        yield Path(path)
        return
    with (
        tempfile.NamedTemporaryFile() as file,
        httpx.Client(trust_env=False, timeout=30) as client,
        client.stream("GET", url) as answer,
    ):
        # A redirect is an error too, because it could leave this machine.
        if answer.status_code != 200:
            raise httpx.RequestError(f"status {answer.status_code}")
        for block in answer.iter_bytes():
            file.write(block)
        file.flush()
        yield Path(file.name)


def _recognise(path: Path, request: Mapping[str, Any]) -> Outcome:
    seconds = duration_s(path)
    if not MIN_DURATION_S <= seconds <= MAX_DURATION_S:
        return Outcome(audio_duration=seconds)
    start_ms, end_ms = request.get("audio_start_from"), request.get("audio_end_at")
    samples = load(path, start_ms, end_ms)
    decoded_s = samples.shape[1] / RATE
    if not start_ms and end_ms is None and abs(decoded_s - seconds) > ESTIMATE_ERROR_S:
        seconds = decoded_s
    offset = int(request.get("audio_start_from") or 0)
    found = _sentences(samples, bool(request.get("multichannel")))
    sentences = [
        {**_later(sentence, offset), "words": [_later(word, offset) for word in sentence["words"]]}
        for sentence in found
    ]
    return Outcome(
        audio_duration=seconds,
        audio_channels=len(samples),
        sentences=sentences,
        language_confidence=_mean_confidence(sentences),
    )


def _later(part: dict[str, Any], offset_ms: int) -> dict[str, Any]:
    return {**part, "start": part["start"] + offset_ms, "end": part["end"] + offset_ms}


def _mean_confidence(sentences: list[dict[str, Any]]) -> float | None:
    """The mean confidence of the words, which stands for the language's confidence."""
    sure = [word["confidence"] for sentence in sentences for word in sentence["words"]]
    return round(fmean(sure), 4) if sure else None


def _sentences(samples: Samples, multichannel: bool) -> list[dict[str, Any]]:
    if multichannel:
        found = [
            {**sentence, "channel": str(number)}
            for number, channel in enumerate(samples, start=1)
            for sentence in _listen(channel)
        ]
        return sorted(found, key=lambda sentence: int(sentence["start"]))
    return _with_letters(list(_listen(samples.mean(axis=0))), samples)


def _with_letters(sentences: list[dict[str, Any]], samples: Samples) -> list[dict[str, Any]]:
    """Name the speaker of each sentence after its louder channel, in order of appearance.

    One channel is one speaker, because the engine cannot distinguish voices.
    """
    levels = [loudness_db(channel) for channel in samples]
    letters: dict[int, str] = {}
    for sentence in sentences:
        first, last = sentence["start"] // 10, sentence["end"] // 10
        loudest = int(np.argmax([level[first:last].mean() for level in levels]))
        letters.setdefault(loudest, "ABCDEFGH"[len(letters) % 8])
        sentence["speaker"] = letters[loudest]
    return sentences


@cache
def _decoder() -> Decoder:
    return Decoder(loglevel="FATAL", **DECODER_OPTIONS)


def _listen(channel: Samples) -> Iterator[dict[str, Any]]:
    for start, end in utterances(channel):
        first = max(0, round((start / 1000 - PAD_S) * RATE))
        piece = channel[first : round((end / 1000 + PAD_S) * RATE)]
        words = _words(piece, first * 1000 // RATE)
        if words:
            yield _sentence(words, start, end)


def _words(piece: Samples, offset_ms: int) -> list[dict[str, Any]]:
    decoder = _decoder()
    decoder.start_utt()
    decoder.process_raw((np.clip(piece, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return [
        {
            "text": part.word.partition("(")[0],
            "start": offset_ms + part.start_frame * 10,
            "end": offset_ms + (part.end_frame + 1) * 10,
            "confidence": round(min(1.0, max(0.0, part.prob)), 5),
        }
        for part in decoder.seg() or ()
        if not part.word.startswith(("<", "[", "++"))
    ]


def _sentence(words: list[dict[str, Any]], start: int, end: int) -> dict[str, Any]:
    texts = written([word["text"] for word in words])
    sentence = " ".join(texts)
    label, confidence = sentiment_of(sentence)
    return {
        "text": sentence,
        "start": start,
        "end": end,
        "sentiment": label,
        "confidence": confidence,
        "words": [{**word, "text": text} for word, text in zip(words, texts, strict=True)],
    }
