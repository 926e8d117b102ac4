"""The time the sandbox lives in: frozen until somebody advances it, or running with the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch (UTC), as the sandbox sees them.

    A frozen clock starts at the wall clock's time (or at ``start``) and moves only through :meth:`advance`
    and :meth:`set`. A running one follows the wall clock and can be pushed ahead of it in the same way.
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
        """Move ahead. Time does not go backwards: a negative number raises ``ValueError``."""
        if seconds < 0:
            raise ValueError("the clock cannot be turned back")
        self._offset += seconds

    def set(self, moment: datetime) -> None:
        """Move ahead to ``moment``; an earlier one raises ``ValueError``."""
        self.advance(moment.timestamp() - self.now())


def timestamp(seconds: float) -> str:
    """The API's way to write a moment: naive ISO 8601 with microseconds (assumed to be UTC)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
