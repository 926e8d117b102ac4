"""Ten thousand jobs in one triggerer, beside what one would do without it.

Each contender waits for jobs of the scripted sandbox that take a minute on average (gamma distribution of
shape 4). Ours are submitted first and begin to end only when all waits are deferred, so all are in progress
at once. The delay of a wait counts from the end of its last job, by the sandbox's clock, to the end of its
task instance. For the documentation's loop and the SDK it counts to the answer that shows the end.

    python -m benchmarks.waiting [--jobs 10000] [--triggerers 2 --spare 600 --no-peers]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.support import print_table
from benchmarks.waiting.peers import PEERS
from benchmarks.waiting.vendor import Vendor
from benchmarks.waiting.watchers import Memory, Wait, blocked
from call_sentiment import ASSEMBLYAI_CONN_ID
from local_stack.airflow_api import wait_for
from local_stack.stack import COMPONENTS, SANDBOX_KEY, Stack

MEAN_S = 60.0
SHAPE = 4
SETTLE_S = 20.0


def processing_times(count: int, lead_s: float = 0.0) -> list[float]:
    dice = random.Random(0)
    return [round(lead_s + dice.gammavariate(SHAPE, MEAN_S / SHAPE), 3) for _ in range(count)]


class Trial:
    """One running Airflow with its triggerers."""

    def __init__(self, stack: Stack, triggerers: int) -> None:
        self.stack = stack
        self.triggerers = ["triggerer", *(f"triggerer-{number}" for number in range(2, triggerers + 1))]

    def start(self) -> None:
        for name in COMPONENTS:
            self.stack.start_component(name)
        for name in self.triggerers[1:]:
            self.stack.start_component("triggerer", name)
        self.stack.api.wait_until_healthy(self.stack.processes.check)
        for dag_id in ("waiting", "waiting_one_by_one"):
            self.stack.api.wait_for_dag(dag_id, self.stack.processes.check)
            self.stack.api.unpause(dag_id)
        url = self.stack.sandbox_url
        self.stack.api.put_connection(
            ASSEMBLYAI_CONN_ID, {"conn_type": "assemblyai", "host": url, "password": SANDBOX_KEY}
        )

    def wait(self, dag_id: str, batches: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Run the Dag over the batches; return its `wait` task instances at the end."""
        run_id = self.begin(dag_id, batches)
        return self.end(dag_id, run_id)

    def begin(self, dag_id: str, batches: Sequence[Sequence[str]]) -> str:
        file = self.stack.folder / f"{dag_id}.json"
        file.write_text(json.dumps(batches))
        return self.stack.api.trigger(dag_id, {"ids": str(file)})

    def deferred(self, dag_id: str, run_id: str, count: int) -> None:
        """Return once `count` waits are deferred."""

        def all_deferred() -> bool:
            path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?state=deferred&limit=1"
            return bool(self.stack.api.call("GET", path)["total_entries"] >= count)

        wait_for(all_deferred, self.stack.processes.check, 600, "the waits were not all deferred")

    def end(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        state = ""

        def has_ended() -> bool:
            nonlocal state
            state = self.stack.api.run_state(dag_id, run_id)
            return state in ("success", "failed")

        wait_for(has_ended, self.stack.processes.check, 1800, "the run did not end")
        if state != "success":
            raise RuntimeError(f"the run of {dag_id} failed; see {self.stack.folder}")
        instances = self.stack.api.task_instances(dag_id, run_id)
        return [each for each in instances if each["task_id"] == "wait"]


def ours(
    trial: Trial, vendor: Vendor, jobs: int, batch: int, spare: int | None
) -> tuple[Wait, dict[str, str]]:
    """Wait for `jobs` jobs in batches; return the figures and the triggerer's needs."""
    memory = Memory([trial.stack.processes.pid(name) for name in trial.triggerers])
    vendor.prepare([20.0])
    trial.wait("waiting", [vendor.submit(1)])  # so that imports and connections are not measured
    time.sleep(SETTLE_S)
    imported_mib = memory.now_mib - memory.idle_mib
    blocked_before = blocked(trial.stack, trial.triggerers)
    lead_s = 30.0 + 0.35 * jobs / batch
    vendor.prepare(processing_times(jobs, lead_s))
    if spare is not None:
        vendor.limit(jobs + spare)
    submitted = time.monotonic()
    ids = vendor.submit(jobs)
    batches = [ids[start : start + batch] for start in range(0, jobs, batch)]
    with memory.watched():
        run_id = trial.begin("waiting", batches)
        trial.deferred("waiting", run_id, len(batches))
        print(
            f"{len(batches)} waits deferred {time.monotonic() - submitted:.0f} s after the submission;"
            f" the first job may end after {lead_s:.0f} s\n",
            flush=True,
        )
        instances = trial.end("waiting", run_id)
    ends = {}
    for each in instances:
        ends[batches[each["map_index"]][-1]] = datetime.fromisoformat(each["end_date"]).astimezone(UTC)
    ended = vendor.completed()
    last = {ids[-1]: max(ended[transcript_id] for transcript_id in ids) for ids in batches}
    wait = Wait.measured("triggerer, sensor per batch", jobs, vendor.requests(), last, ends)
    return wait, {
        "memory of idle triggerers, MiB": f"{memory.idle_mib:.0f}",
        "more than that at the peak, MiB": f"{memory.growth_mib:.0f}",
        "of which from the first wait on, MiB": f"{imported_mib:.0f}",
        "CPU seconds of the triggerers": f"{memory.cpu_s:.1f}",
        "blocked-main-thread counter": str(blocked(trial.stack, trial.triggerers) - blocked_before),
        "refused for the rate": str(vendor.refused()),
        "list pages": str(vendor.requests("list")),
        "requests by id": str(vendor.requests("get")),
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Waiting for many jobs in one triggerer, beside its peers.")
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--batch", type=int, default=50)
    options.add_argument("--peer-jobs", type=int, default=200, help="jobs of the loop and of the SDK")
    options.add_argument("--sensor-jobs", type=int, default=60, help="jobs of the PythonSensor")
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--triggerers", type=int, default=1)
    options.add_argument("--spare", type=int, help="requests the account allows beside the submissions")
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="call-sentiment-", ignore_cleanup_errors=True) as folder,
        Stack(
            Path(folder), settings={"CALL_SENTIMENT_SCHEDULE": ""}, dags=Path(__file__).parent / "dags"
        ) as stack,
    ):
        url = stack.start_sandbox("scripted", "--concurrency", "1000000", "--seed", "0")
        stack.migrate()
        trial = Trial(stack, chosen.triggerers)
        trial.start()
        vendor = Vendor(url, SANDBOX_KEY)
        wait, needed = ours(trial, vendor, chosen.jobs, chosen.batch, chosen.spare)
        waits = [wait]
        if not chosen.no_peers:
            for name, peer in PEERS.items():
                print(f"{name} ...\n", flush=True)
                count = chosen.sensor_jobs if "Sensor" in name else chosen.peer_jobs
                vendor.prepare(processing_times(count))
                seen = peer(trial, vendor, count)
                waits.append(Wait.measured(name, count, vendor.requests(), vendor.completed(), seen))
    print_table(Wait.HEAD, [wait.row() for wait in waits])
    print_table(["of our waits", "figure"], list(needed.items()))


if __name__ == "__main__":
    main()
