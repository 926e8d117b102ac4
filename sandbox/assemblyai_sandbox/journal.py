"""The journal of all requests, for tests; it has no keys, secrets or contents."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MAX_ENTRIES = 100_000


@dataclass(slots=True)
class Entry:
    """One request.

    ``status`` is None when the client got no answer. ``authorization`` is the kind of the header (``key``,
    ``wrong key``, ``bearer``, ``missing``), never its value. ``at`` is on the sandbox's clock. ``fault`` is
    the kind of the fault that was played.
    """

    at: str
    endpoint: str
    method: str
    path: str
    query: str
    authorization: str
    status: int | None = None
    body_sha256: str | None = None
    fault: str | None = None


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        self._entries.clear()
