"""The Airflow plugin: a route that AssemblyAI calls when a job has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

URL_PREFIX = "/assemblyai"

Message = MutableMapping[str, Any]


class LazyApp:
    """The ASGI application of the receiver, imported by its first request.

    Every component of Airflow imports plugins, and only the api-server answers requests.
    """

    _app: Callable[..., Awaitable[None]] | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            from assemblyai_provider._webhooks.receiver import make_app

            self._app = make_app()
        await self._app(scope, receive, send)


class AssemblyAIPlugin(AirflowPlugin):
    """Serves `POST <Airflow>/assemblyai/webhooks/<connection id>`."""

    name = "assemblyai"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": URL_PREFIX, "name": "AssemblyAI webhooks"}]
