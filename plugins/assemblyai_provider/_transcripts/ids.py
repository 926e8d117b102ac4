"""Ids of transcripts, as a Dag gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TRANSCRIPT_ID = re.compile(r"[A-Za-z0-9_-]+")


def read_ids(value: str | Sequence[str]) -> list[str]:
    """One id or several as a list. Raises ValueError for what is no id.

    A list that a template has turned into text would otherwise be taken for one id.
    """
    ids = [value] if isinstance(value, str) else list(value[:])
    for id_ in ids:
        if not isinstance(id_, str) or not _TRANSCRIPT_ID.fullmatch(id_):
            raise ValueError(f"{id_!r} is not the id of a transcript")
    return ids
