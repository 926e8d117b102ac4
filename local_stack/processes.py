"""Child processes, each with a log file, that are stopped together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

STOP_GRACE_S = 20.0


class ProcessDiedError(RuntimeError):
    """A child process ended by itself. The message has its name and the end of its log."""


class AlreadyRunningError(RuntimeError):
    """Another running process uses the same folder."""


class ProcessGroup:
    """Starts named child processes and stops all of them.

    Their ids are in `<folder>/processes.json`. If the parent is killed, the next start on the same folder
    stops its children.
    """

    def __init__(self, folder: Path) -> None:
        """:raises AlreadyRunningError: another running process uses the folder."""
        self._folder = folder
        self._record = folder / "processes.json"
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._stop_leftovers()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a child in its own session; its output is appended to `<folder>/<name>.log`."""
        with self.log(name).open("ab") as log:
            self._children[name] = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._write_record()

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def check(self) -> None:
        """Raise :class:`ProcessDiedError` if a child has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                tail = "\n".join(self.log(name).read_text(errors="replace").splitlines()[-15:])
                raise ProcessDiedError(
                    f"{name} ended with code {child.returncode}; the end of {self.log(name)}:\n{tail}"
                )

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child and its descendants."""
        os.killpg(self._children[name].pid, number)

    def kill(self, name: str) -> None:
        """Send SIGKILL to a child and its descendants, as if they had crashed."""
        child = self._children.pop(name)
        _kill_tree(child.pid)
        child.wait()

    def stop(self) -> None:
        """End all children, the last one first; kill those that take longer than `STOP_GRACE_S`."""
        for child in reversed(self._children.values()):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(STOP_GRACE_S)
            except subprocess.TimeoutExpired:
                _kill_tree(child.pid)
                child.wait()
        self._children.clear()
        self._record.unlink(missing_ok=True)

    def _write_record(self) -> None:
        alive = [child.pid for child in self._children.values() if child.poll() is None]
        self._record.write_text(json.dumps([_identity(pid) for pid in (os.getpid(), *alive)]))

    def _stop_leftovers(self) -> None:
        if not self._record.exists():
            return
        owner, *children = json.loads(self._record.read_text())
        if owner == _identity(owner[0]):
            raise AlreadyRunningError(f"process {owner[0]} uses {self._folder}. Stop it first")
        for pid, created in children:
            if [pid, created] == _identity(pid):
                _kill_tree(pid)
        self._record.unlink()


def _identity(pid: int) -> list[float]:
    """The process id with its creation time, because ids are reused; empty if it has ended."""
    try:
        process = psutil.Process(pid)
        return [] if process.status() == psutil.STATUS_ZOMBIE else [pid, process.create_time()]
    except psutil.NoSuchProcess:
        return []


def _kill_tree(pid: int) -> None:
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=STOP_GRACE_S)


def free_port(preferred: int) -> int:
    """The `preferred` port if it is free on 127.0.0.1, otherwise any free port."""
    for candidate in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise OSError("no free port on 127.0.0.1")
