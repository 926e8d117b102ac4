"""The page of calibration: how computed labels and confidences compare with what people said, blind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from call_sentiment.calibration import agreement, reliability, sample_size
from call_sentiment.calibration.agreement import Agreement, Cell
from call_sentiment.calibration.bootstrap import FEW_CALLS
from call_sentiment.database import run_sql
from call_sentiment.pages import guards
from call_sentiment.pages.filters import FirstDay, LastDay, Words
from call_sentiment.pages.reliability_chart import draw_diagram
from call_sentiment.pages.render import MINUS, render
from call_sentiment.pages.results import reading

router = APIRouter(dependencies=guards.READ)

STATEMENTS = (
    "calibration/count_draws",
    "calibration/count_labels",
    "calibration/compare_labels",
    "calibration/compare_confidences",
)
STEPS = {True: (-2, -1, 0, 1, 2), False: (-1, 0, 1)}
"""The places of labels in their order: of calls, and of sentences."""

FEW_ANSWERS = 0.8
"""Where a smaller share of the sample is reviewed, the page warns."""

DRAWN_SENTENCES = 10
"""Sentences of a call that its reviewers are asked about, in a plan made before there are any."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """People beside the model or beside each other, on calls or on sentences."""

    of_call: bool
    against: str
    figures: Agreement
    people: int
    matrix: list[list[agreement.Pair]]

    @property
    def more_calls(self) -> tuple[int | None, int | None]:
        """How many more calls a firm agreement and a firm kappa need; None where only a plan is possible."""
        of_agreement, of_kappa = (
            interval and sample_size.more_calls(interval, self.figures.calls)
            for interval in (self.figures.agreement_interval, self.figures.kappa_interval)
        )
        return of_agreement, of_kappa


@router.get("/calibration")
def calibration(
    request: Request, first: FirstDay = None, last: LastDay = None, queue: Words = None
) -> Response:
    """How people and the model compare on the calls of a period and a queue; by default on all."""
    if first and last and first > last:
        raise HTTPException(422, "The first day is after the last: from, to.")
    asked = {"first": first, "last": last, "queue": queue}
    bins = {"most_bins": reliability.MOST_BINS, "few": reliability.FEW_SENTENCES}
    with reading() as connection:
        draws, counts, cells, confidences = (
            run_sql(connection, name, {**asked, **bins}) for name in STATEMENTS
        )
    labels = {row["of_call"]: row for row in counts}
    confidence = reliability.measure(confidences)
    return render(
        request,
        "calibration.html",
        page="calibration",
        asked=asked,
        draws=draws[0],
        labels=labels,
        comparisons=_compare(cells, labels),
        confidence=confidence,
        diagram=confidence and draw_diagram(confidence.bins),
        plan=_plan(draws[0]),
        sample_size=sample_size,
        few_answers=FEW_ANSWERS,
        few_calls=FEW_CALLS,
        few_sentences=reliability.FEW_SENTENCES,
        STEPS=STEPS,
        MINUS=MINUS,
    )


def _compare(cells: Sequence[Cell], labels: Mapping[bool, Mapping[str, Any]]) -> list[Comparison]:
    """What there are labels for: calls before sentences, the model before people."""
    by_kind: dict[tuple[bool, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        by_kind[cell["of_call"], cell["against"]].append(cell)
    return [
        Comparison(
            of_call,
            against,
            agreement.measure(by_kind[of_call, against]),
            labels[of_call][f"{against}_people"],
            agreement.confusion(by_kind[of_call, against], STEPS[of_call]),
        )
        for of_call in (True, False)
        for against in ("model", "people")
        if by_kind[of_call, against]
    ]


def _plan(draws: Mapping[str, Any]) -> dict[bool, int]:
    """Calls that make agreement on calls, and on sentences, firm; before there are labels to tell."""
    per_call = draws["sentences"] / draws["calls"] if draws["sentences"] else DRAWN_SENTENCES
    return {True: sample_size.planned_calls(), False: sample_size.planned_calls(max(1, per_call))}
