"""The remarks below the demo's table: files not used, recordings not yet used, and notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from call_sentiment.discovery.recordings import public_address
from call_sentiment.discovery.sources import find_recordings
from call_sentiment.exceptions import LocationError
from call_sentiment.jsontext import clean_text


def find_remarks(location: str, overview: Sequence[Mapping[str, Any]]) -> list[str]:
    """Remarks on the recordings of `location` and on the calls of `call_overview`, a line each.

    A location that cannot be listed has no remarks: the log of the Dag's `discover` says why.
    """
    notices = [f"Notice: {call['call_id']}: {call['notices']}" for call in overview if call["notices"]]
    known = {public_address(call["recording"]) for call in overview}
    return [*_unused(location, known), *notices]


def _unused(location: str, known: Collection[str]) -> list[str]:
    try:
        listed = find_recordings(location)
        left = sum(clean_text(found.address) not in known for found in listed.recordings)
    except LocationError:
        return []
    if not left:
        return listed.remarks
    what = "1 recording is" if left == 1 else f"{left} recordings are"
    why = "a file that has just changed may be incomplete"
    return [*listed.remarks, f"{what} left for the next run ({why}). Run `make demo` again."]
