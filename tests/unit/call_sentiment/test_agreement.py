"""Raw agreement and kappa: cases worked by hand, a second implementation, and what always holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_sentiment.calibration.agreement import Agreement, confusion, measure
from tests.support import calibration_oracle as oracle
from tests.support.calibration_oracle import Rated

CALL_STEPS = (-2, -1, 0, 1, 2)


def cells(calls: Sequence[Sequence[Rated]]) -> list[dict[str, Any]]:
    """Rows as `calibration/compare_labels` gives them, one for each item."""
    return [
        {
            "call_id": f"call {number}",
            "reviewed_step": item.one,
            "other_step": item.other,
            "labels": 1,
            "items": 1.0,
            "weight": item.weight,
        }
        for number, call in enumerate(calls)
        for item in call
    ]


def figures(items: Sequence[Rated]) -> Agreement:
    """With a call for each item."""
    return measure(cells([[item] for item in items]))


def times(number: int, one: int, other: int, weight: float = 1) -> list[Rated]:
    return [Rated(one, other, weight)] * number


items = st.lists(
    st.builds(Rated, st.sampled_from(CALL_STEPS), st.sampled_from(CALL_STEPS), st.floats(0.1, 50)),
    min_size=1,
    max_size=9,
)


def test_a_table_worked_by_hand() -> None:
    # Of 10 items 7 agree. Squared distances: 2 of one step, 1 of two steps: 6 / 10. By chance, of rows
    # 0.4, 0.3, 0.3 and columns 0.4, 0.3, 0.3: 1 * (0.12 + 0.12 + 0.09 + 0.09) + 4 * (0.12 + 0.12) = 1.38.
    found = figures(
        [
            *times(3, -1, -1),
            *times(2, 0, 0),
            *times(2, 1, 1),
            Rated(-1, 1, 1),
            Rated(0, -1, 1),
            Rated(1, 0, 1),
        ]
    )
    assert found.agreement == pytest.approx(0.7)
    assert found.kappa == pytest.approx(1 - 0.6 / 1.38)


def test_two_labels_are_cohens_plain_kappa() -> None:
    # Cohen's own kind of example: 20 and 15 agree, 5 and 10 do not; p_o = 0.7, p_e = 0.5.
    found = figures([*times(20, 0, 0), *times(5, 0, 1), *times(10, 1, 0), *times(15, 1, 1)])
    assert found.agreement == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)


def test_a_weight_is_worth_as_many_items() -> None:
    weighted = figures([Rated(1, 1, 4), Rated(0, 1, 2), Rated(-1, -1, 3)])
    repeated = figures([*times(4, 1, 1), *times(2, 0, 1), *times(3, -1, -1)])
    assert weighted.agreement == pytest.approx(repeated.agreement)
    assert weighted.kappa == pytest.approx(repeated.kappa)


@given(items)
def test_both_figures_are_those_of_their_definitions(items: list[Rated]) -> None:
    found = figures(items)
    assert found.agreement == pytest.approx(oracle.raw_agreement(items))
    expected = oracle.quadratic_kappa(items, CALL_STEPS)
    assert found.kappa == (None if expected is None else pytest.approx(expected, abs=1e-6))


@given(items)
def test_perfect_agreement_has_a_kappa_of_one(items: list[Rated]) -> None:
    found = figures([item._replace(other=item.one) for item in items])
    assert found.agreement == pytest.approx(1)
    assert found.kappa == (pytest.approx(1) if len({item.one for item in items}) > 1 else None)


@given(items, st.floats(0.01, 1000))
def test_the_scale_of_the_weights_changes_nothing(items: list[Rated], scale: float) -> None:
    found, scaled = figures(items), figures([item._replace(weight=item.weight * scale) for item in items])
    assert scaled.agreement == pytest.approx(found.agreement)
    assert scaled.kappa == (None if found.kappa is None else pytest.approx(found.kappa, abs=1e-6))


def test_labels_by_chance_have_a_kappa_of_about_zero() -> None:
    generator = random.Random(1)
    found = figures(
        [Rated(generator.choice(CALL_STEPS), generator.choice(CALL_STEPS), 1) for _ in range(2000)]
    )
    assert found.kappa == pytest.approx(0, abs=0.05)
    assert found.kappa_interval is not None
    assert found.kappa_interval.low < 0 < found.kappa_interval.high


def test_one_label_alone_has_no_kappa() -> None:
    found = figures(times(20, 1, 1))
    assert (found.agreement, found.kappa, found.kappa_interval) == (1, None, None)


def test_nothing_has_no_figures() -> None:
    assert measure([]) == Agreement(0, 0, 0, None, None, None, None)


def test_the_matrix_counts_labels_and_shares_weight() -> None:
    matrix = confusion(
        cells([[Rated(-1, -1, 3), Rated(-1, 1, 1)], [Rated(1, 1, 4)], [Rated(1, 1, 2)]]), (-1, 0, 1)
    )
    assert [[cell.labels for cell in row] for row in matrix] == [[1, 0, 1], [0, 0, 0], [0, 0, 2]]
    assert [[cell.share for cell in row] for row in matrix] == [
        [0.3, 0, 0.1],
        [0, 0, 0],
        [0, 0, pytest.approx(0.6)],
    ]


def test_a_biased_sample_is_weighted_back_to_the_truth() -> None:
    """A queue that is easy and drawn often must not make the model look better than it is."""
    generator = random.Random(3)
    population = [(0.95, 0.5) if generator.random() < 0.3 else (0.60, 0.05) for _ in range(8_000)]
    drawn: list[Rated] = []
    right = 0
    for accuracy, probability in population:
        step = generator.choice(CALL_STEPS)
        given = (
            step if generator.random() < accuracy else generator.choice([s for s in CALL_STEPS if s != step])
        )
        right += given == step
        if generator.random() < probability:
            drawn.append(Rated(given, step, 1 / probability))
    truth = right / len(population)
    unweighted = figures([item._replace(weight=1) for item in drawn])
    weighted = figures(drawn)
    assert unweighted.agreement == pytest.approx(0.88, abs=0.02)
    assert truth == pytest.approx(0.705, abs=0.02)
    assert weighted.agreement == pytest.approx(truth, abs=0.03)
    assert weighted.agreement_interval is not None
    assert weighted.agreement_interval.low < truth < weighted.agreement_interval.high


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Sentences of one call belong together: an interval over sentences would be far too narrow."""
    generator = random.Random(7)
    held = 0
    for _ in range(60):
        calls = []
        for _ in range(50):
            accuracy = generator.choice([0.5, 0.9])
            calls.append([Rated(0, int(generator.random() > accuracy), 1) for _ in range(10)])
        interval = measure(cells(calls)).agreement_interval
        assert interval is not None
        held += interval.low <= 0.7 <= interval.high
    assert 52 <= held <= 60
