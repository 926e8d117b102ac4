"""How much audio a folder holds, before anything is sent to a service that charges for it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import soundfile

AUDIO_SUFFIXES = frozenset({".mp3", ".wav", ".flac", ".ogg"})


def minutes_of_audio(recordings: str, paid: Collection[str]) -> float | None:
    """Minutes of the recordings below a local folder that are not in `paid`; None for another location."""
    folder = Path(recordings)
    if not folder.is_dir():
        return None
    files = (file for file in folder.rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES)
    return sum(_seconds(file) for file in files if str(file) not in paid) / 60


def _seconds(file: Path) -> float:
    try:
        return float(soundfile.info(str(file)).duration)
    except soundfile.LibsndfileError:
        return 0.0  # the service charges nothing for what it cannot read
