"""The rules of docs/scores.md that hold for every call, on generated calls."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.oracle import expected
from tests.support.stored import Row, query, scores, speaker_scores

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LABELS = ("POSITIVE", "NEUTRAL", "NEGATIVE")
MIRRORED = {
    "POSITIVE": "NEGATIVE",
    "NEGATIVE": "POSITIVE",
    "VERY_POSITIVE": "VERY_NEGATIVE",
    "VERY_NEGATIVE": "VERY_POSITIVE",
    "IMPROVING": "DECLINING",
    "DECLINING": "IMPROVING",
}
SIGNED = (
    "net_sentiment",
    "sentiment_score",
    "sentiment_score_weighted",
    "score_shrunk",
    "q1_score",
    "q2_score",
    "q3_score",
    "q4_score",
    "sentiment_change",
    "trend_slope",
    "value_sum",
)
ADMINISTRATIVE = {"transcript_id", "formula_version", "status", "review_reason", "scored_at"}

# One statement scores many calls in each example, so few examples test many calls. Failures are not shrunk:
# that takes minutes of statements.
several_calls = settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def confidences() -> st.SearchStrategy[float]:
    # Some values occur often, so that there are ties.
    return st.sampled_from([0.0, 0.34, 0.5, 0.6, 0.9, 1.0]) | st.floats(0, 1)


def good_sentences() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "start_ms": st.integers(0, 30) | st.integers(0, 7_200_000),
            "length": st.integers(0, 10) | st.integers(0, 20_000),
            "sentiment": st.sampled_from(LABELS),
            "confidence": confidences(),
            "speaker": st.sampled_from(["A", "B"]),
        }
    ).map(_with_end)


def odd_sentences() -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "start_ms": st.none() | st.integers(-5, 30),
            "end_ms": st.none() | st.integers(-5, 60),
            "sentiment": st.sampled_from([*LABELS, "negative", "ANGRY", "", None]),
            "confidence": st.none() | st.floats(allow_nan=True, allow_infinity=True) | confidences(),
            "speaker": st.sampled_from(["A", "1A", "", None]),
            "channel": st.sampled_from(["1", "2", "", None]),
        }
    )


def _with_end(row: Row) -> Row:
    length = row.pop("length")
    return {**row, "end_ms": row["start_ms"] + length}


def calls(sentences: st.SearchStrategy[Row], max_size: int = 25) -> st.SearchStrategy[list[list[Row]]]:
    return st.lists(st.lists(sentences, min_size=1, max_size=max_size), min_size=1, max_size=20)


def without_ties(call: list[Row]) -> list[Row]:
    """The call with one sentence per start and end: the order of the answer decides between equal times."""
    return list({(row["start_ms"], row["end_ms"]): row for row in call}.values())


def figures(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ADMINISTRATIVE}


def close(value: Any) -> Any:
    """Equal to `value` except for the last digits of floats, which depend on the order of a sum."""
    if isinstance(value, dict):
        return {key: close(item) for key, item in value.items()}
    return pytest.approx(value, rel=1e-7, abs=1e-7) if isinstance(value, float) else value


@several_calls
@given(calls(good_sentences()) | calls(good_sentences() | odd_sentences()))
def test_the_database_computes_what_the_definition_says(scores_db: Connection, some: list[list[Row]]) -> None:
    for call, row in zip(some, scores(scores_db, some), strict=True):
        call_figures, speaker_figures = expected(call)
        assert row["status"] == ("ok" if call_figures else "invalid")
        if call_figures:
            assert figures(row) == close(call_figures)
        found = speaker_scores(scores_db, row["transcript_id"])
        assert set(found) == set(speaker_figures)
        for key, speaker in speaker_figures.items():
            assert {name: found[key][name] for name in speaker} == close(speaker)


@several_calls
@given(calls(good_sentences()))
def test_flipping_every_label_negates_every_signed_figure(
    scores_db: Connection, some: list[list[Row]]
) -> None:
    flipped = [
        [{**s, "sentiment": MIRRORED.get(s["sentiment"], s["sentiment"])} for s in call] for call in some
    ]
    for row, other in zip(scores(scores_db, some), scores(scores_db, flipped), strict=True):
        for name in SIGNED:
            negated = None if row[name] is None else -row[name]
            assert other[name] == close(negated), name
        assert (other["score_low"], other["score_high"]) == (
            close(-row["score_high"]),
            close(-row["score_low"]),
        )
        assert other["positive_time_share"] == close(row["negative_time_share"])
        for name in ("label", "trend_label"):
            assert other[name] == MIRRORED.get(row[name], row[name])


@several_calls
@given(calls(good_sentences()), st.randoms(use_true_random=False))
def test_the_order_of_the_answer_changes_nothing(
    scores_db: Connection, some: list[list[Row]], random: Any
) -> None:
    some = [without_ties(call) for call in some]
    shuffled = [random.sample(call, len(call)) for call in some]
    for row, other in zip(scores(scores_db, some), scores(scores_db, shuffled), strict=True):
        assert figures(other) == close(figures(row))


@several_calls
@given(calls(good_sentences()), st.integers(-(10**9), 10**9))
def test_a_shift_of_all_times_moves_only_the_worst_window(
    scores_db: Connection, some: list[list[Row]], shift: int
) -> None:
    moved = [
        [{**s, "start_ms": s["start_ms"] + shift, "end_ms": s["end_ms"] + shift} for s in call]
        for call in some
    ]
    for row, other in zip(scores(scores_db, some), scores(scores_db, moved), strict=True):
        for name in ("worst_window_start_ms", "worst_window_end_ms"):
            if row[name] is not None:
                row[name] += shift
        assert figures(other) == figures(row)


@several_calls
@given(calls(good_sentences()))
def test_speakers_and_quarters_recompose_to_the_call(scores_db: Connection, some: list[list[Row]]) -> None:
    for call, row in zip(some, scores(scores_db, some), strict=True):
        speakers = speaker_scores(scores_db, row["transcript_id"]).values()
        for name in ("sentence_count", "positive_count", "neutral_count", "negative_count"):
            assert sum(s[name] for s in speakers) == row[name]
        weighted = sum(s["sentiment_score"] * s["sentence_count"] for s in speakers)
        assert weighted / row["sentence_count"] == close(row["sentiment_score"])
        t0, t1 = min(s["start_ms"] for s in call), max(s["end_ms"] for s in call)
        if t1 > t0:
            counts = [0, 0, 0, 0]
            for s in call:
                counts[min(3, 2 * (s["start_ms"] + s["end_ms"] - 2 * t0) // (t1 - t0))] += 1
            quarters = [row[f"q{i}_score"] for i in range(1, 5)]
            assert [q is None for q in quarters] == [count == 0 for count in counts]
            total = sum(q * count for q, count in zip(quarters, counts, strict=True) if count)
            assert total / row["sentence_count"] == close(row["sentiment_score"])


@several_calls
@given(calls(good_sentences()))
def test_a_repeated_call_keeps_its_mean_and_narrows_its_interval(
    scores_db: Connection, some: list[list[Row]]
) -> None:
    twice = []
    for call in some:
        length = max(s["end_ms"] for s in call) + 1000
        again = [{**s, "start_ms": s["start_ms"] + length, "end_ms": s["end_ms"] + length} for s in call]
        twice.append(call + again)
    for row, other in zip(scores(scores_db, some), scores(scores_db, twice), strict=True):
        for name in ("sentiment_score", "net_sentiment", "mean_confidence", "sentiment_score_weighted"):
            assert other[name] == close(row[name])
        # At an end of the scale, clipping can make both intervals equal.
        if row["score_low"] > -1 and row["score_high"] < 1:
            assert other["score_high"] - other["score_low"] < row["score_high"] - row["score_low"]


@several_calls
@given(calls(good_sentences() | odd_sentences()))
def test_every_figure_is_within_its_bounds(scores_db: Connection, some: list[list[Row]]) -> None:
    for row in scores(scores_db, some):
        if row["status"] != "ok":
            continue
        for name in ("net_sentiment", "sentiment_score", "sentiment_score_weighted", "worst_window_score"):
            assert row[name] is None or -1 <= row[name] <= 1
        if row["score_shrunk"] is not None:
            assert -1 <= row["score_low"] <= row["score_shrunk"] <= row["score_high"] <= 1
        assert 0 <= row["talk_time_ms"] <= row["span_ms"] == row["talk_time_ms"] + row["silence_ms"]
        assert 0 <= row["long_silence_ms"] <= row["silence_ms"]
        assert row["crosstalk_ms"] >= 0


@several_calls
@given(calls(good_sentences(), max_size=8))
def test_a_day_is_the_mean_of_its_sentences_not_of_its_calls(
    scores_db: Connection, some: list[list[Row]]
) -> None:
    name = uuid.uuid4().hex
    rows = scores(scores_db, some, queue=name, started_at="2026-11-16T23:59:00Z")
    (day,) = query(scores_db, "SELECT * FROM call_sentiment.daily_scores WHERE queue = %s", name)
    sentences = [figures_ for call in some for figures_ in [expected([s])[0] for s in call]]
    assert day["sentence_count"] == len(sentences)
    assert day["sentiment_score"] == close(sum(s["sentiment_score"] for s in sentences) / len(sentences))
    assert day["net_sentiment"] == close(sum(s["net_sentiment"] for s in sentences) / len(sentences))
    assert (day["call_count"], day["scored_call_count"]) == (len(some), len(some))
    assert day["needs_review_count"] == sum(row["needs_review"] for row in rows)
    assert str(day["day"]) == "2026-11-16"
