"""The child processes end with their parent, even if it is killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local_stack.processes import AlreadyRunningError, ProcessDiedError, ProcessGroup, free_port

# A child that starts a child of its own, prints its id, and waits.
FAMILY = (
    "import subprocess, sys, time; "
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(p.pid, flush=True); time.sleep(600)"
)


def _started_family(group: ProcessGroup, name: str) -> list[psutil.Process]:
    group.start(name, (sys.executable, "-c", FAMILY), os.environ)
    parent = psutil.Process(group.pid(name))
    while not (text := group.log(name).read_text()).strip():
        psutil.wait_procs([parent], timeout=0.05)
    return [parent, psutil.Process(int(text))]


def _check_for_ever(group: ProcessGroup) -> None:
    while True:
        group.check()


def test_stop_ends_every_child_and_its_children(tmp_path: Path) -> None:
    group = ProcessGroup(tmp_path)
    family = [*_started_family(group, "one"), *_started_family(group, "two")]
    group.stop()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_the_next_start_ends_what_a_killed_parent_left(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local_stack.processes import ProcessGroup; "
        f"g = ProcessGroup(Path({str(tmp_path)!r})); "
        "g.start('child', (sys.executable, '-c', 'import time; time.sleep(600)'), os.environ); "
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run((sys.executable, "-c", script), check=False, cwd=Path(__file__).parents[3])
    child = psutil.Process(json.loads((tmp_path / "processes.json").read_text())[1][0])
    ProcessGroup(tmp_path)
    _, alive = psutil.wait_procs([child], timeout=5)
    assert alive == []


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    group = ProcessGroup(tmp_path)
    family = _started_family(group, "one")
    with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        ProcessGroup(tmp_path)
    assert all(process.is_running() for process in family)
    group.stop()


def test_a_child_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path) -> None:
    group = ProcessGroup(tmp_path)
    group.start("short", (sys.executable, "-c", "print('no space left'); raise SystemExit(3)"), os.environ)
    with pytest.raises(ProcessDiedError, match=r"short ended with code 3(.|\n)*no space left"):
        _check_for_ever(group)
    group.stop()


def test_a_taken_port_is_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        preferred = taken.getsockname()[1]
        assert free_port(preferred) != preferred
    assert free_port(preferred) == preferred
