"""What the demo says below the table: what was not used, or not yet, and what does not match."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from call_sentiment.discovery.recordings import public_address
from call_sentiment.discovery.sources import find_recordings
from call_sentiment.exceptions import LocationError
from call_sentiment.jsontext import clean_text


def find_remarks(location: str, overview: Sequence[Mapping[str, Any]]) -> list[str]:
    """Remarks on the recordings of `location` and on the calls of `call_overview`, a line each.

    A location that cannot be listed has none: the Dag's `discover` says what is wrong with it.
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
    why = "a file that changed only just now may still be written"
    return [*listed.remarks, f"{what} left for the next run ({why}): run `make demo` again."]
