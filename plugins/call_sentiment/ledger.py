"""Claims the calls to be transcribed, once each, and cuts them into batches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from call_sentiment.database import run_sql
from call_sentiment.jsontext import dump_json
from call_sentiment.migrations import migrate
from call_sentiment.recordings import Recording, discover_recordings, public_address

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

MAX_ATTEMPTS = 3


def discover(
    connection: Connection,
    location: str,
    transcript_options: Mapping[str, Any],
    batch_size: int,
    retranscribe: bool = False,
    max_batches: int | None = None,
) -> list[list[str]]:
    """Claim the calls of `location` and return all that is under way, as batches of call ids.

    That is: new calls, those of earlier runs that are not over, and failures that may go away (three attempts
    each). Recordings refused just now lead, so that the run can tell of them. A call that has a live
    transcript is left alone whatever the options, unless `retranscribe`: then the calls of `location` whose
    live transcripts have other options, and those that failed for good, are claimed again. At most
    `max_batches` batches are returned; the rest waits for the next run. Migrates the schema first.
    Raises LocationError.
    """
    migrate(connection)
    known: set[str] = set()
    if not retranscribe:
        rows = run_sql(connection, "find_known_recordings", {"location": location})
        known = {row["recording"] for row in rows}
    found = list(discover_recordings(location, known))
    call_ids = [recording.call_id for recording in found]
    rows = run_sql(connection, "find_call_owners", {"call_ids": call_ids})
    found = _refuse_collisions(found, {row["call_id"]: row["recording"] for row in rows}, known)
    with connection:
        run_sql(connection, "lock_discovery")
        refused = _claim(connection, found, _order(transcript_options), retranscribe)
    limit = None if max_batches is None else max_batches * batch_size
    under_way = [row["call_id"] for row in run_sql(connection, "find_open_calls", {"limit": limit})]
    calls = [*refused, *under_way][:limit]
    return [calls[start : start + batch_size] for start in range(0, len(calls), batch_size)]


def _claim(
    connection: Connection, found: Sequence[Recording], options: Mapping[str, Any], transcribe_again: bool
) -> list[str]:
    """Write calls, intents and refusals; return the call ids that were refused just now."""
    good = [recording for recording in found if recording.refusal is None]
    bad = [recording for recording in found if recording.refusal is not None]
    sources = [{"call_id": r.source, "refusal": r.refusal} for r in found]
    call_ids = [recording.call_id for recording in good]
    run_sql(connection, "withdraw_refusals", {"sources": dump_json(sources)})
    run_sql(connection, "forget_empty_calls", {"call_ids": [r.source for r in found]})
    run_sql(
        connection,
        "upsert_calls",
        {"calls": dump_json([_call_row(r) for r in good]), "transcribe_again": transcribe_again},
    )
    run_sql(
        connection,
        "claim_calls",
        {
            "call_ids": call_ids,
            "options": dump_json(options),
            "transcribe_again": transcribe_again,
            "max_attempts": MAX_ATTEMPTS,
        },
    )
    run_sql(connection, "retry_failed_calls", {"max_attempts": MAX_ATTEMPTS})
    addresses = [{"call_id": r.call_id, "address": r.address} for r in good if r.address != r.recording]
    run_sql(connection, "cut_addresses", {"addresses": dump_json(addresses)})
    refused = [{"call_id": r.call_id, "recording": r.address, "refusal": r.refusal} for r in bad]
    return [row["call_id"] for row in run_sql(connection, "refuse_calls", {"refused": dump_json(refused)})]


def _order(transcript_options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that make an order what it is; where its end is announced is no part of that."""
    return {key: value for key, value in transcript_options.items() if not key.startswith("webhook_")}


def _call_row(recording: Recording) -> dict[str, Any]:
    facts = recording.facts
    return {
        "call_id": recording.call_id,
        "recording": recording.recording,
        "started_at": None if facts.started_at is None else facts.started_at.isoformat(),
        "queue": facts.queue,
        "agent_id": facts.agent_id,
        "channels": facts.channels,
        "language_code": facts.language_code,
        "metadata": facts.metadata,
    }


def _refuse_collisions(
    found: Sequence[Recording], owners: Mapping[str, str], known: Collection[str]
) -> list[Recording]:
    """Refuse a recording whose call id is another's, and one listed under two call ids; drop repetitions.

    `owners` tells whose the call ids are in the ledger, `known` which recordings were not looked at again.
    """
    present = {recording.address for recording in found}.union(known)
    by_call: dict[str, str] = {}
    by_recording: dict[str, str] = {}
    judged = []
    for recording in found:
        if recording.refusal is None and by_call.get(recording.call_id) == recording.recording:
            continue
        reason = (
            recording.refusal
            or _listed_twice(recording, by_recording)
            or _foreign_call_id(recording, by_call, owners, present)
        )
        if reason is None:
            by_call[recording.call_id] = recording.recording
            by_recording[recording.recording] = recording.call_id
            judged.append(recording)
        else:
            judged.append(replace(recording, call_id=recording.source, refusal=reason))
    return judged


def _listed_twice(recording: Recording, by_recording: Mapping[str, str]) -> str | None:
    other = by_recording.get(recording.recording)
    return other and f"{recording.address} is listed as call {other} already: remove one of the two"


def _foreign_call_id(
    recording: Recording, by_call: Mapping[str, str], owners: Mapping[str, str], present: Collection[str]
) -> str | None:
    call_id, address = recording.call_id, recording.address
    owner = by_call.get(call_id) or owners.get(call_id)
    if owner is None:
        return None
    owner = public_address(owner)
    if owner == address and call_id not in by_call:
        return None
    # Moved: the same file name, and gone from where it was. It keeps its call and is not paid for again.
    if owner not in present and PurePosixPath(owner).name == PurePosixPath(address).name:
        return None
    return f"call id {call_id} belongs to {owner} already: give {address} a call_id of its own"
