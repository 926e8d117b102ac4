"""Estimates how much audio a run will pay for, before any of it is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from assemblyai_sandbox.engines.decoding import NotAudioError, UndecodableError, duration_s
from call_sentiment.discovery.sources import find_recordings
from call_sentiment.exceptions import LocationError


@dataclass(frozen=True, slots=True)
class AudioEstimate:
    """Minutes of audio to pay for, without the `unmeasured` recordings of unknown length."""

    minutes: float
    unmeasured: int


def estimate_audio(recordings: str, paid: Collection[str]) -> AudioEstimate | None:
    """Measure the recordings of a local folder that are not in `paid`.

    None: the location is not a local folder, or cannot be listed.
    """
    if not Path(recordings).is_dir():
        return None
    try:
        listed = find_recordings(recordings).recordings
        read = [found.read() for found in listed if found.address not in paid]
    except LocationError:
        return None
    found = [recording.recording for recording in read if recording.refusal is None]
    seconds = [_seconds(Path(recording)) for recording in found]
    measured = [length for length in seconds if length is not None]
    return AudioEstimate(sum(measured) / 60, len(seconds) - len(measured))


def _seconds(file: Path) -> float | None:
    try:
        return duration_s(file)
    except (NotAudioError, UndecodableError, OSError):
        return None
