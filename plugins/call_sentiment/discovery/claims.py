"""Writes into the ledger what discovery has decided: calls, facts, intents and refusals."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assemblyai_provider.models import without_webhook
from call_sentiment.channels import transcript_options
from call_sentiment.database import run_sql
from call_sentiment.discovery.matching import Match
from call_sentiment.discovery.sidecars import CallFacts
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


def claim(
    connection: Connection, matches: Sequence[Match], options: Mapping[str, Any], transcribe_again: bool
) -> list[str]:
    """Write calls, intents and refusals; return the call ids that were refused just now."""
    found = [match.recording for match in matches]
    refused = [recording for recording in found if recording.refusal is not None]
    sources = [{"call_id": r.source, "refusal": r.refusal} for r in found]
    run_sql(connection, "discovery/withdraw_refusals", {"sources": dump_json(sources)})
    run_sql(connection, "discovery/forget_empty_calls", {"call_ids": [r.source for r in found]})
    good = _rename(connection, [match for match in matches if match.recording.refusal is None])
    _adopt(connection, good)
    _write_calls(connection, good, transcribe_again)
    orders = [{"call_id": m.recording.call_id, "options": _options(m, options)} for m in good]
    _claim(connection, good, orders, transcribe_again)
    rows = [{"call_id": r.call_id, "recording": r.address, "refusal": r.refusal} for r in refused]
    return [
        row["call_id"] for row in run_sql(connection, "discovery/refuse_calls", {"refused": dump_json(rows)})
    ]


def adopt_versions(connection: Connection, versions: Sequence[tuple[str, str, str | None]]) -> None:
    """Take the present files of calls as what was transcribed, where an older release noted nothing of them.

    :param versions: call id, version of the recording, version of its sidecar.
    """
    if versions:
        names = ("call_id", "recording_version", "sidecar_version")
        rows = [dict(zip(names, row, strict=True)) for row in versions]
        run_sql(connection, "discovery/adopt_versions", {"versions": dump_json(rows)})
        log.info("%d recordings of an older release are taken as they are now", len(rows))


def mark_replaced(connection: Connection, call_ids: Collection[str]) -> None:
    """Note of these calls that the place of their recording holds other audio now."""
    if call_ids:
        run_sql(connection, "discovery/mark_replaced", {"call_ids": list(call_ids)})
        log.warning(
            "%d recordings were replaced by other audio, which became calls of their own: %s",
            len(call_ids),
            ", ".join(sorted(call_ids)[:10]),
        )


def _rename(connection: Connection, matches: Sequence[Match]) -> list[Match]:
    """Give calls the id of their sidecar; one that is just being submitted keeps its own for now."""
    wanted = [
        {"old_id": m.known.call_id, "new_id": m.recording.call_id} for m in matches if m.known and m.rename
    ]
    if not wanted:
        return list(matches)
    renamed = {
        row["old_id"] for row in run_sql(connection, "discovery/rename_calls", {"renames": dump_json(wanted)})
    }
    log.info("%d calls took the call_id of a sidecar that came later", len(renamed))
    return [
        replace(m, recording=replace(m.recording, call_id=m.known.call_id))
        if m.known and m.rename and m.known.call_id not in renamed
        else m
        for m in matches
    ]


def _adopt(connection: Connection, matches: Sequence[Match]) -> None:
    adoptions = [
        {
            "former_id": m.adopt[0],
            "content_sha256": m.adopt[1],
            "call_id": m.recording.call_id,
            "recording_number": m.number,
        }
        for m in matches
        if m.adopt
    ]
    if adoptions:
        run_sql(connection, "discovery/adopt_transcripts", {"adoptions": dump_json(adoptions)})
        log.info("%d calls have the audio that others had, and take its transcripts", len(adoptions))


def _write_calls(connection: Connection, matches: Sequence[Match], transcribe_again: bool) -> None:
    paid = [_paid_row(m) for m in matches if m.known and m.known.paid]
    others = [_call_row(m) for m in matches if transcribe_again or not (m.known and m.known.paid)]
    changed = run_sql(connection, "discovery/update_calls", {"calls": dump_json(paid)}) if paid else []
    if facts := sum(row["facts_changed"] for row in changed):
        log.info("%d transcribed calls took over changed facts", facts)
    params = {"calls": dump_json(others), "transcribe_again": transcribe_again}
    run_sql(connection, "discovery/upsert_calls", params)


def _claim(
    connection: Connection, matches: Sequence[Match], orders: Sequence[Any], transcribe_again: bool
) -> None:
    open_ids = {m.recording.call_id for m in matches if m.known and m.known.under_way and _order_changed(m)}
    open_orders = [order for order in orders if order["call_id"] in open_ids]
    if open_orders:
        run_sql(connection, "discovery/renew_intents", {"orders": dump_json(open_orders)})
    limits = {"transcribe_again": transcribe_again, "max_attempts": MAX_ATTEMPTS}
    run_sql(connection, "discovery/claim_calls", {"orders": dump_json(orders), **limits})
    run_sql(connection, "discovery/retry_failed_calls", {"max_attempts": MAX_ATTEMPTS})
    found = [match.recording for match in matches]
    addresses = [{"call_id": r.call_id, "address": r.address} for r in found if r.address != r.recording]
    run_sql(connection, "discovery/cut_addresses", {"addresses": dump_json(addresses)})


def _options(match: Match, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that make an order what it is: what the call needs, and the run's laid over it.

    Where the end of a job is announced is no part of that.
    """
    facts = match.recording.facts
    order = without_webhook(options)
    if facts.language_code is not None:
        order.pop("language_detection", None)
        order["language_code"] = facts.language_code
    return {**transcript_options(facts.channels), **order}


def _order_changed(match: Match) -> bool:
    known, facts = match.known, match.recording.facts
    return known is not None and (facts.channels, facts.language_code) != (
        known.channels,
        known.language_code,
    )


def _call_row(match: Match) -> dict[str, Any]:
    recording, known = match.recording, match.known
    facts = recording.facts
    # Nobody can tell which bytes a call that is being submitted will send; the run after that looks again.
    version = known.recording_version if known and known.under_way else recording.version
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
        "notices": [*facts.notices, *_late_order(match)] if facts != CallFacts() else None,
    }


def _paid_row(match: Match) -> dict[str, Any]:
    row = _call_row(match)
    if match.known and not match.known.under_way:
        # The query of a web address is kept only for what is still to be submitted.
        row["recording"] = match.recording.address
    return row


def _late_order(match: Match) -> list[str]:
    """What the sidecar asks for now, although AssemblyAI has transcribed the recording without it."""
    known, facts = match.known, match.recording.facts
    if known is None or not known.paid or match.number != known.recording_number:
        return []
    pairs = {
        "channels": (facts.channels, known.channels),
        "language_code": (facts.language_code, known.language_code),
    }
    return [
        f"{name} came or changed after the call was transcribed and is not used: run with the param "
        "retranscribe to pay for another transcript with it"
        for name, (now, then) in pairs.items()
        if now is not None and now != then
    ]
