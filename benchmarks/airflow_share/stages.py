"""Where the seconds of a Dag run went, from the dates of its task instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STAGES = ("discover", "submit", "wait", "load", "score", "report")

Instances = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One task of the Dag with all its mapped instances; seconds.

    :param before_s: from the end of the stage before (or from the run's request) to the first start.
    :param working_s: from the first start to the last end.
    :param mean_s: from the start of an instance to its end, on average.
    """

    name: str
    instances: int
    before_s: float
    working_s: float
    mean_s: float


def stages(instances: Instances, requested_at: datetime) -> list[Stage]:
    """The stages of a run, in order. Each waits for all instances of the one before."""
    found = []
    last_end = requested_at
    for name in STAGES:
        spans = [
            (_moment(instance["start_date"]), _moment(instance["end_date"]))
            for instance in instances
            if instance["task_id"] == name
        ]
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
        found.append(
            Stage(
                name=name,
                instances=len(spans),
                before_s=(first - last_end).total_seconds(),
                working_s=(last - first).total_seconds(),
                mean_s=sum((end - start).total_seconds() for start, end in spans) / len(spans),
            )
        )
        last_end = last
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
