"""Which labels count for calibration and with what weight, and how they are compared."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from call_sentiment.calibration import agreement, reliability
from call_sentiment.database import run_sql
from tests.support import calibration_oracle as oracle
from tests.support.blind_labels import add_calls, draw, label
from tests.support.calibration_oracle import Rated, Sentence
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

EVERYTHING = {"first": None, "last": None, "queue": None, "most_bins": 10, "few": 20}
STEPS = {"VERY_NEGATIVE": -2, "NEGATIVE": -1, "NEUTRAL": 0, "MIXED": 0, "POSITIVE": 1, "VERY_POSITIVE": 2}


def only_call(db: Connection, probability: float = 1, **more: Any) -> int:
    """A call in the sample."""
    (call,) = add_calls(db, 1)
    draw(db, call, probability, **more)
    return call


def found(db: Connection) -> list[tuple[Any, ...]]:
    rows = query(
        db,
        "SELECT reviewed_label, computed_label, weight, left_out FROM call_sentiment.blind_reviews"
        " ORDER BY transcript_id, position NULLS FIRST, reviewer",
    )
    return [tuple(row.values()) for row in rows]


def test_the_first_blind_label_counts_whatever_is_said_later(db: Connection) -> None:
    call = only_call(db, 0.25)
    label(db, call, "ada", "POSITIVE", "NEGATIVE")
    label(db, call, "ada", "NEGATIVE", "NEGATIVE", is_blind=False)
    assert found(db) == [("POSITIVE", "NEGATIVE", 4.0, None)]


def test_what_was_taken_back_does_not_count_unless_it_was_replaced(db: Connection) -> None:
    call = only_call(db)
    label(db, call, "ada", "POSITIVE")
    label(db, call, "ada", None, is_blind=False)
    assert found(db) == [("POSITIVE", "NEUTRAL", None, "taken_back")]
    label(db, call, "ada", "NEGATIVE", is_blind=False)
    assert found(db) == [("POSITIVE", "NEUTRAL", 1.0, None)]


def test_a_label_given_after_the_computed_one_was_seen_does_not_count(db: Connection) -> None:
    label(db, only_call(db), "ada", "POSITIVE", is_blind=False)
    assert found(db) == [("POSITIVE", "NEUTRAL", None, "not_blind")]


def test_a_call_outside_of_the_sample_does_not_count(db: Connection) -> None:
    (call,) = add_calls(db, 1)
    label(db, call, "ada", "POSITIVE")
    label(db, call, "ada", "POSITIVE", position=0, confidence=0.9)
    assert [row[3] for row in found(db)] == ["outside_sample", "outside_sample"]


def test_a_sentence_counts_only_if_it_was_drawn_itself(db: Connection) -> None:
    call = only_call(db, 0.25, sentences={3: 0.1})
    for position in (3, 4):
        label(db, call, "ada", "POSITIVE", "POSITIVE", position=position, confidence=0.9)
    assert found(db) == [
        ("POSITIVE", "POSITIVE", pytest.approx(40), None),
        ("POSITIVE", "POSITIVE", None, "outside_sample"),
    ]


@pytest.mark.parametrize(
    ("name", "step"), [*STEPS.items(), ("negative", -1), ("INSUFFICIENT", None), ("NONE", None)]
)
def test_labels_have_an_order_with_mixed_in_the_middle(db: Connection, name: str, step: int | None) -> None:
    assert query(db, "SELECT call_sentiment.label_step(%s) AS step", name) == [{"step": step}]


def test_people_who_share_an_item_share_its_weight(db: Connection) -> None:
    call = only_call(db, 0.5)
    for reviewer, said in (("ada", "POSITIVE"), ("ben", "POSITIVE"), ("uma", "NEGATIVE")):
        label(db, call, reviewer, said, "POSITIVE")
    rows = run_sql(db, "calibration/compare_labels", EVERYTHING)
    cells = {(r["against"], r["reviewed_step"], r["other_step"]): (r["labels"], r["weight"]) for r in rows}
    third = pytest.approx(2 / 3)
    assert cells == {
        ("model", 1, 1): (2, pytest.approx(4 / 3)),
        ("model", -1, 1): (1, third),
        # Three pairs, each in both orders.
        ("people", 1, 1): (2, third),
        ("people", -1, 1): (2, third),
        ("people", 1, -1): (2, third),
    }
    assert sum(r["items"] for r in rows if r["against"] == "model") == pytest.approx(1)
    assert sum(r["items"] for r in rows if r["against"] == "people") == pytest.approx(1)


def test_a_computed_label_without_a_place_is_compared_between_people_only(db: Connection) -> None:
    call = only_call(db)
    for reviewer in ("ada", "ben"):
        label(db, call, reviewer, "POSITIVE", "INSUFFICIENT")
    assert {row["against"] for row in run_sql(db, "calibration/compare_labels", EVERYTHING)} == {"people"}


def test_equal_confidences_share_a_bin_and_bins_hold_twenty(db: Connection) -> None:
    positions = range(100)
    call = only_call(db, sentences=dict.fromkeys(positions, 1.0))
    for position in positions:
        confidence = 0.99 if position < 50 else 0.4 + position / 200
        label(db, call, "ada", "POSITIVE", "POSITIVE", position=position, confidence=confidence)
    rows = run_sql(db, "calibration/compare_confidences", EVERYTHING)
    found = [(row["sentences"], round(row["lowest"], 9)) for row in rows]
    assert found == [(20, 0.65), (20, 0.75), (10, 0.85), (50, 0.99)]


def test_a_sentence_without_confidence_is_in_no_bin(db: Connection) -> None:
    call = only_call(db, sentences={0: 1, 1: 1})
    for position, confidence in ((0, None), (1, 1.5)):
        label(db, call, "ada", "POSITIVE", "POSITIVE", position=position, confidence=confidence)
    assert run_sql(db, "calibration/compare_confidences", EVERYTHING) == []
    (row,) = run_sql(db, "calibration/count_labels", EVERYTHING)
    assert (row["labels"], row["without_confidence"]) == (2, 2)


class Sample:
    """Reviewed calls by chance: in the database, and in memory for the definitions."""

    def __init__(self, db: Connection, calls: int) -> None:
        self.random = random.Random(11)
        self.db = db
        self.rated: dict[tuple[bool, str], list[Rated]] = defaultdict(list)
        self.labels: list[Sentence] = []
        self.sentences: list[tuple[float, float]] = []
        for call in add_calls(db, calls):
            probability = self.random.choice([0.1, 0.5, 1])
            drawn = {position: self.random.choice([0.2, 1]) for position in range(4)}
            draw(db, call, probability, 2, drawn)
            people = self.random.sample(["ada", "ben", "uma"], self.random.choice([1, 2, 3]))
            self.review(call, None, people, list(STEPS), 1 / probability)
            for position, of_sentence in drawn.items():
                names = ["NEGATIVE", "NEUTRAL", "POSITIVE"]
                self.review(call, position, people, names, 1 / probability / of_sentence)

    def review(
        self, call: int, position: int | None, people: list[str], names: list[str], weight: float
    ) -> None:
        computed, confidence = self.random.choice(names), self.random.uniform(0.34, 1)
        given = [self.random.choice([computed, self.random.choice(names)]) for _ in people]
        for reviewer, said in zip(people, given, strict=True):
            label(self.db, call, reviewer, said, computed, position=position, confidence=confidence)
        self.rated[position is None, "model"] += [
            Rated(STEPS[said], STEPS[computed], weight / len(people)) for said in given
        ]
        pairs = list(permutations(given, 2))
        self.rated[position is None, "people"] += [
            Rated(STEPS[one], STEPS[other], weight / len(pairs)) for one, other in pairs
        ]
        if position is not None:
            self.sentences.append((confidence, weight))
            self.labels += [Sentence(confidence, said == computed, weight / len(people)) for said in given]


def test_agreement_of_many_calls_is_that_of_its_definition(db: Connection) -> None:
    sample = Sample(db, 30)
    cells = run_sql(db, "calibration/compare_labels", EVERYTHING)
    assert len(sample.rated) == 4
    for (of_call, against), items in sample.rated.items():
        figures = agreement.measure([c for c in cells if (c["of_call"], c["against"]) == (of_call, against)])
        assert figures.agreement == pytest.approx(oracle.raw_agreement(items))
        assert figures.kappa == pytest.approx(oracle.quadratic_kappa(items, sorted(set(STEPS.values()))))


def test_reliability_of_many_calls_is_that_of_its_definition(db: Connection) -> None:
    sample = Sample(db, 30)
    found = reliability.measure(run_sql(db, "calibration/compare_confidences", EVERYTHING))
    assert found is not None
    assert found.brier == pytest.approx(oracle.brier_score(sample.labels))
    bins = [[s for s in sample.labels if b.lowest <= s.confidence <= b.highest] for b in found.bins]
    assert len(bins) == 6
    assert found.error == pytest.approx(oracle.calibration_error(bins))
    for b in found.bins:
        weights = [weight for value, weight in sample.sentences if b.lowest <= value <= b.highest]
        assert len(weights) == b.sentences
        effective = sum(weights) ** 2 / sum(weight**2 for weight in weights)
        assert b.interval == pytest.approx(oracle.wilson(b.accuracy, effective), abs=1e-6)


def test_a_period_and_a_queue_narrow_every_statement(db: Connection) -> None:
    for day, queue in ((1, "a"), (2, "a"), (3, "a"), (2, "b")):
        (call,) = add_calls(db, 1, started_at=f"2026-03-0{day} 23:30Z", queue=queue)
        draw(db, call, 1, 2, {0: 1})
        label(db, call, "ada", "POSITIVE")
        label(db, call, "ada", "POSITIVE", position=0, confidence=0.9)
    asked = {**EVERYTHING, "first": "2026-03-02", "last": "2026-03-02", "queue": "a"}
    assert [row["labels"] for row in run_sql(db, "calibration/compare_labels", asked)] == [1, 1]
    assert [row["sentences"] for row in run_sql(db, "calibration/compare_confidences", asked)] == [1]
    assert [row["labels"] for row in run_sql(db, "calibration/count_labels", asked)] == [1, 1]
    assert run_sql(db, "calibration/count_draws", asked) == [
        {
            "calls": 1, "reviewed_calls": 1, "double_calls": 1, "reviewed_double_calls": 0,
            "sentences": 1, "reviewed_sentences": 1,
        }
    ]  # fmt: skip
