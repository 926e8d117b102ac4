"""Billing: one charge per completed transcript, none for an error, silence at full price."""

from __future__ import annotations

from typing import Any

from assemblyai_sandbox.clock import timestamp
from assemblyai_sandbox.records import Record

# USD per hour of audio, from the price page and third parties in late 2026. That of assemblyai-stt-3-7 is
# assumed. Prices change: tests should rely only on which transcripts are charged, and for how many seconds.
MODEL_PRICES = {
    "universal-2": 0.15,
    "universal-3-pro": 0.21,
    "universal-3-5-pro": 0.21,
    "assemblyai-stt-3-7": 0.21,
}
ADDON_PRICES = {"sentiment_analysis": 0.02, "speaker_labels": 0.02, "entity_detection": 0.08}


def charge(record: Record, seconds: float, finished: float) -> dict[str, Any]:
    """The charge for a transcript that has just completed."""
    addons = [name for name in ADDON_PRICES if record.request.get(name)]
    hourly = MODEL_PRICES[record.model] + sum(ADDON_PRICES[name] for name in addons)
    return {
        "transcript_id": record.id,
        "audio_url": record.audio_url,
        "upload_sha256": record.upload_sha256,
        "account": record.account,
        "project": record.project,
        "seconds": seconds,
        "model": record.model,
        "addons": addons,
        "usd": round(hourly * seconds / 3600, 6),
        "charged_at": timestamp(finished),
    }
