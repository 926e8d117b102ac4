"""Processor time by component of a running `local_stack.stack.Stack`."""

from __future__ import annotations

import psutil

from local_stack.stack import COMPONENTS, Stack

PARTS = ("scheduler", "workers", "api-server", "dag-processor", "triggerer", "PostgreSQL", "sandbox")


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """CPU seconds of each of `PARTS` since its start.

    The kernel adds the time of an ended process to its parent's `cutime` and `cstime`. So the sum over a
    component's living processes includes their ended children: nothing is sampled, and no short process is
    missed. The scheduler's own process is `scheduler`; the LocalExecutor's workers and the tasks they fork
    are `workers`.
    """
    used = {name: sum(_tree(stack.processes.pid(name))) for name in (*COMPONENTS, "sandbox")}
    postmaster = (stack.folder / "postgres" / "postmaster.pid").read_text().split()[0]
    used["PostgreSQL"] = sum(_tree(int(postmaster)))
    used["scheduler"], used["workers"] = _tree(stack.processes.pid("scheduler"))
    return {part: used[part] for part in PARTS}


def _tree(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and of all it has started."""
    root = psutil.Process(pid)
    own, ended = _times(root)
    return own, ended + sum(sum(_times(process)) for process in root.children(recursive=True))


def _times(process: psutil.Process) -> tuple[float, float]:
    """CPU seconds of a process, and of its ended children."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0, 0.0  # it has ended since it was listed
    return times.user + times.system, times.children_user + times.children_system
