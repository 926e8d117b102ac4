"""Sentences a second from AssemblyAI's answers to committed rows, beside raw COPY and plain code.

Each transcript is an hour long (700 sentences, some 9,000 words listed twice) and one transaction.
`load_batch` starts from the bytes of the answers, as the network delivers them, and includes the client's
reading. A second figure starts from parsed answers. The peers write the same rows, ready-made or made from
bytes in the plainest way. Memory is the peak of a separate process that loads a batch from bytes.

    python -m benchmarks.loading [--transcripts 40] [--rounds 5]
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from psycopg2.extras import execute_values

from assemblyai_provider._client import core
from assemblyai_provider.models import Transcript
from benchmarks.loading.hours import hour_answer
from benchmarks.support import CONN_ID, execute, print_machine, print_table, quickest, results_database
from call_sentiment.database import connect
from call_sentiment.loading.load import load_batch

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ANSWERS = 8
COLUMNS = ("transcript_id", "position", "start_ms", "end_ms", "sentiment", "confidence", "speaker", "text")
TABLE = "call_sentiment.sentences"
CONNECTIONS = 3
"""As many as `load_batch` opens."""

Rows = list[tuple[Any, ...]]
Store = Callable[[Rows], object]


def submitted(connection: Connection, count: int) -> list[str]:
    """Reset to `count` submitted transcripts, numbered from 1; return their call ids."""
    execute(connection, "TRUNCATE call_sentiment.calls RESTART IDENTITY CASCADE")
    numbers = f"FROM generate_series(1, {count}) AS n"
    execute(
        connection, f"INSERT INTO call_sentiment.calls (call_id, recording) SELECT n, n || '.mp3' {numbers}"
    )
    execute(
        connection,
        "INSERT INTO call_sentiment.transcripts"
        " (call_id, config_sha256, options, attempt, state, assemblyai_id)"
        f" SELECT n, '', '{{}}', 1, 'submitted', n {numbers}",
    )
    return [str(number) for number in range(1, count + 1)]


def made_rows(transcript_id: int, answer: dict[str, Any]) -> Rows:
    """Rows by the plainest code: invalid sentences, numbers out of range and NUL would break it."""
    return [
        (
            transcript_id,
            position,
            *(said[key] for key in ("start", "end", "sentiment", "confidence", "speaker", "text")),
        )
        for position, said in enumerate(answer["sentiment_analysis_results"])
    ]


def copy_lines(rows: Rows) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def copy(connection: Connection, lines: str) -> None:
    with connection, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {TABLE} ({', '.join(COLUMNS)}) FROM STDIN", io.StringIO(lines))


def copy_at_once(lines: Sequence[str]) -> None:
    """COPY over as many connections as `load_batch` uses."""
    with ExitStack() as stack, ThreadPoolExecutor(CONNECTIONS) as pool:
        connections = [stack.enter_context(closing(connect(CONN_ID))) for _ in range(CONNECTIONS)]
        shares = [lines[worker::CONNECTIONS] for worker in range(CONNECTIONS)]
        list(pool.map(each, shares, [partial(copy, connection) for connection in connections]))


def each(items: Sequence[Any], work: Callable[[Any], object]) -> None:
    for item in items:
        work(item)


def values(connection: Connection, rows: Rows) -> None:
    with connection, connection.cursor() as cursor:
        execute_values(cursor, f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES %s", rows)


def insert_rows(rows: Rows, **how: Any) -> None:
    # Late, because importing Airflow is slow, and not wanted where memory is measured.
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    hook = PostgresHook(postgres_conn_id=CONN_ID)
    hook.insert_rows(TABLE, rows, target_fields=COLUMNS, **how)  # type: ignore[no-untyped-call]


def contenders(
    connection: Connection, bodies: Sequence[bytes], count: int
) -> dict[str, Callable[[], object]]:
    """The ways to load transcripts 1 to `count`, whose ledger rows exist."""
    calls = [str(number) for number in range(1, count + 1)]
    of_call = dict(zip(calls, itertools.cycle(bodies), strict=False))
    parsed = [json.loads(body) for body in bodies]
    transcripts = dict(zip(calls, map(Transcript.from_api, itertools.cycle(parsed)), strict=False))
    ready = [made_rows(int(call), transcripts[call].raw) for call in calls]  # type: ignore[arg-type]
    lines = [copy_lines(rows) for rows in ready]

    def from_bytes(store: Store) -> None:
        for call in calls:
            store(made_rows(int(call), json.loads(of_call[call])))

    return {
        "COPY, lines ready-made": partial(each, lines, partial(copy, connection)),
        "load_batch, from bytes": partial(load_batch, CONN_ID, calls, partial(received, of_call)),
        "load_batch, from parsed answers": partial(load_batch, CONN_ID, calls, transcripts.__getitem__),
        "the client's reading alone, from bytes": partial(each, calls, partial(received, of_call)),
        f"COPY, lines ready-made, {CONNECTIONS} connections": partial(copy_at_once, lines),
        "execute_values, rows ready-made": partial(each, ready, partial(values, connection)),
        "insert_rows, rows ready-made": partial(each, ready, insert_rows),
        "insert_rows(executemany), rows ready-made": partial(
            each, ready, partial(insert_rows, executemany=True)
        ),
        "json.loads alone, from bytes": partial(each, list(of_call.values()), json.loads),
        "json.loads + COPY, from bytes": partial(from_bytes, lambda rows: copy(connection, copy_lines(rows))),
        "json.loads + execute_values, from bytes": partial(from_bytes, partial(values, connection)),
        "json.loads + insert_rows, from bytes": partial(from_bytes, insert_rows),
    }


def received(bodies: dict[str, bytes], assemblyai_id: str) -> Transcript:
    """The answer as the client reads it from bytes."""
    answer = core.Answer(status_code=200, retry_after=None, body=bodies[assemblyai_id])
    return core.read_transcript(core.get_transcript(assemblyai_id), answer)


def speed(transcripts: int, rounds: int) -> None:
    bodies = [hour_answer(seed) for seed in range(ANSWERS)]
    with results_database() as connection:
        print_machine(connection)
        size = sum(map(len, bodies)) / ANSWERS / 1e6
        sentences = transcripts * len(json.loads(bodies[0])["sentiment_analysis_results"])
        print(f"{transcripts} transcripts of {size:.1f} MB, {sentences} sentences, quickest of {rounds}\n")
        works = contenders(connection, bodies, transcripts)
        taken = quickest(works, rounds, lambda: submitted(connection, transcripts))
    raw = taken["COPY, lines ready-made"]
    print_table(
        ("way", "sentences/s", "ms per transcript", "of raw COPY"),
        [
            (name, f"{sentences / s:,.0f}", f"{1000 * s / transcripts:.1f}", f"{raw / s:.2f}")
            for name, s in taken.items()
        ],
    )


def peak(batch: int) -> None:
    """Print this process's peak memory in MiB before and after it loads one batch."""
    bodies = [hour_answer(seed) for seed in range(ANSWERS)]
    with results_database() as connection:
        calls = submitted(connection, batch)
        of_call = dict(zip(calls, itertools.cycle(bodies), strict=False))
        # Everything is imported and warm after the first transcript.
        load_batch(CONN_ID, calls[:1], partial(received, of_call))
        before = peak_mib()
        load_batch(CONN_ID, calls, partial(received, of_call))
        print(before, peak_mib())


def peak_mib() -> int:
    """Peak memory of this process alone; getrusage's figure includes the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def memory(batches: Sequence[int]) -> None:
    command = (sys.executable, "-m", "benchmarks.loading", "--peak")
    runs = [
        (batch, *subprocess.check_output((*command, str(batch)), text=True).splitlines()[-1].split())
        for batch in batches
    ]
    print_table(("transcripts in the batch", "peak before, MiB", "peak after, MiB"), runs)


def main() -> None:
    options = argparse.ArgumentParser(description="Loading, beside raw COPY, execute_values and insert_rows.")
    options.add_argument("--transcripts", type=int, default=40)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--peak", type=int, metavar="BATCH", help="print the peak memory of one batch only")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if chosen.peak:
        peak(chosen.peak)
    else:
        speed(chosen.transcripts, chosen.rounds)
        memory((5, 50, 200))


if __name__ == "__main__":
    main()
