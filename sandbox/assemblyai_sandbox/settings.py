"""The settings of a sandbox, and presets for what AssemblyAI's sources disagree about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

DEFAULT_API_KEY = "sandbox-key"
DAY_S = 86_400.0

# `spec` follows the OpenAPI file and the older pages, `docs` the newer pages and the vendor's notes for
# coding agents.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "spec": {
        "rate_limit_status": 429,
        "unknown_id_status": 404,
        "queued_on_submit": True,
        "negative_balance": "limit",
        "sentiment_omitted_as": "null",
        "retention_s": None,
        "universal_3_pro": "accepted",
    },
    "docs": {
        "rate_limit_status": 403,
        "unknown_id_status": 400,
        "queued_on_submit": False,
        "negative_balance": "refuse",
        "sentiment_omitted_as": "absent",
        "retention_s": 30 * DAY_S,
        "universal_3_pro": "refused",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a sandbox at its start.

    Durations are seconds on the sandbox's clock, sizes bytes. ``api_keys`` maps a key to ``project`` or
    ``account/project``. ``model_policy`` is ``by-date`` or the name of a period in :mod:`.models_policy`;
    ``universal_3_pro`` is ``by-date``, ``accepted`` or ``refused``; ``rate_limit_counts`` is ``all`` or
    ``post``.
    """

    engine: str = "speech"
    clock: str = "real"
    start: datetime | None = None
    region: str = "us"
    seed: int | None = 0
    state_dir: Path | None = None
    api_keys: Mapping[str, str] = field(default_factory=lambda: {DEFAULT_API_KEY: "default/default"})

    concurrency: int = 200
    rate_limit: int = 20_000
    rate_limit_counts: str = "all"
    rate_limit_status: int = 429
    unknown_id_status: int = 404
    queued_on_submit: bool = False
    negative_balance: str = "refuse"
    sentiment_omitted_as: str = "null"
    model_policy: str = "by-date"
    universal_3_pro: str = "by-date"

    upload_max_bytes: int = 2_200_000_000
    upload_ttl_s: float = DAY_S
    retention_s: float | None = 30 * DAY_S

    opaque_ids: bool = False
    float_durations: bool = False
    speech_workers: int = 2

    def with_preset(self, name: str) -> Settings:
        """These settings with a preset applied; raises ``KeyError`` if it is unknown."""
        return replace(self, **PRESETS[name])
