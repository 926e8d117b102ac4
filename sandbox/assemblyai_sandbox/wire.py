"""The outermost layer of the server: writes the journal and plays faults on the connection."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assemblyai_sandbox.clock import timestamp
from assemblyai_sandbox.faults import ANSWERS, Fault
from assemblyai_sandbox.journal import Entry
from assemblyai_sandbox.state import Sandbox

_FIXED = {
    ("POST", "/v2/upload"): "upload",
    ("POST", "/v2/transcript"): "submit",
    ("GET", "/v2/transcript"): "list",
}


def endpoint_of(method: str, path: str) -> str:
    """The name of a request's endpoint in faults and in the journal."""
    if (method, path) in _FIXED:
        return _FIXED[method, path]
    parts = path.strip("/").split("/")
    if parts[:2] != ["v2", "transcript"] or len(parts) not in (3, 4):
        return "other"
    if len(parts) == 4:
        return parts[3]
    return {"GET": "get", "DELETE": "delete"}.get(method, "other")


class Wire:
    """An ASGI middleware."""

    def __init__(self, app: ASGIApp, sandbox: Callable[[], Sandbox]) -> None:
        self._app = app
        self._find_sandbox = sandbox

    @property
    def _sandbox(self) -> Sandbox:
        # The sandbox is created by the application's lifespan, after this layer.
        return self._find_sandbox()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        endpoint = endpoint_of(scope["method"], scope["path"])
        fault = self._sandbox.faults.take(endpoint)
        entry = self._entry(scope, endpoint, fault)
        self._sandbox.journal.add(entry)
        exchange = _Exchange(receive, send, entry)
        if fault is None:
            await self._app(scope, exchange.receive, exchange.send)
        else:
            await self._play(fault, scope, exchange)

    async def _play(self, fault: Fault, scope: Scope, exchange: _Exchange) -> None:
        if fault.kind in ANSWERS:
            if fault.accepted:
                await self._app(scope, exchange.receive, exchange.swallow)
            await exchange.answer(*ANSWERS[fault.kind], retry_after_s=fault.retry_after_s)
        elif fault.kind == "slow":
            await asyncio.sleep(fault.delay_s)
            await self._app(scope, exchange.receive, exchange.send)
        elif fault.kind == "reset_before":
            await exchange.hang_up(reset=True)
        else:
            await self._app(scope, exchange.receive, exchange.keep)
            await _send_damaged(fault, exchange)

    def _entry(self, scope: Scope, endpoint: str, fault: Fault | None) -> Entry:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        return Entry(
            at=timestamp(self._sandbox.clock.now()),
            endpoint=endpoint,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            authorization=self._kind_of_key(given),
            fault=fault.kind if fault else None,
        )

    def _kind_of_key(self, given: bytes | None) -> str:
        if given is None:
            return "missing"
        text = given.decode("latin-1")
        if text in self._sandbox.accounts.projects:
            return "key"
        return "bearer" if text.lower().startswith("bearer ") else "wrong key"


async def _send_damaged(fault: Fault, exchange: _Exchange) -> None:
    """Send only a part of an answer, or close the connection without it."""
    if fault.kind == "truncated_json":
        await exchange.release(len(exchange.body) // 2, promised=None)
    elif fault.kind == "truncated_body":
        await exchange.release(len(exchange.body) // 2, promised=len(exchange.body))
        await exchange.hang_up(reset=False)
    else:
        await asyncio.sleep(fault.delay_s)
        await exchange.hang_up(reset=fault.kind == "reset_after")


class _Exchange:
    """One request and its answer, as they pass."""

    def __init__(self, receive: Receive, send: Send, entry: Entry) -> None:
        self._receive = receive
        self._send = send
        self._entry = entry
        self._digest = hashlib.sha256()
        self._start: dict[str, Any] = {}
        self.body = b""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._digest.update(message.get("body", b""))
            if not message.get("more_body"):
                self._entry.body_sha256 = self._digest.hexdigest()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._entry.status = message["status"]
        await self._send(message)

    async def swallow(self, message: Message) -> None:
        """Drop an answer."""

    async def keep(self, message: Message) -> None:
        """Hold an answer back."""
        if message["type"] == "http.response.start":
            self._start = dict(message)
        else:
            self.body += message.get("body", b"")

    async def release(self, size: int, promised: int | None) -> None:
        """Send the first ``size`` bytes of the held answer with a Content-Length of ``promised``."""
        length = size if promised is None else promised
        headers = [pair for pair in self._start["headers"] if pair[0] != b"content-length"]
        await self.send({**self._start, "headers": [*headers, (b"content-length", str(length).encode())]})
        more = promised is not None
        await self.send({"type": "http.response.body", "body": self.body[:size], "more_body": more})

    async def answer(self, status: int, body: bytes, media_type: str | None, *, retry_after_s: int) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        if media_type:
            headers.append((b"content-type", media_type.encode()))
        if status == 429:
            headers.append((b"retry-after", str(retry_after_s).encode()))
        await self._drain()
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def hang_up(self, *, reset: bool) -> None:
        """Close the connection, with a TCP reset or normally."""
        # ASGI cannot close a connection. uvicorn's `send` is a method of the object that holds it.
        transport: asyncio.Transport = self._send.__self__.transport  # type: ignore[attr-defined]
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _drain(self) -> None:
        """Read the rest of the request, so that the journal has its hash and the client gets the answer."""
        while self._entry.body_sha256 is None:
            if (await self.receive())["type"] == "http.disconnect":
                return
