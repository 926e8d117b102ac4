"""Calibration error, Brier score, Wilson's interval: by hand, by a second implementation, by simulation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_sentiment.calibration import reliability
from call_sentiment.calibration.reliability import Reliability, wilson
from tests.support import calibration_oracle as oracle
from tests.support.calibration_oracle import Sentence


def row(call: str, number: int, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """A row as `calibration/compare_confidences` gives it."""
    return {
        "call_id": call,
        "bin": number,
        "sentences": len(sentences),
        "weight": sum(s.weight for s in sentences),
        "weight_square": sum(s.weight**2 for s in sentences),
        "confidence": sum(s.weight * s.confidence for s in sentences),
        "correct": sum(s.weight * s.correct for s in sentences),
        "brier": sum(s.weight * (s.confidence - s.correct) ** 2 for s in sentences),
        "lowest": min(s.confidence for s in sentences),
        "highest": max(s.confidence for s in sentences),
    }


def measure(rows: Sequence[dict[str, Any]]) -> Reliability:
    found = reliability.measure(rows)
    assert found is not None
    return found


bins = st.lists(
    st.lists(
        st.builds(Sentence, st.floats(0.34, 1), st.booleans(), st.floats(0.1, 100)), min_size=1, max_size=6
    ),
    min_size=1,
    max_size=5,
)


def test_a_case_worked_by_hand() -> None:
    unsure = [Sentence(0.5, True, 1), Sentence(0.5, True, 1)]
    sure = [Sentence(0.9, True, 3), Sentence(0.9, False, 1), Sentence(0.9, True, 2)]
    found = measure([row("a", 0, unsure), row("a", 4, sure[:2]), row("b", 4, sure[2:])])
    # Accuracies 2/2 and 5/6; weights 2 and 6 of 8.
    assert found.error == pytest.approx(2 / 8 * 0.5 + 6 / 8 * abs(5 / 6 - 0.9))
    assert found.brier == pytest.approx((2 * 0.25 + 5 * 0.01 + 1 * 0.81) / 8)
    assert [(b.sentences, b.share, b.accuracy) for b in found.bins] == [
        (2, 0.25, 1),
        (3, 0.75, pytest.approx(5 / 6)),
    ]
    # Kish: 6^2 / (9 + 1 + 4) sentences.
    assert found.bins[1].interval == pytest.approx(oracle.wilson(5 / 6, 36 / 14), abs=1e-6)
    assert (found.calls, found.sentences, found.error_interval) == (2, 5, None)


@given(bins)
def test_both_figures_are_those_of_their_definitions(bins: list[list[Sentence]]) -> None:
    found = measure([row(f"call {len(bin)}", number, bin) for number, bin in enumerate(bins)])
    assert found.error == pytest.approx(oracle.calibration_error(bins), abs=1e-9)
    assert found.brier == pytest.approx(oracle.brier_score([s for bin in bins for s in bin]))


@pytest.mark.parametrize(("share", "n"), [(0, 1), (0, 30), (0.2, 3.7), (0.5, 10), (0.93, 250), (1, 12)])
def test_wilsons_interval_is_what_a_score_test_does_not_reject(share: float, n: float) -> None:
    assert wilson(share, n) == pytest.approx(oracle.wilson(share, n), abs=1e-6)


def test_a_bin_is_few_below_twenty_sentences() -> None:
    found = measure([row("a", 0, [Sentence(0.5, True, 1)] * 19), row("a", 1, [Sentence(0.9, True, 1)] * 20)])
    assert [b.few for b in found.bins] == [True, False]


def test_perfect_confidences_show_about_the_error_of_chance() -> None:
    generator = random.Random(2)
    errors = []
    for _ in range(20):
        rows = []
        for number, confidence in enumerate((0.45, 0.6, 0.75, 0.9)):
            for call in range(5):
                sentences = [Sentence(confidence, generator.random() < confidence, 1) for _ in range(10)]
                rows.append(row(f"call {call}", number, sentences))
        found = measure(rows)
        errors.append(found.error)
    assert sum(errors) / 20 == pytest.approx(found.chance_error, rel=0.15)


def test_too_sure_confidences_have_an_error_of_that_size() -> None:
    generator = random.Random(4)
    rows = [
        row(f"call {call}", 0, [Sentence(0.9, generator.random() < 0.7, 1) for _ in range(10)])
        for call in range(200)
    ]
    found = measure(rows)
    assert found.error == pytest.approx(0.2, abs=0.03)
    assert found.error_interval is not None
    assert found.error_interval.low < 0.2 < found.error_interval.high


def test_nothing_has_no_reliability() -> None:
    assert reliability.measure([]) is None
