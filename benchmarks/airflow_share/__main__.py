"""Calls a minute through the whole Dag, beside the same pipeline mapped one call per task.

Only AssemblyAI is not real: `local_stack.stack.Stack` runs Airflow's four components and PostgreSQL, and the
sandbox answers at once. So AssemblyAI's own time is not in the figures. The peer (`dags/task_per_call_dag.py`
in this folder) uses the same operators, ledger, statements and Airflow settings. A run counts from its
request to its end, and only if every call was scored and charged once. Both Dags have run before, to warm the
workers.

    python -m benchmarks.airflow_share [--calls 100 1000 5000] [--task-per-call 1000] [--batch-sizes 10 25]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.airflow_share.cpu import PARTS
from benchmarks.airflow_share.run import Bench, Run
from benchmarks.support import print_machine, print_table
from call_sentiment import DAG_ID
from call_sentiment.database import connect_dsn
from local_stack.paths import REPOSITORY
from local_stack.stack import SANDBOX_KEY, Stack

PEER_DAG_ID = "task_per_call"
CURVE_CALLS = 1000


def print_forms(runs: Sequence[Run], peers: Sequence[Run]) -> None:
    slow = min((peer.per_minute for peer in peers), default=None)
    print_table(
        (
            "form",
            "calls",
            "batch",
            "task executions",
            "seconds",
            "calls/min",
            "CPU ms per call",
            "of the peer",
        ),
        [
            (
                run.dag_id,
                f"{run.calls:,}",
                run.batch,
                f"{run.executions:,}",
                f"{run.seconds:.1f}",
                f"{run.per_minute:,.0f}",
                f"{run.cpu_ms_per_call:.0f}",
                f"{run.per_minute / slow:.1f}" if slow else "",
            )
            for run in (*runs, *peers)
        ],
    )


def print_stages(run: Run) -> None:
    """Print where the seconds of a run went, as soon as it has ended."""
    print(f"{run.dag_id}, {run.calls:,} calls in batches of {run.batch}: {run.seconds:.1f} s", end="; ")
    print(f"waits deferred: {run.deferred}, tasks tried again: {run.retried}\n")
    rows = [
        (s.name, s.instances, f"{s.before_s:.1f}", f"{s.working_s:.1f}", f"{s.mean_s:.2f}")
        for s in run.stages
    ]
    spent = sum(stage.before_s + stage.working_s for stage in run.stages)
    head = (
        "task",
        "instances",
        "s before its first start",
        "s from first start to last end",
        "s per instance",
    )
    print_table(head, [*rows, ("end of the run", "", f"{run.seconds - spent:.1f}", "", "")])


def print_cpu(runs: Sequence[Run], idle: Mapping[str, float]) -> None:
    print("CPU milliseconds per call; for comparison, CPU seconds in a minute in which nothing runs\n")
    rows = [
        (part, *(f"{1000 * run.cpu[part] / run.calls:.1f}" for run in runs), f"{idle[part]:.1f}")
        for part in PARTS
    ]
    sums = (*(f"{run.cpu_ms_per_call:.1f}" for run in runs), f"{sum(idle.values()):.1f}")
    print_table(
        ("component", *(f"{run.dag_id}, {run.calls:,} calls" for run in runs), "idle"),
        [*rows, ("all", *sums)],
    )


def measure(bench: Bench, chosen: argparse.Namespace) -> None:
    bench.run(DAG_ID, 64, batch_size=4)
    bench.run(PEER_DAG_ID, 16)
    idle = bench.idle()

    def shown(dag_id: str, calls: int, **conf: int) -> Run:
        run = bench.run(dag_id, calls, **conf)
        print_stages(run)
        return run

    runs = [shown(DAG_ID, calls) for calls in chosen.calls]
    sizes = [shown(DAG_ID, CURVE_CALLS, batch_size=size) for size in chosen.batch_sizes]
    peers = [shown(PEER_DAG_ID, calls) for calls in chosen.task_per_call]
    print_forms(runs, peers)
    print_cpu([*runs, *peers], idle)
    curve = [run for run in (*runs, *sizes) if run.calls == CURVE_CALLS]
    print_forms(sorted(curve, key=lambda run: run.batch), peers)


def main() -> None:
    options = argparse.ArgumentParser(description="Calls a minute through the Dag, beside one call per task.")
    options.add_argument("--calls", type=int, nargs="*", default=[100, 1000, 5000])
    options.add_argument("--task-per-call", type=int, nargs="*", default=[1000], metavar="CALLS")
    options.add_argument("--batch-sizes", type=int, nargs="*", default=[10, 25, 50, 200])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        dags = shutil.copytree(REPOSITORY / "dags", folder / "dags")
        shutil.copytree(Path(__file__).parent / "dags", dags, dirs_exist_ok=True)
        # As deployed: not in schedule, and every module compiled once and not by each task anew.
        settings = {"CALL_SENTIMENT_SCHEDULE": "", "PYTHONDONTWRITEBYTECODE": ""}
        with Stack(folder / "state", settings=settings, dags=dags) as stack:
            with closing(connect_dsn(stack.results_dsn)) as connection:
                print_machine(connection)
            url = stack.start_sandbox("scripted", "--rate-limit", "1000000", "--concurrency", "1000000")
            stack.migrate()
            stack.start_airflow()
            stack.api.wait_for_dag(PEER_DAG_ID, stack.processes.check)
            stack.connect(base_url=url, api_key=SANDBOX_KEY)
            for dag_id in (DAG_ID, PEER_DAG_ID):
                stack.api.unpause(dag_id)
            measure(Bench(stack, folder / "recordings"), chosen)


if __name__ == "__main__":
    main()
