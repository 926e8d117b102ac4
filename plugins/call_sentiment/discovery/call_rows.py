"""Builds the ledger's rows for matched recordings: their calls, and what AssemblyAI is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assemblyai_provider.models import without_webhook
from call_sentiment.channels import transcript_options
from call_sentiment.discovery.matching import Match
from call_sentiment.discovery.sidecars import CallFacts


def order_options(match: Match, options: Mapping[str, Any]) -> dict[str, Any]:
    """The transcript options that identify a transcript: the call's, overridden by the run's.

    Webhook options are no part of them: the transcript is the same without.
    """
    facts = match.recording.facts
    order = without_webhook(options)
    if facts.language_code is not None:
        order.pop("language_detection", None)
        order["language_code"] = facts.language_code
    return {**transcript_options(facts.channels), **order}


def is_order_changed(match: Match) -> bool:
    """Whether the facts that decide about transcript options are not those the call was claimed with."""
    known, facts = match.known, match.recording.facts
    return known is not None and (facts.channels, facts.language_code) != (
        known.channels,
        known.language_code,
    )


def call_row(match: Match) -> dict[str, Any]:
    """The call with its recording and facts, for `upsert_calls.sql`."""
    recording, known = match.recording, match.known
    facts = recording.facts
    # A call that is being submitted may send these bytes or the earlier ones; a later run compares again.
    version = known.recording_version if known and known.is_open else recording.version
    return {
        "call_id": recording.call_id,
        "recording": recording.recording,
        "recording_version": version,
        "recording_number": match.number,
        "sidecar_version": recording.sidecar_version,
        "started_at": None if facts.started_at is None else facts.started_at.isoformat(),
        "queue": facts.queue,
        "agent_id": facts.agent_id,
        "channels": facts.channels,
        "language_code": facts.language_code,
        "metadata": facts.metadata,
        "notices": [*facts.notices, *_notice_unused_facts(match)] if facts != CallFacts() else None,
    }


def paid_row(match: Match) -> dict[str, Any]:
    """The same for `update_calls.sql`: of a call that AssemblyAI has accepted."""
    row = call_row(match)
    if match.known and not match.known.is_open:
        # The query of a web address is kept only for what is still to be submitted.
        row["recording"] = match.recording.address
    return row


def _notice_unused_facts(match: Match) -> list[str]:
    """Notices about facts that the sidecar has now, but that the call was transcribed without."""
    known, facts = match.known, match.recording.facts
    if known is None or not known.paid or match.number != known.recording_number:
        return []
    pairs = {
        "channels": (facts.channels, known.channels),
        "language_code": (facts.language_code, known.language_code),
    }
    return [
        f"{name} was added or changed after the call was transcribed and is not used: run with the param "
        "retranscribe to pay for another transcript with it"
        for name, (now, before) in pairs.items()
        if now is not None and now != before
    ]
