"""One form of the Dag under the arrivals of `benchmarks.freshness`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from benchmarks.freshness.arrivals import Arrival
from benchmarks.freshness.figures import NEVER, TARGET_S, Call, Outcome
from benchmarks.freshness.stack import Bench, running

LOOK_S = 2.0


def measure_form(dag_id: str, schedule: str, arrivals: Sequence[Arrival], last_s: float) -> Outcome:
    """Let the recordings arrive; measure until all that can end in time are scored.

    :param last_s: seconds from the first moment of the arrivals to the cut-off.
    """
    with running(dag_id, schedule) as bench:
        bench.inbox.prepare(arrivals, bench.stack.sandbox_url or "")
        bench.start_runs()
        before = bench.cpu_s(), bench.runs(), bench.executions(), bench.requests()
        trial = _Trial(bench, last_s)
        trial.follow(arrivals)
        ended_at, cpu_s = time.time(), bench.cpu_s() - before[0]
        charges = bench.charges()
        return Outcome(
            form=dag_id,
            calls=trial.calls(arrivals),
            seconds=ended_at - trial.began_at,
            counted_until=ended_at if trial.left is not None and not trial.left else ended_at - TARGET_S,
            completed=bench.ended_jobs(),
            charges=[charge["upload_sha256"] for charge in charges],
            requests=bench.requests() - before[3],
            runs=bench.runs() - before[1],
            executions=bench.executions() - before[2],
            cpu_s=cpu_s,
        )


class _Trial:
    def __init__(self, bench: Bench, last_s: float) -> None:
        self._bench = bench
        self.began_at = time.time()
        self._cut_off_at = self.began_at + last_s
        self._arrived: dict[str, float] = {}
        self._logged = 0
        self.left: set[str] | None = None

    def follow(self, arrivals: Sequence[Arrival]) -> None:
        for arrival, moment in self._bench.inbox.receive(arrivals):
            self._arrived[arrival.name] = moment
            self._log()
        due = {a.name for a in arrivals if self._arrived[a.name] + a.processing_s < self._cut_off_at}
        while time.time() < self._cut_off_at:
            times = self._bench.times()
            self.left = {name for name in due if name not in times or times[name][2] is None}
            if not self.left:
                return
            time.sleep(LOOK_S)
            self._log()

    def calls(self, arrivals: Sequence[Arrival]) -> list[Call]:
        times, completed = self._bench.times(), self._bench.completed()
        return [self._call(arrival, times, completed) for arrival in arrivals]

    def _call(
        self,
        arrival: Arrival,
        times: Mapping[str, tuple[str, float, float | None]],
        completed: Mapping[str, float],
    ) -> Call:
        arrived_at = self._arrived[arrival.name]
        if arrival.name not in times:
            return Call(arrival=arrival, arrived_at=arrived_at)
        id_, submitted_at, scored_at = times[arrival.name]
        return Call(
            arrival=arrival,
            arrived_at=arrived_at,
            submitted_at=submitted_at,
            completed_at=completed.get(id_, NEVER),
            scored_at=NEVER if scored_at is None else scored_at,
        )

    def _log(self) -> None:
        """Print a line for each minute that has passed."""
        self._bench.stack.processes.check()
        minute = int((time.time() - self.began_at) / 60)
        if minute <= self._logged:
            return
        self._logged = minute
        times = self._bench.times()
        scored = sum(scored_at is not None for _, _, scored_at in times.values())
        print(
            f"{self._bench.dag_id}, minute {minute}: {len(self._arrived)} arrived, {len(times)} submitted,"
            f" {len(self._bench.completed())} completed, {scored} scored",
            flush=True,
        )
