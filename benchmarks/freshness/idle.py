"""CPU time of the scheduled Dag while it finds nothing, for `benchmarks.freshness`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.freshness.arrivals import NEVER_S, Arrival
from benchmarks.freshness.stack import Bench, running
from benchmarks.support import print_table
from call_sentiment import DAG_ID
from local_stack.airflow_api import wait_for

SETTLE_S = 30.0
ENDLESS = Arrival(name="000000.wav", at_s=0.0, processing_s=NEVER_S)


def measure_idle(schedule: str, minutes: float) -> list[str]:
    """A row of `print_idle`: CPU without runs, with nothing new, with one endless job."""
    with running(DAG_ID, schedule) as bench:
        bench.inbox.prepare([ENDLESS], bench.stack.sandbox_url or "")
        time.sleep(SETTLE_S)
        phases = [_per_minute(bench, minutes)]
        bench.start_runs()
        phases.append(_per_minute(bench, minutes))
        list(bench.inbox.receive([ENDLESS]))
        wait_for(lambda: bool(bench.times()), bench.stack.processes.check, 300, "nothing was submitted")
        time.sleep(SETTLE_S)
        phases.append(_per_minute(bench, minutes))
    return [schedule, *(figure for phase in phases for figure in phase)]


def print_idle(rows: Sequence[Sequence[str]]) -> None:
    head = ["schedule"]
    for phase in ("no runs", "nothing to find", "one job that never ends"):
        head += [f"{phase}: CPU s per minute", "task executions per minute"]
    print_table(head, rows)


def _per_minute(bench: Bench, minutes: float) -> list[str]:
    cpu_s, executions = bench.cpu_s(), bench.executions()
    time.sleep(60 * minutes)
    cpu_s = bench.cpu_s() - cpu_s
    bench.stack.processes.check()
    return [f"{cpu_s / minutes:.1f}", f"{(bench.executions() - executions) / minutes:.1f}"]
