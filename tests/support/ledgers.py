"""Recordings on disk, and the ledger's rows about them."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from call_sentiment.discovery import discover as ledger
from call_sentiment.discovery.open_calls import Selection
from call_sentiment.scoring.score import FORMULA_VERSION
from tests.support.files import set_at_rest
from tests.support.stored import Row, query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


_SELECTION = {field.name for field in fields(Selection)}


def record(folder: Path, *names: str, **sidecar: Any) -> None:
    """Put recordings into `folder`, each with bytes of its own; with `sidecar` beside each, if given."""
    for name in names:
        path = folder / f"{name}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"audio of {name}".encode())
        set_at_rest(path)
        if sidecar:
            path.with_suffix(".json").write_text(json.dumps(sidecar))


def manifest(folder: Path, *lines: Row) -> str:
    path = folder / "calls.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def discover(connection: Connection, location: object, **more: Any) -> list[str]:
    """Discover with everyday settings: the call ids of all batches. `more` may fill a `Selection`."""
    options = more.pop("options", {})
    selection = Selection(**{name: more.pop(name) for name in _SELECTION & more.keys()})
    batches = ledger.discover(connection, str(location), options, batch_size=10, selection=selection, **more)
    return [call_id for batch in batches for call_id in batch]


def rows(connection: Connection, call_id: str | None = None) -> list[Row]:
    """The transcripts of a call (of all calls), oldest first."""
    return query(
        connection,
        "SELECT * FROM call_sentiment.transcripts WHERE call_id = coalesce(%s, call_id)"
        " ORDER BY transcript_id",
        call_id,
    )


def states(connection: Connection) -> dict[str, str]:
    """The state of each call's newest transcript."""
    return {row["call_id"]: row["state"] for row in rows(connection)}


def call(connection: Connection, call_id: str) -> Row:
    (row,) = query(connection, "SELECT * FROM call_sentiment.calls WHERE call_id = %s", call_id)
    return row


def put_into(connection: Connection, call_id: str, state: str, **columns: Any) -> None:
    """Move a call's newest transcript into a state, as the later steps would."""
    given = {"state": state, **columns}
    if state in ("submitted", "loaded", "scored"):
        given.setdefault("assemblyai_id", f"id of {call_id}")
    if state in ("loaded", "scored"):
        given.setdefault("status", "ok")
    if state == "scored":
        given.setdefault("formula_version", FORMULA_VERSION)
    if state == "failed":
        given = {"failed_in": "load", "error": "it failed", "retryable": False, **given}
    assignments = ", ".join(f"{name} = %s" for name in given)
    query(
        connection,
        f"UPDATE call_sentiment.transcripts AS t SET {assignments} WHERE transcript_id ="
        " (SELECT max(n.transcript_id) FROM call_sentiment.transcripts AS n WHERE n.call_id = %s)",
        *given.values(),
        call_id,
    )
