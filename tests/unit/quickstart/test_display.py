"""The table shows every figure, and a status where a call has no score."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from quickstart.display import score_table

SCORED = {
    "call_id": "late-order",
    "queue": "orders",
    "status": "ok",
    "reason": None,
    "sentence_count": 14,
    "sentiment_score": 0.1234,
    "score_low": -0.2,
    "score_high": 0.45,
    "label": "positive",
    "trend_label": "improving",
    "worst_moment": "0:05-0:17",
}


def _printed(*calls: dict[str, Any]) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(score_table(calls))
    return console.export_text()


def test_a_scored_call_shows_every_figure() -> None:
    text = _printed(SCORED)
    for shown in (
        "late-order",
        "orders",
        "14",
        "+0.12",
        "-0.20 .. +0.45",
        "positive",
        "improving",
        "0:05-0:17",
    ):
        assert shown in text


def test_a_call_without_a_score_shows_its_status_and_no_zero() -> None:
    absent = dict.fromkeys(SCORED)
    text = _printed({**absent, "call_id": "broken", "status": "failed", "reason": "not audio"})
    assert "failed: not audio" in text
    assert "0.00" not in text


def test_a_score_of_zero_is_shown_as_zero() -> None:
    assert "+0.00" in _printed({**SCORED, "sentiment_score": 0.0})
