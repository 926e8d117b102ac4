"""The demo's table of scores on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

_LABEL_STYLES = {
    "very positive": "bold green",
    "positive": "green",
    "neutral": "white",
    "mixed": "yellow",
    "negative": "red",
    "very negative": "bold red",
}
_ABSENT = Text("-", style="dim")


def score_table(overview: Sequence[Mapping[str, Any]]) -> Table:
    """One line per row of `call_overview`; a call without a score shows its status and reason."""
    table = Table(
        title="Call sentiment",
        title_style="bold",
        caption=_CAPTION,
        caption_style="dim",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("Call", overflow="fold", min_width=16)
    table.add_column("Queue")
    for heading in ("Sentences", "Score", "Interval"):
        table.add_column(heading, justify="right", no_wrap=heading != "Sentences")
    # A reason, shown in place of a label, is wider than any label.
    table.add_column("Label", max_width=18)
    table.add_column("Trend")
    table.add_column("Worst moment")
    for call in overview:
        table.add_row(*_cells(call))
    return table


_CAPTION = (
    "Score: -1 to 1, from the words of the transcript. Complaints score negative because of their topic, and "
    "closing courtesies raise the end of almost every call."
)


def _cells(call: Mapping[str, Any]) -> list[Text]:
    start = [Text(call["call_id"]), _text(call["queue"]), _text(call["sentence_count"])]
    if call["status"] != "ok":
        status = f"{call['status']}: {call['reason']}" if call["reason"] else str(call["status"])
        return [*start, _ABSENT, _ABSENT, Text(status, style="magenta"), _ABSENT, _ABSENT]
    label = str(call["label"])
    return [
        *start,
        _figure(call["sentiment_score"]),
        _interval(call["score_low"], call["score_high"]),
        Text(label, style=_LABEL_STYLES.get(label, "magenta")),
        _text(call["trend_label"]),
        _text(call["worst_moment"]),
    ]


def _figure(value: float | None) -> Text:
    return _ABSENT if value is None else Text(f"{value:+.2f}")


def _interval(low: float | None, high: float | None) -> Text:
    return _ABSENT if low is None or high is None else Text(f"{low:+.2f} .. {high:+.2f}")


def _text(value: object) -> Text:
    return _ABSENT if value is None else Text(str(value))
