"""Where outcomes come from: a script, or a recogniser that listens."""

from __future__ import annotations
