"""What `benchmarks.freshness` prints: delays of calls, and what a form of the Dag costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.freshness.arrivals import Arrival
from benchmarks.support import print_table

TARGET_S = 60.0
NEVER = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One recording at the end of the measurement. Unix times; infinite if not by then."""

    arrival: Arrival
    arrived_at: float
    submitted_at: float = NEVER
    completed_at: float = NEVER
    scored_at: float = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One form of the Dag, measured.

    :param seconds: from the first moment of the arrivals to the end of the measurement.
    :param counted_until: Unix time; a job completed later had too little time left to be scored.
    :param completed: transcripts that the sandbox has completed.
    :param charges: by SHA-256 of the recording.
    :param requests: the sandbox's journal, by endpoint.
    """

    form: str
    calls: Sequence[Call]
    seconds: float
    counted_until: float
    completed: int
    charges: Sequence[str]
    requests: Mapping[str, int]
    runs: int
    executions: int
    cpu_s: float


def print_delays(outcomes: Sequence[Outcome]) -> None:
    """Print the delays of calls, stragglers apart. A call not reached in time counts as longest."""
    head = ["form", "calls", "submitted", "arrived to submitted, p50 s", "p95", "longest"]
    head += ["jobs completed", "scored", "completed to scored, p50 s", "p95", "longest", "within 60 s"]
    rows = []
    for outcome in outcomes:
        slow = [call for call in outcome.calls if call.arrival.is_straggler]
        others = [call for call in outcome.calls if not call.arrival.is_straggler]
        rows.append([outcome.form, *_delays(others, outcome)])
        rows.append([f"{outcome.form}, stragglers", *_delays(slow, outcome)])
    print_table(head, rows)


def print_costs(outcomes: Sequence[Outcome]) -> None:
    head = ["form", "minutes", "completed transcripts", "charges", "charged twice", "requests per transcript"]
    head += ["of these list", "by id", "runs", "task executions", "per scored call"]
    head += ["CPU s per minute", "CPU s per scored call"]
    print_table(head, [_costs(outcome) for outcome in outcomes])


def _delays(calls: Sequence[Call], outcome: Outcome) -> list[str]:
    minutes = outcome.seconds / 60
    completed = [call for call in calls if call.completed_at <= outcome.counted_until]
    to_submit = [call.submitted_at - call.arrived_at for call in calls]
    to_score = [call.scored_at - call.completed_at for call in completed]
    in_time = sum(delay <= TARGET_S for delay in to_score)
    return [
        str(len(calls)),
        str(sum(call.submitted_at < NEVER for call in calls)),
        *_quantiles(to_submit, minutes),
        str(len(completed)),
        str(sum(call.scored_at < NEVER for call in completed)),
        *_quantiles(to_score, minutes),
        f"{in_time / len(to_score):.1%}" if to_score else "",
    ]


def _quantiles(delays_s: Sequence[float], minutes: float) -> list[str]:
    """Median, 95th percentile and maximum by nearest rank: each is a measured delay."""
    ordered = sorted(delays_s)
    if not ordered:
        return ["", "", ""]
    values = [ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.95, 1.0)]
    return [f"{value:.1f}" if value < NEVER else f"not within {minutes:.0f} min" for value in values]


def _costs(outcome: Outcome) -> list[str]:
    transcripts = outcome.requests.get("submit", 0)
    scored = sum(call.scored_at < NEVER for call in outcome.calls)

    def per(value: float, count: int, digits: int) -> str:
        return f"{value / count:.{digits}f}" if count else ""

    return [
        outcome.form,
        f"{outcome.seconds / 60:.1f}",
        str(outcome.completed),
        str(len(outcome.charges)),
        str(len(outcome.charges) - len(set(outcome.charges))),
        per(sum(outcome.requests.values()), transcripts, 2),
        per(outcome.requests.get("list", 0), transcripts, 2),
        per(outcome.requests.get("get", 0), transcripts, 2),
        str(outcome.runs),
        f"{outcome.executions:,}",
        per(outcome.executions, scored, 2),
        f"{60 * outcome.cpu_s / outcome.seconds:.1f}",
        per(outcome.cpu_s, scored, 2),
    ]
