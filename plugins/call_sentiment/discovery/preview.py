"""Finds out what discovery would claim, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from call_sentiment.database import run_sql
from call_sentiment.discovery.call_rows import order_options
from call_sentiment.discovery.discover import claim_new
from call_sentiment.discovery.matching import Match
from call_sentiment.discovery.recordings import public_address
from call_sentiment.discovery.sources import find_recordings
from call_sentiment.migrations import migrate

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class ToSend(NamedTuple):
    """A recording that would be sent; `measured_s`: its length, where the ledger has it."""

    recording: str
    options: Mapping[str, Any]
    measured_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a run would find at a location.

    :param listed: recordings at the location; `known` of them belong to calls of the ledger.
    :param new: those that would be claimed now, failures worth a retry included.
    :param open: calls that earlier runs have claimed, and that are still to be sent.
    :param refused: recordings that cannot be sent as they are, with the reason.
    :param unsettled: recordings that changed just now and would be left for the next run.
    :param remarks: about files that are not used.
    """

    listed: int
    known: int
    new: Sequence[ToSend]
    open: Sequence[ToSend] = ()
    refused: Sequence[tuple[str, str]] = ()
    unsettled: int = 0
    remarks: Sequence[str] = ()


class _PreviewedError(Exception):
    """Rolls the transaction back."""


def preview(
    connection: Connection,
    location: str,
    transcript_options: Mapping[str, Any],
    *,
    retranscribe: bool = False,
    unchanged_since: float = float("inf"),
    backfill: str | None = None,
) -> Preview:
    """What `discover` would claim, by claiming it in a transaction that is rolled back.

    :param unchanged_since: Unix time; what changed later may still be written.
    """
    migrate(connection)
    listed = find_recordings(location)
    recordings = list(listed.recordings)
    rows: list[dict[str, Any]] = []
    try:
        with connection:
            listed = replace(listed, recordings=recordings)
            claimed = claim_new(
                connection, listed, transcript_options, retranscribe, unchanged_since, backfill
            )
            rows = run_sql(connection, "discovery/find_previewed", {"backfill": backfill or ""})
            raise _PreviewedError
    except _PreviewedError:
        pass
    refused = [match.recording for match in claimed.matches if match.recording.refusal is not None]
    others = {public_address(row["recording"]) for row in rows if row["is_new"]}
    others.update(claimed.unsettled, (recording.address for recording in refused))
    return Preview(
        listed=len(recordings),
        known=sum(found.address not in others for found in recordings),
        new=[_to_send(row) for row in rows if row["is_new"]],
        open=[_to_send(row) for row in rows if not row["is_new"]],
        refused=[(recording.address, recording.refusal or "") for recording in refused],
        unsettled=len(claimed.unsettled),
        remarks=listed.remarks,
    )


def preview_without_ledger(location: str, transcript_options: Mapping[str, Any]) -> Preview:
    """The same where there is no results database: every recording is new."""
    listed = find_recordings(location)
    recordings = [found.read() for found in listed.recordings]
    return Preview(
        listed=len(recordings),
        known=0,
        new=[
            ToSend(recording.recording, order_options(Match(recording=recording), transcript_options))
            for recording in recordings
            if recording.refusal is None
        ],
        refused=[(r.address, r.refusal) for r in recordings if r.refusal is not None],
        remarks=listed.remarks,
    )


def _to_send(row: Mapping[str, Any]) -> ToSend:
    return ToSend(row["recording"], row["options"], row["measured_s"] if row["is_measured"] else None)
