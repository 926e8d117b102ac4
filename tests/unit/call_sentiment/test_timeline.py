from __future__ import annotations

from typing import Any

import pytest

from call_sentiment.pages import timeline
from call_sentiment.pages.speech import find_crosstalk, find_silences
from call_sentiment.pages.timeline import MAX_WIDTH_PX, MEAN_PX, draw


def said(start: int | None, end: int | None, speaker: str = "A", **more: Any) -> dict[str, Any]:
    return {
        "position": 0,
        "start_ms": start,
        "end_ms": end,
        "sentiment": "NEGATIVE",
        "confidence": 0.9,
        "speaker_key": speaker,
        "role": None,
        "text": "Words.",
        "is_valid": start is not None,
        "value": -0.85,
        **more,
    }


def drawn(*sentences: dict[str, Any], **more: Any) -> timeline.Timeline:
    found = draw(sentences, more.get("duration_ms"), more.get("worst"))
    assert found is not None
    return found


def test_without_a_time_nothing_is_drawn() -> None:
    assert draw([], 60_000, None) is None
    assert draw([said(None, None)], 60_000, None) is None


def test_a_sentence_without_a_time_is_counted() -> None:
    assert drawn(said(0, 2000), said(None, None)).untimed_count == 1


def test_blocks_stand_where_their_time_is() -> None:
    found = drawn(said(0, 2000), said(15_000, 20_000), duration_ms=20_000)
    first, second = found.lanes["Speaker A"]
    assert (first.span.x, first.span.width) == (0, 10)
    assert (second.span.x, second.span.width) == (75, 25)


def test_height_grows_with_confidence() -> None:
    sure, unsure, unknown = drawn(
        said(0, 1000, confidence=1.0), said(1000, 2000, confidence=0.5), said(2000, 3000, confidence=None)
    ).lanes["Speaker A"]
    assert sure.height == 2 * unsure.height > unknown.height > 0
    assert sure.y + sure.height == unsure.y + unsure.height


def test_each_role_or_speaker_has_a_lane() -> None:
    found = drawn(
        said(0, 1, "A", role="agent"), said(2, 3, "B"), said(4, 5, "ch2"), said(6, 7, "__unknown__")
    )
    assert list(found.lanes) == ["agent", "Speaker B", "Channel 2", "Unknown speaker"]


def test_a_sentence_no_figure_counts_is_drawn_as_unknown() -> None:
    (block,) = drawn(said(0, 1000, sentiment="ANGRY", is_valid=False, value=None)).lanes["Speaker A"]
    assert block.kind == "unknown"


def test_silences_over_three_seconds_are_found_behind_overlaps() -> None:
    sentences = [said(0, 10_000), said(1000, 2000, "B"), said(13_000, 14_000), said(17_001, 18_000)]
    assert find_silences(sentences) == [(14_000, 17_001)]


def test_crosstalk_is_where_two_speak_at_once() -> None:
    sentences = [said(0, 5000), said(1000, 3000, "A"), said(4000, 8000, "B"), said(4500, 6000, "C")]
    assert find_crosstalk(sentences) == [(4000, 6000)]
    assert find_crosstalk([said(0, 5000), said(5000, 6000, "B")]) == []


def test_the_line_is_the_mean_of_five_rated_sentences() -> None:
    values = [-1, -1, -1, -1, -1, 1]
    found = drawn(*(said(1000 * n, 1000 * n + 1000, value=value) for n, value in enumerate(values)))
    assert [point.y for point in found.mean] == [MEAN_PX, pytest.approx(MEAN_PX / 2 * 1.6)]
    assert found.mean[0].x == pytest.approx(100 * 2500 / 6000, abs=0.001)


def test_the_worst_window_is_framed() -> None:
    worst = drawn(said(0, 10_000), worst=(2000, 6000)).worst
    assert worst is not None
    assert (worst.x, worst.width) == (20, 40)


@pytest.mark.parametrize("end", [1, 60_000, 3_600_000, 10**12])
def test_any_length_has_a_bounded_width_and_readable_ticks(end: int) -> None:
    found = drawn(said(0, end))
    assert 640 <= found.width_px <= MAX_WIDTH_PX
    gap_px = found.width_px * (found.ticks[1][0] if len(found.ticks) > 1 else 100) / 100
    assert len(found.ticks) <= 301
    assert gap_px >= 79


def test_an_hour_with_a_thousand_sentences_stays_small() -> None:
    found = drawn(*(said(3600 * n, 3600 * n + 3000, "AB"[n % 2]) for n in range(1000)))
    assert found.width_px == 14_397
    assert sum(len(blocks) for blocks in found.lanes.values()) == 1000


def test_times_before_the_beginning_are_drawn() -> None:
    found = drawn(said(-5000, 5000))
    assert found.start_ms == -5000
    assert found.lanes["Speaker A"][0].span.x == 0


def test_long_words_are_cut_in_the_title() -> None:
    (block,) = drawn(said(0, 1, text="x" * 500)).lanes["Speaker A"]
    assert len(block.title) < 200
