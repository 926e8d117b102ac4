"""Writes the report of a run into the log of its task."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from call_sentiment.costs.prices import VARIABLE
from call_sentiment.report import Held, OldScores, RunReport

log = logging.getLogger(__name__)


def log_report(result: RunReport, counts: Mapping[str, float], old_scores: Sequence[OldScores]) -> None:
    """Log what became of a run's calls: counts, cost, notices, and each failure with its reason."""
    log.info("Of this run's calls: %s", ", ".join(f"{name} {value:g}" for name, value in counts.items()))
    for currency, cost in result.costs.items():
        log.info("They cost %s %s", f"{cost:.4f}", currency)
    for reason, count in result.unknown_costs.items():
        log.warning(
            "The cost of %d calls is not known: %s. Give it in the Airflow variable %s",
            count,
            reason,
            VARIABLE,
        )
    if result.oldest:
        log.info(
            "%d calls are in progress, the oldest since %s: %s. A later run loads them",
            result.in_progress,
            f"{result.oldest.since:%Y-%m-%d %H:%M:%S%z}",
            result.oldest.call_id,
        )
    for old in old_scores:
        log.info(
            "%s of %s transcripts still have scores of version %s; each run scores some of them again",
            f"{old.transcripts:,}",
            f"{old.all_transcripts:,}",
            old.formula_version,
        )
    for notice in result.notices:
        log.warning("Notice: %s: %s", notice.call_id, notice.text)
    for call in result.failures:
        retry = " (a later run tries again)" if call.retryable else ""
        log.warning("Failed: %s: %s%s", call.call_id, call.reason, retry)


def log_held(held: Sequence[Held]) -> None:
    """Log how many calls wait for a budget, and why."""
    for group in held:
        log.warning("%d calls: %s", group.transcripts, group.reason)
