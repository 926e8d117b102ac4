"""Decides when a wait ends although some of its jobs have not. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assemblyai_provider._connection.ranges import Range

MAX_LISTED_FAILURES = 20

_WAIT = Range(0.1, 604_800, "seconds")
"""A shorter wait would end at its first poll; Airflow's own sensors wait for a week by default."""


def read_wait(value: object, name: str) -> float | None:
    """Seconds from a number, a text or a timedelta; None for no limit.

    An empty text and the text `None` mean no limit, too.

    Raises ConfigurationError for anything else.

    :param name: the task and the setting, for the message.
    """
    if isinstance(value, str) and value.strip() == "None":  # a rendered template gives None as text
        return None
    return _WAIT.read(value, name)


@dataclass(slots=True)
class WaitLimit:
    """Decides when a wait ends with the jobs that have ended so far.

    All times are seconds of one monotonic clock.

    :param started_at: when the wait started.
    :param patience_s: the limit is this long after the last job ended; None: no such limit.
    :param end_at: the limit is this time at the latest; None: no such limit.
    """

    started_at: float
    patience_s: float | None = None
    end_at: float | None = None
    _ended_count: int = field(default=0, init=False)
    _last_end_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._last_end_at = self.started_at

    def is_reached(self, ended_count: int, polled_at: float | None, now: float) -> bool:
        """Whether the wait ends now.

        Only a poll that started after the limit counts: it has found every job that ended before.

        :param ended_count: how many of the wait's jobs the poll has found ended.
        :param polled_at: when the poll started; None if it did not reach every job.
        :param now: when the poll was finished.
        """
        if ended_count > self._ended_count:
            self._ended_count, self._last_end_at = ended_count, now
        # A poll that started before the wait does not cover the wait's jobs.
        if polled_at is None or polled_at < self.started_at:
            return False
        is_quiet = self.patience_s is not None and polled_at - self._last_end_at >= self.patience_s
        return is_quiet or (self.end_at is not None and polled_at >= self.end_at)


def describe_progress(ended_count: int, total: int) -> str:
    """How many of a wait's jobs have ended and how many have not, for the log."""
    remaining = f"; {total - ended_count} are still in progress" if ended_count < total else ""
    return f"{ended_count} of {total} transcripts have ended{remaining}"


def describe_failures(failures: Mapping[str, str], total: int) -> str:
    """The failed jobs of a wait with their reasons, for the error.

    :param failures: the reason by id.
    """
    named = "; ".join(f"{id_}: {reason}" for id_, reason in list(failures.items())[:MAX_LISTED_FAILURES])
    return f"{len(failures)} of {total} transcripts have failed: {named}"
