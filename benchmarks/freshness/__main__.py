"""How soon recordings are submitted, and transcripts scored, beside jobs that take long.

Recordings arrive as a Poisson process while the scheduled Dag runs. Their jobs take lognormal times with a
median of 40 s; one in a hundred takes half an hour or more, and one never ends. Only AssemblyAI is not real:
`local_stack.stack.Stack` runs Airflow's four components and PostgreSQL, and the sandbox works on the real
clock. Each form of the Dag gets a stack of its own and the same arrivals:

- `call_sentiment`, the Dag as it is, by default every 30 s;
- `whole_run` (`dags/whole_run_dag.py` here): a run waits for all of its jobs;
- `group_per_call` (`dags/group_per_call_dag.py` here): a mapped task group with one call each.

`arrived` is the rename of the file into the folder, `submitted` the ledger's `submitted_at`, `completed` the
end of the sandbox's job, `scored` the ledger's `scored_at`. The measurement of a form ends when all calls are
scored whose jobs could end before the cut-off, at the latest at the cut-off. At the cut-off, a job that
completed in the last minute is not counted, and a call without a score counts as longer than any other.

    python -m benchmarks.freshness [--minutes 2 --calls-per-minute 20 --forms call_sentiment --idle]
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.freshness.arrivals import Arrival, plan_arrivals
from benchmarks.freshness.figures import print_costs, print_delays
from benchmarks.freshness.idle import measure_idle, print_idle
from benchmarks.freshness.trial import measure_form
from benchmarks.support import print_machine
from call_sentiment import DAG_ID
from call_sentiment.database import connect_dsn
from local_stack.postgres import EmbeddedPostgres

FORMS = (DAG_ID, "whole_run", "group_per_call")
START_MINUTES = 2.0


def describe(chosen: argparse.Namespace, arrivals: list[Arrival]) -> None:
    """Print what is measured, how long that takes at most, and the stragglers."""
    per_form = chosen.minutes + chosen.grace_minutes + START_MINUTES
    per_idle = 3 * chosen.idle_minutes + 2 * START_MINUTES
    longest = per_form * len(chosen.forms) + per_idle * len(chosen.idle)
    print(
        f"{len(arrivals)} recordings arrive in {chosen.minutes:g} min (seed {chosen.seed}) at each of"
        f" {', '.join(chosen.forms) or 'no form'}; then idle cost at"
        f" {', '.join(chosen.idle) or 'no schedule'}: {longest:.0f} min at most"
    )
    slow = ", ".join(
        f"{arrival.at_s:.0f} s ({'never ends' if arrival.never_ends else f'{arrival.processing_s:.0f} s'})"
        for arrival in arrivals
        if arrival.is_straggler
    )
    print(f"stragglers arrive after {slow}\n", flush=True)


def measure(chosen: argparse.Namespace, arrivals: list[Arrival]) -> None:
    outcomes = []
    for form in chosen.forms:
        last_s = 60 * (chosen.minutes + chosen.grace_minutes)
        outcomes.append(measure_form(form, chosen.schedule, arrivals, last_s))
        print()
        print_delays(outcomes[-1:])
    if outcomes:
        print("all forms\n")
        print_delays(outcomes)
        print_costs(outcomes)
    if chosen.idle:
        print_idle([measure_idle(schedule, chosen.idle_minutes) for schedule in chosen.idle])


def main() -> None:
    options = argparse.ArgumentParser(description="From arrival to submission, from transcript to score.")
    options.add_argument("--minutes", type=float, default=10.0, help="recordings arrive for so many minutes")
    options.add_argument("--calls-per-minute", type=float, default=60.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--forms", nargs="*", choices=FORMS, default=FORMS)
    options.add_argument("--schedule", default="30", help="seconds or a cron expression, for call_sentiment")
    options.add_argument(
        "--grace-minutes", type=float, default=5.0, help="minutes measured after the last arrival"
    )
    options.add_argument("--idle", nargs="*", metavar="SCHEDULE", default=["30", "60"])
    options.add_argument(
        "--idle-minutes", type=float, default=3.0, help="minutes of each of the three phases"
    )
    chosen = options.parse_args()
    arrivals = plan_arrivals(chosen.minutes, chosen.calls_per_minute, chosen.seed)
    describe(chosen, arrivals)
    with (
        tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder)) as server,
        closing(connect_dsn(server.dsn())) as connection,
    ):
        print_machine(connection)
    measure(chosen, arrivals)


if __name__ == "__main__":
    main()
