"""Requests a second from the scripted sandbox with 1,000 transcripts in flight, beside a hand-written stub.

The stub is what one writes to test a client without a sandbox: three FastAPI routes that return fixed answers
of the same size. Both run in one process under uvicorn on one core; raw sockets on another core send the
load. "per core" is requests per second of the server's own CPU time, which depends less on other work of the
machine.

    python -m benchmarks.sandbox_throughput [--requests 5000] [--connections 32]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
IN_FLIGHT = 1000
KEY = "sandbox-key"
STUB = """
import json, sys, itertools
from fastapi import FastAPI
answers, app, number = json.load(open(sys.argv[1])), FastAPI(), itertools.count()

@app.post("/v2/transcript")
async def submit(request: dict):
    return {**answers["get"], "id": str(next(number)), "audio_url": request["audio_url"]}

@app.get("/v2/transcript/{transcript_id}")
async def get(transcript_id: str):
    return {**answers["get"], "id": transcript_id}

@app.get("/v2/transcript")
async def page(limit: int = 10):
    return answers["list"]

import uvicorn
uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="error")
"""


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(arguments: Sequence[str], port: int) -> Iterator[Server]:
    """A server process on the last core, yielded once it answers."""
    last = max(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sandbox")},
        preexec_fn=lambda: os.sched_setaffinity(0, {last}),
    )
    try:
        asyncio.run(_answering(port))
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(20)


async def _answering(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise RuntimeError("the server did not start")


def request(method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY}\r\nContent-Type: application/json\r\n"
    )
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content


async def exchange(port: int, requests: Sequence[bytes], connections: int) -> list[bytes]:
    """Send all requests over `connections`; return the bodies. Raises unless all answers are 200."""
    waiting, bodies = list(reversed(requests)), []

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            writer.write(waiting.pop())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(head.decode())
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            bodies.append(await reader.readexactly(length))
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return bodies


def measure(server: Server, requests: Sequence[bytes], connections: int) -> tuple[float, float, list[bytes]]:
    """Requests per second by wall clock and by the server's CPU time, and the answers."""
    wall, cpu = time.perf_counter(), server.cpu_s()
    bodies = asyncio.run(exchange(server.port, requests, connections))
    wall, cpu = time.perf_counter() - wall, server.cpu_s() - cpu
    return len(requests) / wall, len(requests) / max(cpu, 0.01), bodies


def workload(
    server: Server, count: int, connections: int
) -> tuple[dict[str, tuple[float, float]], dict[str, bytes]]:
    """Submit 1,000 jobs, then read them: by id, by list page, and in the mix a poller makes."""
    submissions = [
        request("POST", "/v2/transcript", {"audio_url": f"https://x.example/{n}.mp3"})
        for n in range(IN_FLIGHT)
    ]
    figures, samples = {}, {}
    *figures["submit"], bodies = measure(server, submissions, connections)
    ids = [json.loads(body)["id"] for body in bodies]
    by_id = [request("GET", f"/v2/transcript/{ids[n % IN_FLIGHT]}") for n in range(count)]
    page = [request("GET", "/v2/transcript?limit=200&status=processing")] * (count // 10)
    *figures["get, in flight"], bodies = measure(server, by_id, connections)
    samples["get"] = bodies[0]
    *figures["list of 200"], bodies = measure(server, page, connections)
    samples["list"] = bodies[0]
    *figures["mixed"], _ = measure(server, by_id[: count // 2] + page[: count // 100], connections)
    return {name: (wall, cpu) for name, (wall, cpu) in figures.items()}, samples


def main() -> None:
    options = argparse.ArgumentParser(description="Throughput of the scripted sandbox beside a FastAPI stub.")
    options.add_argument("--requests", type=int, default=5000)
    options.add_argument("--connections", type=int, default=32)
    chosen = options.parse_args()
    sandbox = ["-m", "assemblyai_sandbox", "--port", "18123", "--engine", "scripted"]
    sandbox += ["--concurrency", str(IN_FLIGHT), "--rate-limit", "1000000"]
    with serving(sandbox, 18123) as server:
        hour = {"match": "*", "outcome": {"processing_s": 3600}}
        asyncio.run(exchange(server.port, [request("POST", "/_sandbox/script", hour)], 1))
        ours, samples = workload(server, chosen.requests, chosen.connections)
    with tempfile.TemporaryDirectory() as folder:
        canned, stub = Path(folder, "answers.json"), Path(folder, "stub.py")
        canned.write_text(json.dumps({name: json.loads(body) for name, body in samples.items()}))
        stub.write_text(STUB)
        with serving([str(stub), str(canned), "18124"], 18124) as server:
            theirs, _ = workload(server, chosen.requests, chosen.connections)
    print(
        f"{IN_FLIGHT} transcripts in flight, {chosen.connections} connections; requests/s (wall | per core)\n"
    )
    print(f"{'request':16} {'sandbox':>17} {'FastAPI stub':>17} {'ratio per core':>15}")
    for name, (wall, cpu) in ours.items():
        stub_wall, stub_cpu = theirs[name]
        print(f"{name:16} {wall:8.0f} | {cpu:6.0f} {stub_wall:8.0f} | {stub_cpu:6.0f} {cpu / stub_cpu:15.2f}")


if __name__ == "__main__":
    main()
