"""Which sentences a call's content flags are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def labels_by_position(
    sentences: Sequence[Mapping[str, Any]], flags: Sequence[Mapping[str, Any]]
) -> dict[int, list[str]]:
    """The labels of each flagged sentence: one that begins within the section of a flag."""
    found: dict[int, list[str]] = {}
    timed = [s for s in sentences if s["start_ms"] is not None]
    for flag in flags:
        start, end = flag["start_ms"], flag["end_ms"]
        if start is None or end is None:
            continue
        for sentence in timed:
            labels = found.setdefault(sentence["position"], [])
            if start <= sentence["start_ms"] < max(end, start + 1) and flag["label"] not in labels:
                labels.append(flag["label"])
    return {position: labels for position, labels in found.items() if labels}
