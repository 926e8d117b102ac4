"""Reports the outcome of a run's calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql
from call_sentiment.discovery.discover import MAX_ATTEMPTS
from call_sentiment.scoring.score import FORMULA_VERSION
from call_sentiment.states import CallStatus

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


_WITHOUT_FIGURES = (CallStatus.NO_SPEECH, CallStatus.NOT_ANALYZED, CallStatus.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call that failed, and why.

    `retryable`: a later run will try again. `given_up`: its job has not ended in time, and may end later.
    """

    call_id: str
    reason: str
    retryable: bool
    given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A call, and what does not match about it."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InProgress:
    """A call whose transcript is in progress, and since when."""

    call_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OldScores:
    """How many of all transcripts that can be rescored have scores of an old formula version."""

    formula_version: str
    transcripts: int
    all_transcripts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Counts of calls by their status.

    `scored` have figures. `without_figures` were transcribed and have nothing to score: no speech, no
    sentiment or no usable sentence. `audio_minutes` is the length of all audio transcribed, which AssemblyAI
    bills. `costs` is what they cost, by currency. Calls whose cost is not known are counted in
    `unknown_costs`, by the reason.
    """

    calls: int
    scored: int
    without_figures: int
    failed: int
    duplicate: int
    in_progress: int
    needs_review: int
    with_notices: int
    audio_minutes: float
    costs: Mapping[str, Decimal]
    unknown_costs: Mapping[str, int]
    failures: tuple[FailedCall, ...]
    notices: tuple[Notice, ...]
    oldest: InProgress | None

    @property
    def counts(self) -> dict[str, float]:
        """All counts, for the asset event; `cost` only where it is known for all calls, in one currency."""
        names = ("calls", "scored", "without_figures", "failed", "duplicate", "in_progress", "needs_review")
        counts = {name: getattr(self, name) for name in (*names, "with_notices", "audio_minutes")}
        counts["cost_unknown"] = sum(self.unknown_costs.values())
        if len(self.costs) == 1 and not self.unknown_costs:
            counts["cost"] = float(sum(self.costs.values()))
        return counts

    @property
    def failed_share(self) -> float:
        """Share of calls that failed, 0..1; 0 for no calls. Calls that were given up do not count."""
        failed = sum(not call.given_up for call in self.failures)
        return failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many transcripts wait for a budget, since when the first of them, and why."""

    reason: str
    transcripts: int
    since: datetime


def report_calls(connection: Connection, call_ids: Sequence[str]) -> RunReport:
    """Report on these calls as they are in the ledger now; unknown ids are ignored."""
    rows = run_sql(
        connection, "reporting/report_calls", {"call_ids": list(call_ids), "max_attempts": MAX_ATTEMPTS}
    )
    count_of = Counter(row["status"] for row in rows)
    notices = tuple(Notice(call_id=row["call_id"], text=row["notices"]) for row in rows if row["notices"])
    return RunReport(
        calls=len(rows),
        scored=count_of[CallStatus.OK],
        without_figures=sum(count_of[status] for status in _WITHOUT_FIGURES),
        failed=count_of[CallStatus.FAILED],
        duplicate=count_of[CallStatus.DUPLICATE],
        in_progress=count_of[CallStatus.IN_PROGRESS],
        needs_review=sum(row["needs_review"] for row in rows),
        with_notices=len(notices),
        audio_minutes=sum(row["audio_duration_s"] or 0.0 for row in rows) / 60,
        costs=_sum_costs(rows),
        unknown_costs=Counter(row["cost_reason"] for row in rows if row["cost_status"] == "unknown"),
        failures=tuple(
            FailedCall(
                call_id=row["call_id"],
                reason=row["reason"],
                retryable=row["retryable"],
                given_up=row["given_up"],
            )
            for row in rows
            if row["status"] == CallStatus.FAILED
        ),
        notices=notices,
        oldest=min(
            (InProgress(call_id=row["call_id"], since=since) for row in rows if (since := row["since"])),
            key=lambda call: call.since,
            default=None,
        ),
    )


def _sum_costs(rows: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    costs: dict[str, Decimal] = {}
    for row in rows:
        if row["cost"] is not None:
            costs[row["currency"]] = costs.get(row["currency"], Decimal(0)) + row["cost"]
    return costs


def find_held(connection: Connection) -> list[Held]:
    """What waits for a budget, of all runs, by the reason."""
    return [Held(**row) for row in run_sql(connection, "costs/count_held")]


def find_old_scores(connection: Connection) -> list[OldScores]:
    """Count the transcripts that have scores of old formula versions, by version."""
    rows = run_sql(connection, "reporting/count_old_scores", {"formula_version": FORMULA_VERSION})
    return [OldScores(**row) for row in rows]
