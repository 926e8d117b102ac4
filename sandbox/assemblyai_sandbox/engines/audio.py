"""From a file to samples to stretches of speech."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16_000
FRAME = RATE // 100
FRAME_MS = 10
# A shorter pause is a comma; the sample calls leave 450 ms and more between sentences.
PAUSE_FRAMES = 35
SHORTEST_FRAMES = 10
LONGEST_FRAMES = 1500
SILENCE_DB = -50.0

Samples = npt.NDArray[np.float32]

_MAGIC = (
    (b"%PDF", "application/pdf (PDF document)"),
    (b"PK\x03\x04", "application/zip (Zip archive data)"),
    (b"\x89PNG", "image/png (PNG image data)"),
    (b"\xff\xd8\xff", "image/jpeg (JPEG image data)"),
    (b"GIF8", "image/gif (GIF image data)"),
)


class NotAudioError(Exception):
    """soundfile cannot make sense of the file; the message names what it looks like instead."""


def duration_s(path: Path) -> float:
    """Seconds of audio by the file's header, or :class:`NotAudioError`."""
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as exc:
        raise NotAudioError(file_type(path)) from exc
    return float(info.frames) / float(info.samplerate)


def load(path: Path, start_ms: int | None, end_ms: int | None) -> Samples:
    """Samples at 16 kHz, one row per channel, cut to the requested stretch."""
    try:
        data, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as exc:
        raise NotAudioError(file_type(path)) from exc
    first = (start_ms or 0) * rate // 1000
    last = len(data) if end_ms is None else end_ms * rate // 1000
    return np.stack([_resampled(channel, rate) for channel in data[first:last].T])


def file_type(path: Path) -> str:
    """What a file that is not audio seems to be, the way ``file`` would put it."""
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return "application/octet-stream (data)"
    if text.lstrip().lower().startswith(("<!doctype html", "<html")):
        return "text/html (HTML document)"
    try:
        json.loads(path.read_text() if len(head) == 4096 else text)
    except ValueError:
        return "text/plain (ASCII text)" if text.isascii() else "text/plain (UTF-8 Unicode text)"
    return "application/json (JSON data)"


def _resampled(channel: Samples, rate: int) -> Samples:
    if rate == RATE or not len(channel):
        return channel
    if rate > RATE:
        # Without the low-pass, what lies above 8 kHz would fold back into the speech.
        taps = np.sinc(np.arange(-32, 33) * RATE / rate) * np.hamming(65)
        channel = np.convolve(channel, (taps / taps.sum()).astype(np.float32), mode="same")
    moments = np.arange(0, len(channel), rate / RATE)
    return np.asarray(np.interp(moments, np.arange(len(channel)), channel), dtype=np.float32)


def loudness_db(channel: Samples) -> npt.NDArray[np.float64]:
    """Level of every 10 ms frame in dB below full scale."""
    whole = len(channel) // FRAME
    frames = channel[: whole * FRAME].reshape(whole, FRAME).astype(np.float64)
    return cast("npt.NDArray[np.float64]", 10 * np.log10((frames**2).mean(axis=1) + 1e-12))


def utterances(channel: Samples) -> list[tuple[int, int]]:
    """Stretches of speech in ms: louder than the recording's own floor, apart by a sentence's pause."""
    level = loudness_db(channel)
    if len(level) < SHORTEST_FRAMES:
        return []
    loud, floor = np.percentile(level, 95), np.percentile(level, 10)
    if loud < SILENCE_DB:
        return []
    speech = np.flatnonzero(level > max(floor + 0.25 * (loud - floor), loud - 35))
    gaps = np.flatnonzero(np.diff(speech) > PAUSE_FRAMES)
    starts = [int(speech[0]), *(int(speech[gap + 1]) for gap in gaps)]
    ends = [*(int(speech[gap]) + 1 for gap in gaps), int(speech[-1]) + 1]
    spans = [
        part
        for start, end in zip(starts, ends, strict=True)
        if end - start >= SHORTEST_FRAMES
        for part in _split(level, start, end)
    ]
    return [(start * FRAME_MS, end * FRAME_MS) for start, end in spans]


def _split(level: npt.NDArray[np.float64], start: int, end: int) -> Sequence[tuple[int, int]]:
    """Cut a stretch nobody breathes in at its quietest moments, so that no sentence lasts over 15 s."""
    cuts = [start]
    while end - cuts[-1] > LONGEST_FRAMES:
        first, last = cuts[-1] + LONGEST_FRAMES // 3, cuts[-1] + LONGEST_FRAMES
        smooth = np.convolve(level[first:last], np.ones(10) / 10, mode="same")
        cuts.append(first + int(np.argmin(smooth)))
    return list(pairwise([*cuts, end]))
