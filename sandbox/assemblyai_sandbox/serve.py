"""A uvicorn server for one sandbox that reports its address when it is ready."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket

import uvicorn

from assemblyai_sandbox.app import create_app
from assemblyai_sandbox.settings import Settings


class SandboxUvicorn(uvicorn.Server):
    """Calls ``on_ready`` with its address once it listens, or with None if it cannot."""

    def __init__(
        self,
        settings: Settings,
        on_ready: Callable[[str | None], None],
        *,
        host: str,
        port: int,
        log_level: str,
        patience_s: int,
    ) -> None:
        config = uvicorn.Config(
            create_app(settings),
            host=host,
            port=port,
            log_level=log_level,
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=patience_s,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        address = None
        try:
            await super().startup(sockets)
            if self.started:
                host, port = self.servers[0].sockets[0].getsockname()[:2]
                address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        finally:
            self._on_ready(address)
