"""Discovery beside many known recordings: nothing new, few changes, or all new.

The recordings, each with a sidecar, are small files in a temporary folder: the disk's time is not in the
figures. `discover` claims them, then they are marked as scored. The peer does what a user's own Dag would: it
lists the folder with fsspec and selects the known names. It misses changed files and sidecars.

    python -m benchmarks.discovery [--recordings 100000] [--changed 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import structlog

from benchmarks.support import execute, print_machine, print_table, results_database
from call_sentiment.discovery.discover import discover
from call_sentiment.discovery.folders import AUDIO_SUFFIXES, sort_files
from call_sentiment.discovery.known_calls import find_known_recordings
from call_sentiment.discovery.locations import list_files
from tests.support.history import OPTIONS

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BATCH = 100
PER_FOLDER = 1000
_KNOWN = """
SELECT c.recording FROM call_sentiment.calls AS c JOIN call_sentiment.transcripts AS t USING (call_id)
WHERE starts_with(c.recording, %s) AND t.state <> 'failed'
"""
# With the bytes of its file, so that a file that is read again is found to be the same.
_SCORED = """
UPDATE call_sentiment.transcripts AS t
SET state = 'scored', status = 'ok', formula_version = '1.1', assemblyai_id = 'id-' || t.transcript_id,
    content_sha256 = encode(sha256(convert_to('audio of ' || (c.metadata ->> 'name'), 'UTF8')), 'hex')
FROM call_sentiment.calls AS c
WHERE c.call_id = t.call_id AND t.state = 'intent'
"""


def make_recordings(folder: Path, count: int) -> list[Path]:
    """Write different recordings and their sidecars, a thousand in a folder."""
    recordings = []
    for number in range(count):
        path = folder / f"{number // PER_FOLDER:04}" / f"{number:07}.mp3"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"audio of {path.stem}")
        facts = {"queue": f"queue {number % 7}", "agent_id": number % 41, "name": path.stem}
        path.with_suffix(".json").write_text(json.dumps(facts))
        recordings.append(path)
    return recordings


def mark_scored(connection: Connection) -> None:
    """Mark all claimed calls as scored, then vacuum."""
    execute(connection, _SCORED)
    execute(connection, "VACUUM (ANALYZE)")


def list_and_select(connection: Connection, location: str) -> list[str]:
    """The peer: the recordings with unknown names."""
    known = {recording for (recording,) in execute(connection, _KNOWN, location)}
    suffixes = tuple(AUDIO_SUFFIXES)
    return [
        name
        for name in fsspec.filesystem("file").find(location)
        if name.endswith(suffixes) and name not in known
    ]


def run(connection: Connection, location: str) -> int:
    """Run `discover` once; return the number of calls open afterwards."""
    return sum(map(len, discover(connection, location, OPTIONS, BATCH)))


def timed(work: Callable[[], object], rounds: int = 1) -> list[str]:
    """Wall and CPU seconds of this process, each from its quickest round."""
    taken = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return [f"{min(times):.2f}" for times in zip(*taken, strict=True)]


def nothing_new(connection: Connection, location: str, rounds: int) -> list[list[str]]:
    """Time `discover`, its largest parts and the peer where all recordings are known."""
    assert run(connection, location) == 0
    assert list_and_select(connection, location) == []
    listing = list_files(location)
    return [
        ["**discover, nothing new**", *timed(partial(run, connection, location), rounds)],
        ["  of which: list files and their versions", *timed(partial(list_files, location), rounds)],
        ["  of which: sort recordings and sidecars", *timed(partial(sort_files, listing), rounds)],
        [
            "  of which: read the known recordings",
            *timed(partial(find_known_recordings, connection, location, []), rounds),
        ],
        [
            "fsspec find, SELECT of known names",
            *timed(partial(list_and_select, connection, location), rounds),
        ],
    ]


def changed(connection: Connection, location: str, recordings: list[Path]) -> list[list[str]]:
    """Time `discover` after files are touched, then replaced, then their sidecars changed."""
    rows = []
    for path in recordings:
        path.touch()
    rows.append([f"{len(recordings):,} touched, same bytes", *timed(partial(run, connection, location))])
    assert run(connection, location) == 0
    for path in recordings:
        path.with_suffix(".json").write_text(json.dumps({"queue": "another", "name": path.stem}))
    rows.append([f"{len(recordings):,} sidecars changed", *timed(partial(run, connection, location))])
    for path in recordings:
        path.write_bytes(hashlib.sha256(path.read_bytes()).digest())
    rows.append([f"{len(recordings):,} replaced by other audio", *timed(partial(run, connection, location))])
    found = execute(connection, "SELECT count(*) FROM call_sentiment.calls WHERE recording_replaced")
    assert found == [(len(recordings),)], found
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--changed", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    with (
        tempfile.TemporaryDirectory(prefix="recordings-") as folder,
        results_database() as connection,
    ):
        connection.autocommit = True
        recordings = make_recordings(Path(folder), options.recordings)
        first = timed(partial(run, connection, folder))
        mark_scored(connection)
        rows = nothing_new(connection, folder, options.rounds)
        rows += changed(connection, folder, recordings[: options.changed])
        rows.append([f"{options.recordings:,} new ones claimed", *first])
        print_machine(connection)
        print_table([f"{options.recordings:,} recordings with sidecars", "wall s", "CPU s"], rows)


if __name__ == "__main__":
    main()
