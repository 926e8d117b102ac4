"""The decision when a wait ends before all of its jobs are over, without input or output."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from assemblyai_provider._connection.ranges import Range

_WAIT = Range(0.1, 604_800, "seconds")
"""A shorter wait would end at its first look; Airflow's own sensors wait for a week by default."""


def read_wait(value: object, name: str) -> float | None:
    """Seconds from a number, a text or a timedelta; None, an empty text and the text `None` are off.

    Raises ConfigurationError for anything else.

    :param name: whose setting it is and what it is called, for the message.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    elif isinstance(value, str) and value.strip() == "None":  # what a template makes of None
        return None
    return _WAIT.read(value, name)


@dataclass(slots=True)
class EarlyEnd:
    """Decides when a wait ends with the jobs that are over.

    All times are seconds of one monotonic clock.

    :param began: when the wait began.
    :param patience_s: end once no further job has ended for so long; None: not for this reason.
    :param end_at: end at this time at the latest; None: not for this reason.
    """

    began: float
    patience_s: float | None = None
    end_at: float | None = None
    _over: int = field(default=0, init=False)
    _news_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._news_at = self.began

    def is_due(self, over: int, looked_at: float | None, now: float) -> bool:
        """Whether the wait ends with the `over` jobs that a look has found.

        Only a look that began after the deadline counts: it has seen every job that ended before.

        :param looked_at: when the look began; None if it did not get as far as every job.
        :param now: when the look was over.
        """
        if over > self._over:
            self._over, self._news_at = over, now
        # A look that began before the wait knows nothing of its jobs.
        if looked_at is None or looked_at < self.began:
            return False
        is_quiet = self.patience_s is not None and looked_at - self._news_at >= self.patience_s
        return is_quiet or (self.end_at is not None and looked_at >= self.end_at)


def progress(over: int, total: int) -> str:
    """How many of a wait's jobs are over and how many it leaves, for the log."""
    left = f"; {total - over} are left in progress" if over < total else ""
    return f"{over} of {total} transcripts are over{left}"
