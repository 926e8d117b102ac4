"""Finds speech in samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt

from assemblyai_sandbox.engines.decoding import RATE, Samples

FRAME = RATE // 100
FRAME_MS = 10
# A shorter pause is a comma. The sample calls have 450 ms and more between sentences.
PAUSE_FRAMES = 35
SHORTEST_FRAMES = 10
LONGEST_FRAMES = 1500
SILENCE_DB = -50.0


def loudness_db(channel: Samples) -> npt.NDArray[np.float64]:
    """The level of every 10 ms frame in dB below full scale."""
    whole = len(channel) // FRAME
    frames = channel[: whole * FRAME].reshape(whole, FRAME).astype(np.float64)
    return cast("npt.NDArray[np.float64]", 10 * np.log10((frames**2).mean(axis=1) + 1e-12))


def utterances(channel: Samples) -> list[tuple[int, int]]:
    """Start and end of each utterance in ms: louder than the noise, between pauses."""
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
    """Cut speech without a pause at its quietest moments, so that no part lasts over 15 s."""
    cuts = [start]
    while end - cuts[-1] > LONGEST_FRAMES:
        first, last = cuts[-1] + LONGEST_FRAMES // 3, cuts[-1] + LONGEST_FRAMES
        smooth = np.convolve(level[first:last], np.ones(10) / 10, mode="same")
        cuts.append(first + int(np.argmin(smooth)))
    return list(pairwise([*cuts, end]))
