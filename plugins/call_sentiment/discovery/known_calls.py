"""Reads from the ledger the calls that discovery compares recordings with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from call_sentiment.database import run_sql, run_sql_tuples
from call_sentiment.discovery.recordings import public_address

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class KnownRecording(NamedTuple):
    """Versions of a recording when last read. `live`: its call has a transcript that has not failed."""

    recording: str
    call_id: str
    recording_version: str | None
    sidecar_version: str | None
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCall:
    """A call of the ledger, as discovery compares recordings with it.

    :param recording: address of its recording.
    :param recording_version: version of that file when it was last read, None if it is to be read again.
    :param live: it has a transcript that has not failed.
    :param paid: AssemblyAI has accepted its recording (or that of its original).
    :param is_open: it has a transcript to be submitted, transcribed or loaded.
    :param contents: the numbers of the call's recordings by SHA-256, of all that were sent.
    :param channels, language_code: those that it was claimed with.
    """

    call_id: str
    recording: str
    recording_version: str | None
    recording_number: int
    recording_replaced: bool
    live: bool
    paid: bool
    is_open: bool
    contents: Mapping[str, int]
    channels: Mapping[str, str] | None = None
    language_code: str | None = None


def find_known_recordings(
    connection: Connection, prefix: str | None, addresses: Sequence[str]
) -> dict[str, KnownRecording]:
    """Recordings of calls below a prefix or at these addresses, by address; of two calls, the newer."""
    params = {"prefix": prefix, "addresses": list(addresses)}
    rows = run_sql_tuples(connection, "discovery/find_known_calls", params)
    return {row[0]: KnownRecording._make(row) for row in rows}


def find_calls(
    connection: Connection, call_ids: Sequence[str] = (), content_sha256: str | None = None
) -> list[KnownCall]:
    """The calls of these ids, and those with a live transcript of these bytes."""
    rows = run_sql(
        connection, "discovery/find_calls", {"call_ids": list(call_ids), "content_sha256": content_sha256}
    )
    # The query of a web address is stored until the call is submitted.
    return [KnownCall(**{**row, "recording": public_address(row["recording"])}) for row in rows]
