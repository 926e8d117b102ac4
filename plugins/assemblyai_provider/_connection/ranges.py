"""Reads the numbers in settings, and refuses those out of range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from assemblyai_provider.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers a setting may have, both ends included.

    :param unit: the unit in the plural, for the message.
    :param whole: refuse fractions.
    """

    least: float
    most: float
    unit: str
    whole: bool = False

    def read(self, value: object, name: str) -> float | None:
        """The number, or None for None and blank text. Raises ConfigurationError.

        A timedelta counts in seconds.

        :param name: the connection or task and the setting, for the message.
        """
        if isinstance(value, timedelta):
            value = value.total_seconds()
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        number = _number(value)
        if not self.least <= number <= self.most or (self.whole and not number.is_integer()):
            kind = "a whole number" if self.whole else "a number"
            raise ConfigurationError(
                f"{name}: {str(value)[:50]!r} is not {kind} of {self.unit} from {self.least:g} to"
                f" {self.most:.0f}. Correct it, digits only, or leave it out."
            )
        return int(number) if self.whole else number


POLL_INTERVAL = Range(0.1, 86_400, "seconds")
"""Between two polls of a job. The poller never pauses for less."""


def _number(value: object) -> float:
    """The number, or NaN, which is in no range, for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan
