"""The figures of a call and its speakers as rows of a table, with what each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from call_sentiment.pages.render import MINUS, NOTHING, clock, signed, words

FIRST = (
    "sentiment_score",
    "score_low",
    "score_high",
    "label",
    "sentence_count",
    "worst_window_score",
    "sentiment_change",
    "trend_label",
    "talk_time_ms",
    "talk_share",
)
"""What is read most, in this order."""

_NO_FIGURES = {
    "transcript_id",
    "formula_version",
    "status",
    "speaker_key",
    "role",
    "scored_at",
    "needs_review",
    "review_reason",
}
_MOMENTS = ("worst_window_start_ms", "worst_window_end_ms")
_SUFFIXES = {"_ms": "", "_se": " error"}


class Figure(NamedTuple):
    """A row: a column of the database, and its values for the call and each speaker, as they are read."""

    column: str
    name: str
    meaning: str
    values: list[str]


def make_table(
    scopes: Sequence[Mapping[str, Any]], meanings: Sequence[Mapping[str, Any]]
) -> tuple[list[Figure], list[Figure]]:
    """What is read most, and the rest, for the call and its speakers in the order given.

    :param meanings: rows of name and meaning, in the order in which the rest is shown.
    """
    found = {
        row["name"]: _make_figure(row["name"], row["meaning"] or "", scopes)
        for row in meanings
        if row["name"] not in _NO_FIGURES
    }
    first = [found.pop(name) for name in FIRST if name in found]
    return first, list(found.values())


def _make_figure(column: str, meaning: str, scopes: Sequence[Mapping[str, Any]]) -> Figure:
    name = column
    for suffix, written in _SUFFIXES.items():
        name = name.removesuffix(suffix) + written if name.endswith(suffix) else name
    return Figure(column, words(name), meaning, [write(column, scope.get(column)) for scope in scopes])


def write(column: str, value: Any) -> str:
    """A figure as it is read, in the unit of its column."""
    if value is None:
        return NOTHING
    if column in _MOMENTS:
        return clock(value)
    if column.endswith("_ms"):
        return f"{value / 1000:.1f} s".replace("-", MINUS)
    if column.endswith("_share"):
        return f"{value:.0%}"
    if column in ("mean_confidence", "trend_slope_se"):
        return f"{value:.2f}"
    if isinstance(value, float):
        return signed(value)
    return words(value) if isinstance(value, str) else str(value)
