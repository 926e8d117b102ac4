"""Decodes every file that the libraries of ffmpeg (PyAV) read, video included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer

RATE = 16_000

Samples = npt.NDArray[np.float32]

_MAGIC = (
    (b"%PDF", "application/pdf (PDF document)"),
    (b"PK\x03\x04", "application/zip (Zip archive data)"),
    (b"\x89PNG", "image/png (PNG image data)"),
    (b"\xff\xd8\xff", "image/jpeg (JPEG image data)"),
    (b"GIF8", "image/gif (GIF image data)"),
)
_UNKNOWN = "application/octet-stream (data)"
# The first bytes of audio files, which also damaged ones have: offset, bytes, name.
_RECORDINGS = (
    (0, b"RIFF", "WAV"),
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x1aE\xdf\xa3", "Matroska or WebM"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "ASF (WMA)"),
    (4, b"ftyp", "MPEG-4"),
)


class NotAudioError(Exception):
    """The file has no sound; the message is its apparent type."""


class UndecodableError(Exception):
    """The file may have sound but cannot be decoded; the message names its format."""


def duration_s(path: Path) -> float:
    """Seconds of audio, from the file's header, from ffmpeg's estimate, or by decoding it.

    Raises NotAudioError or UndecodableError.
    """
    with _opened(path) as container:
        stream = container.streams.audio[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if container.duration:
            return float(container.duration / av.time_base)
    return float(load(path, None, None).shape[1] / RATE)


def load(path: Path, start_ms: int | None, end_ms: int | None) -> Samples:
    """Samples at 16 kHz, one row per channel, between the requested times.

    Raises NotAudioError or UndecodableError. Damaged parts of a file are left out.
    """
    with _opened(path) as container:
        blocks = list(_blocks(container))
        channels = container.streams.audio[0].codec_context.channels
    samples = np.concatenate(blocks, axis=1) if blocks else np.zeros((channels, 0), np.float32)
    return samples[:, (start_ms or 0) * RATE // 1000 : None if end_ms is None else end_ms * RATE // 1000]


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    # A playlist could make ffmpeg read other files. With a file object and no protocol it cannot.
    try:
        with path.open("rb") as file, av.open(file, "r", options={"protocol_whitelist": "none"}) as container:
            if not container.streams.audio:
                kind = file_type(path)
                raise NotAudioError(kind if kind != _UNKNOWN else f"video ({container.format.long_name})")
            if container.streams.audio[0].codec_context is None:
                raise UndecodableError(f"{container.format.long_name}, unknown codec")
            yield container
    except (av.FFmpegError, EOFError) as error:
        kind = file_type(path)
        if name := _recording(path):
            raise UndecodableError(f"{name}, damaged or of an unknown kind") from error
        raise NotAudioError(kind) from error


def _blocks(container: InputContainer) -> Iterator[Samples]:
    """The decoded sound in blocks. Damaged packets are skipped; raises if there are no others."""
    resampler = av.AudioResampler(format="fltp", rate=RATE)
    failure, found = None, False
    for packet in container.demux(container.streams.audio[0]):
        try:
            frames = [part for frame in packet.decode() for part in resampler.resample(frame)]
        except (av.FFmpegError, ValueError) as error:
            failure = error
            continue
        found = found or bool(frames)
        yield from (_samples(frame) for frame in frames)
    if found:
        yield from (_samples(frame) for frame in resampler.resample(None))
    elif failure:
        raise UndecodableError(f"{container.format.long_name}, nothing readable in it") from failure


def _samples(frame: av.AudioFrame) -> Samples:
    return np.asarray(frame.to_ndarray(), dtype=np.float32)


def file_type(path: Path) -> str:
    """The apparent type of a file that is not audio, in the words of ``file``."""
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return _UNKNOWN
    if text.lstrip().lower().startswith(("<!doctype html", "<html")):
        return "text/html (HTML document)"
    try:
        json.loads(path.read_text() if len(head) == 4096 else text)
    except ValueError:
        return "text/plain (ASCII text)" if text.isascii() else "text/plain (UTF-8 Unicode text)"
    return "application/json (JSON data)"


def _recording(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(16)
    return next((name for start, magic, name in _RECORDINGS if head[start:].startswith(magic)), None)
