"""The settings of the demo, from environment variables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack.paths import REPOSITORY

STATE = REPOSITORY / ".demo"
DSN_FILE = STATE / "results.dsn"
"""Holds the DSN of the results while a demo runs."""

US_BASE_URL = "https://api.assemblyai.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """The choices of one `make demo`."""

    recordings: str
    """Folder, object-store URI or manifest to score (`RECORDINGS`)."""
    api_key: str | None
    """AssemblyAI key (`ASSEMBLYAI_API_KEY`); None: the sandbox is used instead."""
    base_url: str
    """Base URL of AssemblyAI (`ASSEMBLYAI_BASE_URL`)."""
    price_per_hour: float | None
    """Your price per hour of audio, for the estimate (`PRICE_PER_HOUR`)."""
    leave: bool
    """Stop after the table instead of running until Ctrl-C (`EXIT=1`)."""

    def dag_variables(self) -> dict[str, str]:
        """The environment variables that the Dag reads; content moderation only where it costs nothing."""
        options = {} if self.api_key else {"content_safety": True}
        return {
            "CALL_SENTIMENT_RECORDINGS": self.recordings,
            "CALL_SENTIMENT_TRANSCRIPT_OPTIONS": json.dumps(options),
        }

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> DemoSettings:
        """Read the settings."""
        recordings = environ.get("RECORDINGS") or str(REPOSITORY / "recordings")
        return cls(
            recordings=recordings if "://" in recordings else str(Path(recordings).expanduser().resolve()),
            api_key=environ.get("ASSEMBLYAI_API_KEY") or None,
            base_url=environ.get("ASSEMBLYAI_BASE_URL") or US_BASE_URL,
            price_per_hour=float(environ["PRICE_PER_HOUR"]) if environ.get("PRICE_PER_HOUR") else None,
            leave=environ.get("EXIT", "0") not in ("", "0"),
        )
