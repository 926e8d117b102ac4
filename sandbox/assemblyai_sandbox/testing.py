"""A sandbox for tests: a real server in a thread, controlled by a few methods."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from assemblyai_sandbox.serve import SandboxUvicorn
from assemblyai_sandbox.settings import DEFAULT_API_KEY, PRESETS, Settings


class SandboxClock:
    """Reads and moves the sandbox's clock."""

    def __init__(self, server: SandboxServer) -> None:
        self._server = server

    def advance(self, seconds: float) -> None:
        """Move ahead, and wait until all due events have happened and their webhooks are sent."""
        self._server.control("POST", "clock", {"advance": seconds})

    def set(self, moment: datetime) -> None:
        self._server.control("POST", "clock", {"set": moment.isoformat()})

    def now(self) -> datetime:
        return datetime.fromisoformat(self._server.control("GET", "clock")["now"] + "+00:00")


class SandboxServer:
    """A context manager that serves one sandbox on 127.0.0.1 and a free port.

    By default it is scripted and seeded, and its clock stands still until ``clock.advance(seconds)``.
    ``api_keys`` is a list of keys for one project, or a mapping of keys to ``project`` / ``account/project``;
    ``preset`` names an entry of :data:`~assemblyai_sandbox.settings.PRESETS`; every other keyword is a field
    of :class:`~assemblyai_sandbox.settings.Settings`.
    """

    def __init__(
        self,
        *,
        engine: str = "scripted",
        clock: str = "virtual",
        api_keys: Sequence[str] | Mapping[str, str] = (DEFAULT_API_KEY,),
        preset: str | None = None,
        **settings: Any,
    ) -> None:
        keys = api_keys if isinstance(api_keys, Mapping) else dict.fromkeys(api_keys, "default/default")
        chosen = Settings(engine=engine, clock=clock, api_keys=keys)
        if preset is not None:
            chosen = replace(chosen, **PRESETS[preset])
        self.settings = replace(chosen, **settings)
        self.api_key = next(iter(keys))
        self.clock = SandboxClock(self)
        self.url = ""

    def __enter__(self) -> Self:
        ready = threading.Event()

        def on_ready(url: str | None) -> None:
            self.url = url or ""
            ready.set()

        self._server = SandboxUvicorn(
            self.settings, on_ready, host="127.0.0.1", port=0, log_level="error", patience_s=1
        )
        self._thread = threading.Thread(target=self._server.run, name="assemblyai-sandbox", daemon=True)
        self._thread.start()
        if not ready.wait(30) or not self.url:
            raise RuntimeError("the sandbox did not start")
        self._http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server; a second call has no effect."""
        self._http.close()
        self._server.should_exit = True
        self._thread.join(30)

    def script(self, match: str, *outcomes: Mapping[str, Any]) -> None:
        """Set the outcomes of recordings, one per submission; the last one is repeated.

        ``match`` is part of the audio URL or of the SHA-256 of the uploaded bytes, or ``*``.
        """
        self.control("POST", "script", {"match": match, "outcomes": list(outcomes)})

    def fault(self, kind: str, endpoint: str = "*", **details: Any) -> None:
        """Plan a fault; :class:`~assemblyai_sandbox.faults.Fault` explains its details."""
        self.control("POST", "faults", {"kind": kind, "endpoint": endpoint, **details})

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def charges(self) -> list[dict[str, Any]]:
        """The charges: one per completed transcript, in the order of submission."""
        charges: list[dict[str, Any]] = self.control("GET", "billing")["charges"]
        return charges

    def journal(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """All requests so far, or those to one endpoint."""
        entries: list[dict[str, Any]] = self.control("GET", "journal")
        return [entry for entry in entries if endpoint in (None, entry["endpoint"])]

    def webhooks(self) -> list[dict[str, Any]]:
        """All attempts to deliver a webhook."""
        attempts: list[dict[str, Any]] = self.control("GET", "webhooks")
        return attempts

    def account(self, name: str = "default", **changes: Any) -> None:
        """Change an account's ``concurrency``, ``rate_limit``, ``negative_balance`` or ``created_on``."""
        self.control("POST", f"accounts/{name}", changes)

    def reset(self) -> None:
        self.control("POST", "reset")

    def control(self, method: str, path: str, body: object = None) -> Any:
        """The answer of ``/_sandbox/<path>``; raises ``ValueError`` with the reason of an error."""
        answer = self._http.request(method, f"/_sandbox/{path}", json=body)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])
        return answer.json()
