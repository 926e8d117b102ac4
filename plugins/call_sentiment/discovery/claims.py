"""Writes the decisions of discovery into the ledger: calls, facts, intents and refusals."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql
from call_sentiment.discovery.call_rows import call_row, is_order_changed, order_options, paid_row
from call_sentiment.discovery.matching import Match
from call_sentiment.discovery.recordings import Recording
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


def claim(
    connection: Connection,
    matches: Sequence[Match],
    options: Mapping[str, Any],
    transcribe_again: bool,
    backfill: str | None = None,
) -> list[str]:
    """Write calls, intents (of a backfill, if given) and refusals; return the call ids refused just now.

    The caller holds the transaction and the lock of discovery. Each step needs what the ones before it wrote.
    """
    usable = [match for match in matches if match.recording.refusal is None]
    # Frees the ids under which recordings were refused, so that a call can take one of them.
    _withdraw_refusals(connection, matches)
    # All later steps find a call by its present id.
    usable = _rename_calls(connection, usable)
    # Before calls get their new recordings and transcripts: what exists already is not paid for again.
    _adopt_transcripts(connection, usable)
    # An intent refers to its call, and has the number of the call's present recording.
    _write_calls(connection, usable, transcribe_again)
    _write_intents(connection, usable, options, transcribe_again, backfill)
    # Only what has no intent may lose the query of its address: that query is needed to submit it.
    _cut_addresses(connection, usable)
    # Last: a call that is live by now is not refused.
    return _refuse(connection, [match.recording for match in matches if match.recording.refusal is not None])


def adopt_versions(connection: Connection, versions: Sequence[tuple[str, str, str | None]]) -> None:
    """Note the versions of recordings that an older release transcribed without noting them.

    The files are taken as unchanged since then.

    :param versions: call id, version of the recording, version of its sidecar.
    """
    if versions:
        names = ("call_id", "recording_version", "sidecar_version")
        rows = [dict(zip(names, row, strict=True)) for row in versions]
        run_sql(connection, "discovery/adopt_versions", {"versions": dump_json(rows)})
        log.info("%d recordings of an older release are taken as unchanged", len(rows))


def mark_replaced(connection: Connection, call_ids: Collection[str]) -> None:
    """Note of these calls that other audio is at the address of their recording now."""
    if call_ids:
        run_sql(connection, "discovery/mark_replaced", {"call_ids": list(call_ids)})
        log.warning(
            "%d recordings were replaced by other audio, which became calls of their own: %s",
            len(call_ids),
            ", ".join(sorted(call_ids)[:10]),
        )


def _withdraw_refusals(connection: Connection, matches: Sequence[Match]) -> None:
    """Delete earlier refusals of these sources that no longer hold, and calls that had nothing else."""
    found = [match.recording for match in matches]
    sources = [{"call_id": recording.source, "refusal": recording.refusal} for recording in found]
    run_sql(connection, "discovery/withdraw_refusals", {"sources": dump_json(sources)})
    run_sql(
        connection, "discovery/forget_empty_calls", {"call_ids": [source["call_id"] for source in sources]}
    )


def _rename_calls(connection: Connection, matches: Sequence[Match]) -> list[Match]:
    """Give calls the id of their sidecar; a call that is just being submitted keeps its own for now."""
    wanted = [
        {"old_id": m.known.call_id, "new_id": m.recording.call_id} for m in matches if m.known and m.rename
    ]
    if not wanted:
        return list(matches)
    renamed = {
        row["old_id"] for row in run_sql(connection, "discovery/rename_calls", {"renames": dump_json(wanted)})
    }
    log.info("%d calls take the call_id of a sidecar that was added later", len(renamed))
    return [
        replace(m, recording=replace(m.recording, call_id=m.known.call_id))
        if m.known and m.rename and m.known.call_id not in renamed
        else m
        for m in matches
    ]


def _adopt_transcripts(connection: Connection, matches: Sequence[Match]) -> None:
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
        log.info(
            "%d calls have audio that other calls had before, and take over its transcripts", len(adoptions)
        )


def _write_calls(connection: Connection, matches: Sequence[Match], transcribe_again: bool) -> None:
    paid = [paid_row(m) for m in matches if m.known and m.known.paid]
    others = [call_row(m) for m in matches if transcribe_again or not (m.known and m.known.paid)]
    changed = run_sql(connection, "discovery/update_calls", {"calls": dump_json(paid)}) if paid else []
    if facts := sum(row["facts_changed"] for row in changed):
        log.info("%d transcribed calls take over changed facts", facts)
    params = {"calls": dump_json(others), "transcribe_again": transcribe_again}
    run_sql(connection, "discovery/upsert_calls", params)


def _write_intents(
    connection: Connection,
    matches: Sequence[Match],
    options: Mapping[str, Any],
    transcribe_again: bool,
    backfill: str | None,
) -> None:
    """Write what is to be transcribed: corrected intents, then new calls, then failures worth a retry."""
    orders = [{"call_id": m.recording.call_id, "options": order_options(m, options)} for m in matches]
    corrected = {m.recording.call_id for m in matches if m.known and m.known.is_open and is_order_changed(m)}
    if corrected_orders := [order for order in orders if order["call_id"] in corrected]:
        run_sql(connection, "discovery/renew_intents", {"orders": dump_json(corrected_orders)})
    limits = {"transcribe_again": transcribe_again, "max_attempts": MAX_ATTEMPTS, "backfill": backfill}
    run_sql(connection, "discovery/claim_calls", {"orders": dump_json(orders), **limits})
    # After the claims: a call that has a new intent by now needs no retry of its failure.
    run_sql(connection, "discovery/retry_failed_calls", {"max_attempts": MAX_ATTEMPTS})


def _cut_addresses(connection: Connection, matches: Sequence[Match]) -> None:
    """Drop queries, which may be secret, from the addresses of calls that are not to be submitted."""
    found = [match.recording for match in matches]
    addresses = [{"call_id": r.call_id, "address": r.address} for r in found if r.address != r.recording]
    run_sql(connection, "discovery/cut_addresses", {"addresses": dump_json(addresses)})


def _refuse(connection: Connection, refused: Sequence[Recording]) -> list[str]:
    rows = [{"call_id": r.call_id, "recording": r.address, "refusal": r.refusal} for r in refused]
    stored = run_sql(connection, "discovery/refuse_calls", {"refused": dump_json(rows)})
    return [row["call_id"] for row in stored]
