"""The recordings of `benchmarks.freshness`: when each arrives, and how long its job takes."""

from __future__ import annotations

import hashlib
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import requests

from assemblyai_sandbox.outcomes import invented
from benchmarks.airflow_share.run import write_recordings

MEDIAN_S = 40.0
# 95% of the jobs end within 127 s and one in 500 takes 5 minutes. AssemblyAI's documentation: most files take
# less than 45 s, an hour of audio 35 s, and the longest of its examples, of 8 hours, 300 s.
SIGMA = 0.7
STRAGGLER_SHARE = 0.01
STRAGGLER_S = (1800.0, 3600.0)
NEVER_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One recording to come.

    :param at_s: seconds after the first moment of the measurement.
    :param processing_s: how long the sandbox works on it.
    """

    name: str
    at_s: float
    processing_s: float

    @property
    def is_straggler(self) -> bool:
        return self.processing_s >= STRAGGLER_S[0]

    @property
    def never_ends(self) -> bool:
        return self.processing_s >= NEVER_S


def plan_arrivals(minutes: float, calls_per_minute: float, seed: int) -> list[Arrival]:
    """Arrivals in order: uniform times are those of a Poisson process of a known count."""
    dice = random.Random(seed)
    count = round(minutes * calls_per_minute)
    moments = sorted(dice.uniform(0, 60 * minutes) for _ in range(count))
    arrivals = [
        Arrival(name=f"{number:06d}.wav", at_s=at_s, processing_s=_ordinary_s(dice))
        for number, at_s in enumerate(moments)
    ]
    slow = dice.sample(range(count), min(count, 1 + max(1, round(STRAGGLER_SHARE * count))))
    for number in slow:
        arrivals[number] = replace(arrivals[number], processing_s=dice.uniform(*STRAGGLER_S))
    for number in slow[:1]:
        arrivals[number] = replace(arrivals[number], processing_s=NEVER_S)
    return arrivals


def _ordinary_s(dice: random.Random) -> float:
    return round(min(dice.lognormvariate(math.log(MEDIAN_S), SIGMA), STRAGGLER_S[0] / 2), 3)


class Inbox:
    """A folder into which recordings arrive whole, by a rename.

    They were changed long before, like files that are moved, so `min_unchanged_s` delays none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prepared = folder.with_name("prepared")
        folder.mkdir()

    def prepare(self, arrivals: Sequence[Arrival], sandbox_url: str) -> None:
        """Write the files beside the folder, and script how long the sandbox's jobs take."""
        write_recordings(self._prepared, len(arrivals))
        for arrival in arrivals:
            sha256 = hashlib.sha256((self._prepared / arrival.name).read_bytes()).hexdigest()
            outcome = replace(invented(0, sha256), processing_s=arrival.processing_s)
            requests.post(
                f"{sandbox_url}/_sandbox/script",
                json={"match": sha256, "outcome": outcome.to_json()},
                timeout=60,
            ).raise_for_status()

    def receive(self, arrivals: Sequence[Arrival]) -> Iterator[tuple[Arrival, float]]:
        """Rename each file into the folder at its time; yield the arrival and its Unix time."""
        began = time.time()
        for arrival in arrivals:
            time.sleep(max(0.0, began + arrival.at_s - time.time()))
            moment = time.time()
            os.rename(self._prepared / arrival.name, self.folder / arrival.name)
            yield arrival, moment
