"""Finds the calls to be transcribed and cuts them into batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from call_sentiment.database import run_sql
from call_sentiment.discovery.claims import MAX_ATTEMPTS as MAX_ATTEMPTS
from call_sentiment.discovery.claims import adopt_versions, claim, mark_replaced
from call_sentiment.discovery.known_calls import find_calls, find_known_recordings
from call_sentiment.discovery.locations import changed_at
from call_sentiment.discovery.matching import Match, Matcher
from call_sentiment.discovery.open_calls import Selection, take_open_calls
from call_sentiment.discovery.recordings import Recording
from call_sentiment.discovery.sources import NOTHING_LISTED, FoundRecordings, find_recordings
from call_sentiment.migrations import migrate

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

_MAX_LISTED = 10


def discover(
    connection: Connection,
    location: str | None,
    transcript_options: Mapping[str, Any],
    batch_size: int,
    retranscribe: bool = False,
    max_batches: int | None = None,
    min_unchanged_s: float = 0.0,
    now: Callable[[], float] = time.time,
    selection: Selection | None = None,
) -> list[list[str]]:
    """Claim the calls of `location` and return all open calls, as batches of call ids.

    Open are new calls, calls whose audio was replaced, calls that earlier runs left open, and failures worth
    a retry (three attempts each). Recordings refused just now come first, so that the run can report them. A
    call that has a live transcript of its audio is left alone whatever the options, unless `retranscribe`:
    then the calls of `location` whose live transcripts have other options, and those that failed for good,
    are claimed again. A local file that changed within the last `min_unchanged_s` seconds may still be
    written and is left for the next run. At most `max_batches` batches are returned; the rest waits for the
    next run. The log says what was passed over and why. Migrates the schema first. Raises LocationError.

    :param location: None: claim nothing new, take what is open.
    :param selection: which of the open calls are taken; its backfill owns what is claimed now.
    """
    migrate(connection)
    limit = None if max_batches is None else max_batches * batch_size
    selection = replace(selection or Selection(), limit=limit)
    listed = NOTHING_LISTED if location is None else find_recordings(location)
    for remark in listed.remarks:
        log.warning("%s", remark)
    with connection:
        claimed = claim_new(
            connection, listed, transcript_options, retranscribe, now() - min_unchanged_s, selection.backfill
        )
    calls = [*claimed.refused, *take_open_calls(connection, selection)][:limit]
    return [calls[start : start + batch_size] for start in range(0, len(calls), batch_size)]


class Claimed(NamedTuple):
    """What was found and claimed.

    :param matches: the new and changed recordings, each with its call.
    :param refused: ids of the calls that were refused just now.
    :param unsettled: addresses of recordings that may still be written.
    """

    matches: list[Match]
    refused: list[str]
    unsettled: list[str]


def claim_new(
    connection: Connection,
    listed: FoundRecordings,
    transcript_options: Mapping[str, Any],
    retranscribe: bool,
    unchanged_since: float,
    backfill: str | None,
) -> Claimed:
    """Claim what is new among the listed recordings, in the caller's transaction; see `discover`."""
    run_sql(connection, "discovery/lock_discovery")
    chosen, unsettled = _read_changed(connection, listed, retranscribe, unchanged_since)
    matcher = _make_matcher(connection, chosen)
    matches = matcher.match(chosen)
    refused = claim(connection, matches, transcript_options, retranscribe, backfill)
    mark_replaced(connection, matcher.replaced - matcher.moved)
    _warn("passed over", matcher.comparer.passed_over)
    _warn("left for the next run, because many recordings changed", matcher.comparer.postponed)
    return Claimed(matches, refused, unsettled)


def _read_changed(
    connection: Connection,
    listed: FoundRecordings,
    retranscribe: bool,
    unchanged_since: float,
) -> tuple[list[Recording], list[str]]:
    """Read the facts of those recordings that are new or have changed; those that may still be written."""
    in_manifest = listed.prefix is None
    recordings = list(listed.recordings) if in_manifest else listed.recordings
    addresses = [found.address for found in recordings] if in_manifest else []
    known = find_known_recordings(connection, listed.prefix, addresses)
    chosen, adopted, unsettled = [], [], []
    for found in recordings:
        call = known.get(found.address)
        if call is not None and call.live and not (in_manifest or retranscribe):
            if call.recording_version == found.version and call.sidecar_version == found.sidecar_version:
                continue
            if call.recording_version is None and found.version is not None:
                adopted.append((call.call_id, found.version, found.sidecar_version))
                continue
        changed = call is None or call.recording_version != found.version
        if changed and (changed_at(found.address) or 0.0) > unchanged_since:
            unsettled.append(found.address)
            continue
        chosen.append(found.read())
    adopt_versions(connection, adopted)
    _warn("left for the next run, because they changed just now and may still be written", unsettled)
    return chosen, unsettled


def _make_matcher(connection: Connection, chosen: Sequence[Recording]) -> Matcher:
    known = find_known_recordings(connection, None, list({recording.address for recording in chosen}))
    call_ids = {recording.call_id for recording in chosen}.union(call.call_id for call in known.values())
    by_call_id = {call.call_id: call for call in find_calls(connection, call_ids=list(call_ids))}
    return Matcher(
        by_address={
            address: by_call_id[call.call_id] for address, call in known.items() if call.call_id in by_call_id
        },
        by_call_id=by_call_id,
        find_by_content=lambda sha256: next(iter(find_calls(connection, content_sha256=sha256)), None),
    )


def _warn(what_happened: str, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(names[:_MAX_LISTED]) + (", ..." if len(names) > _MAX_LISTED else "")
        log.warning("%d recordings %s: %s", len(names), what_happened, shown)
