"""The engines that make outcomes: from a script, or by speech recognition."""

from __future__ import annotations
