"""Tells what became of a run's calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from call_sentiment.database import run_sql
from call_sentiment.ledger import MAX_ATTEMPTS

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call that failed, and why; `retryable`: a later run will try it again."""

    call_id: str
    reason: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Counts of calls by what became of them.

    `scored` have figures; `without_figures` were transcribed and hold nothing to score (no speech, no
    sentiment, no usable sentence). `audio_minutes` is the length of all audio transcribed: what is billed.
    """

    calls: int
    scored: int
    without_figures: int
    failed: int
    duplicate: int
    in_progress: int
    needs_review: int
    audio_minutes: float
    failures: tuple[FailedCall, ...]

    @property
    def failed_share(self) -> float:
        """Failed calls of all calls, 0..1; 0 for no calls."""
        return self.failed / self.calls if self.calls else 0.0


def report_calls(connection: Connection, call_ids: Sequence[str]) -> RunReport:
    """Report on these calls as they stand in the ledger now; unknown ids count for nothing."""
    rows = run_sql(connection, "report_calls", {"call_ids": list(call_ids), "max_attempts": MAX_ATTEMPTS})
    statuses = [row["status"] for row in rows]
    return RunReport(
        calls=len(rows),
        scored=statuses.count("ok"),
        without_figures=sum(statuses.count(status) for status in ("not_analyzed", "no_speech", "invalid")),
        failed=statuses.count("failed"),
        duplicate=statuses.count("duplicate"),
        in_progress=statuses.count("in_progress"),
        needs_review=sum(row["needs_review"] for row in rows),
        audio_minutes=sum(row["audio_duration_s"] or 0.0 for row in rows) / 60,
        failures=tuple(
            FailedCall(call_id=row["call_id"], reason=row["reason"], retryable=row["retryable"])
            for row in rows
            if row["status"] == "failed"
        ),
    )
