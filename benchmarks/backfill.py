"""A long history beside daily traffic: dry run and first run of it, then a whole one with all of Airflow.

The first table is of `--recordings` small wave files and no Airflow. The second runs `--history` recordings
through a real Airflow and the scripted sandbox, whose account works on 200 jobs at a time, 30 s each.
Meanwhile a new recording arrives every four seconds. The peer is what a user would do otherwise: move the
history into the folder of daily traffic.

    python -m benchmarks.backfill [--recordings 100000] [--history 2000]
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import requests
import structlog

from benchmarks.support import CONN_ID, execute, print_machine, print_table, results_database, seconds
from call_sentiment import BACKFILL_DAG_ID, DAG_ID
from call_sentiment.costs.estimate import estimate
from call_sentiment.costs.prices import find_prices, read_prices, store_prices
from call_sentiment.database import connect_dsn, run_sql
from call_sentiment.discovery.preview import preview
from call_sentiment.params import backfill_params
from call_sentiment.tasks import discover_calls
from local_stack.stack import SANDBOX_KEY, Stack
from tests.support import dag_steps
from tests.support.wav import write_wav

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PRICES = {"taken_on": "2026-10-07", "models": {"m": 0.21}, "add_ons": {"sentiment_analysis": 0.02}}
PER_FOLDER = 1000
ARRIVAL_S = 4.0
JOB_S = 30
CONCURRENCY = 200
LONGEST_S = 1500.0
SENTENCE = {"text": "It broke.", "start": 0, "end": 900, "sentiment": "NEGATIVE", "confidence": 0.9}


def write_history(folder: Path, count: int) -> None:
    """Write short recordings with different bytes, a thousand in a folder."""
    for number in range(count):
        write_wav(folder / f"{number // PER_FOLDER:04}" / f"{number:07}.wav", 1 + number % 5)


def request_for(options: object) -> dict[str, object]:
    return {"speech_models": ["m"], "sentiment_analysis": True}


def discovery_rows(connection: Connection, folder: Path, count: int) -> list[list[str]]:
    """Times of a dry run, of the first and a later run, and of daily runs and the page beside it."""
    store_prices(connection, read_prices(json.dumps(PRICES)))
    daily = {**dag_steps.PARAMS, "recordings": str(folder / "daily"), "min_unchanged_s": 0}
    write_wav(folder / "daily" / "call.wav", 2)
    params = {
        name: param.value for name, param in backfill_params(dag_steps.call_sentiment_dag.PARAMS).items()
    }

    def discover(**changes: Any) -> float:
        return seconds(
            lambda: discover_calls(CONN_ID, changes, lambda _: (_ for _ in ()).throw(AssertionError), run="r")
        )

    alone = min(discover(**daily) for _ in range(3))
    history = str(folder / "history")
    found: list[Any] = []
    previewed = seconds(lambda: found.append(preview(connection, history, {})))
    measured = seconds(lambda: found.append(estimate(found[0], find_prices(connection), request_for)))
    assert len(found[0].new) == count
    assert not found[1].unmeasured
    first = discover(**{**params, "recordings": history, "min_unchanged_s": 0})
    (row,) = run_sql(connection, "pages/pipeline_backfills")
    assert row["open"] == count
    later = min(discover(**params) for _ in range(3))
    beside = min(discover(**daily) for _ in range(3))
    page = min(seconds(lambda: run_sql(connection, "pages/pipeline_backfills")) for _ in range(3))
    rows = [
        ["dry run: find what is new", previewed],
        ["dry run: read the headers", measured],
        ["**the triggered run's `discover`**", first],
        ["**a later run's `discover`**", later],
        ["`discover` of daily traffic beside it", beside],
        ["the same before", alone],
        ["the backfills on the page Pipeline", page],
    ]
    return [[name, f"{taken:.2f}"] for name, taken in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one form did: seconds of daily calls from arrival to submission and to score."""

    history_s: float | None
    most_in_progress: int
    submitted: list[float]
    scored: list[float]
    arrived: int

    def row(self, name: str, history: int) -> list[str]:
        pace = "not ended" if self.history_s is None else f"{60 * history / self.history_s:.0f}"
        figures = [*_figures(self.submitted, self.arrived), *_figures(self.scored, self.arrived)]
        return [name, pace, str(self.most_in_progress), *figures]


def _figures(values: list[float], arrived: int) -> list[str]:
    if len(values) < 2:
        return ["none", "none", "none"]
    cuts = statistics.quantiles(values, n=20)
    return [
        f"{statistics.median(values):.0f}",
        f"{cuts[18]:.0f}",
        f"{max(values):.0f} ({len(values)} of {arrived})",
    ]


def run_trial(history: int, *, own_dag: bool) -> Trial:
    """Transcribe a history beside daily arrivals, by the Dag of backfills or in the daily folder."""
    with tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        daily = folder / "recordings"
        daily.mkdir()
        write_history(folder / "history", history)
        settings = {"CALL_SENTIMENT_RECORDINGS": str(daily)}
        with Stack(folder / "stack", settings=settings) as stack:
            url = stack.start_sandbox("scripted", "--concurrency", str(CONCURRENCY))
            outcome = {"sentences": [SENTENCE], "audio_duration": 2, "processing_s": JOB_S}
            requests.post(f"{url}/_sandbox/script", json={"match": "*", "outcome": outcome}, timeout=10)
            stack.migrate()
            stack.start_airflow()
            stack.connect(base_url=url, api_key=SANDBOX_KEY)
            stack.api.wait_for_dag(BACKFILL_DAG_ID, stack.processes.check)
            if own_dag:
                share = {"concurrency": CONCURRENCY, "daily_share": 0.5}
                stack.api.trigger(BACKFILL_DAG_ID, {"recordings": str(folder / "history"), **share})
                stack.api.unpause(BACKFILL_DAG_ID)
            else:
                (folder / "history").rename(daily / "history")
            stack.api.unpause(DAG_ID)
            return _watch(stack, daily, history)


def _watch(stack: Stack, daily: Path, history: int) -> Trial:
    arrivals: dict[str, float] = {}
    stop = Event()

    def arrive() -> None:
        while not stop.wait(ARRIVAL_S):
            path = write_wav(daily / f"daily {len(arrivals):05}.wav", 2 + len(arrivals) % 7)
            arrivals[path.name] = time.time()

    thread = Thread(target=arrive)
    thread.start()
    begun, most, history_s = time.monotonic(), 0, None
    try:
        while time.monotonic() - begun < LONGEST_S and history_s is None:
            time.sleep(2)
            stack.processes.check()
            with closing(connect_dsn(stack.results_dsn)) as connection:
                in_progress, scored = _count(connection)
            most = max(most, in_progress)
            if scored >= history:
                history_s = time.monotonic() - begun
    finally:
        stop.set()
        thread.join()
    time.sleep(JOB_S + 60)
    with closing(connect_dsn(stack.results_dsn)) as connection:
        rows = execute(connection, _DAILY)
    return Trial(
        history_s=history_s,
        most_in_progress=most,
        submitted=[at - arrivals[name] for name, at, _ in rows if at is not None],
        scored=[at - arrivals[name] for name, _, at in rows if at is not None],
        arrived=len(arrivals),
    )


_DAILY = """
SELECT regexp_replace(c.recording, '.*/', ''), extract(epoch FROM t.submitted_at)::float8,
       extract(epoch FROM t.scored_at)::float8
FROM call_sentiment.transcripts AS t JOIN call_sentiment.calls AS c USING (call_id)
WHERE c.recording LIKE '%/daily %'
"""


_HISTORY = """
SELECT count(*) FILTER (WHERE t.state = 'submitted'), count(*) FILTER (WHERE t.state = 'scored')
FROM call_sentiment.transcripts AS t JOIN call_sentiment.calls AS c USING (call_id)
WHERE c.recording LIKE '%/history/%'
"""


def _count(connection: Connection) -> tuple[int, int]:
    if execute(connection, "SELECT to_regclass('call_sentiment.backfills')") == [(None,)]:
        return 0, 0
    (row,) = execute(connection, _HISTORY)
    return int(row[0]), int(row[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=2000)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    if options.recordings:
        with tempfile.TemporaryDirectory(prefix="recordings-") as folder, results_database() as connection:
            write_history(Path(folder, "history"), options.recordings)
            rows = discovery_rows(connection, Path(folder), options.recordings)
            print_machine(connection)
            print_table([f"{options.recordings:,} recordings", "s"], rows)
    if options.history:
        head = ["daily arrived to submitted, p50 s", "p95", "longest", "to scored, p50 s", "p95", "longest"]
        print_table(
            ["form", "history, calls a minute", "most jobs of it in progress", *head],
            [
                run_trial(options.history, own_dag=True).row("**Dag of backfills**", options.history),
                run_trial(options.history, own_dag=False).row("history in the daily folder", options.history),
            ],
        )


if __name__ == "__main__":
    main()
