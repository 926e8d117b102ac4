"""Recordings of a known length."""

from __future__ import annotations

import wave
from pathlib import Path

from tests.support.files import set_at_rest


def write_wav(path: Path, seconds: float) -> Path:
    """Write a wave file that is so long; its bytes differ by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 100, 0, "NONE", ""))
        frames = bytearray(int(100 * seconds))
        name = path.name.encode()[: len(frames)]
        frames[: len(name)] = name
        file.writeframes(bytes(frames))
    set_at_rest(path)
    return path
