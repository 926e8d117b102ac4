"""The sandbox's clock: it stands still until it is advanced, or follows the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """A clock in seconds since the epoch (UTC).

    A virtual clock starts at the wall clock's time (or at ``start``) and moves only through :meth:`advance`
    and :meth:`set`. A real one follows the wall clock, and the same methods move it ahead.
    """

    def __init__(self, *, frozen: bool, start: datetime | None = None) -> None:
        self.frozen = frozen
        self._base = start.timestamp() if start else time.time()
        self._offset = 0.0
        self._born = time.monotonic()

    def now(self) -> float:
        elapsed = 0.0 if self.frozen else time.monotonic() - self._born
        return self._base + self._offset + elapsed

    def advance(self, seconds: float) -> None:
        """Move ahead by some seconds; raises ``ValueError`` if they are negative."""
        if seconds < 0:
            raise ValueError("the clock cannot be turned back")
        self._offset += seconds

    def set(self, moment: datetime) -> None:
        """Move ahead to ``moment``; raises ``ValueError`` if it is in the past."""
        self.advance(moment.timestamp() - self.now())


def timestamp(seconds: float) -> str:
    """A time as the API writes it: ISO 8601 with microseconds and no zone (assumed to be UTC)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
