"""Registers the pages with Airflow. Every component imports this, so it imports nothing else of the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

URL_PREFIX = "/call-sentiment"
TILE_NAME = "Call Sentiment tile"
"""Airflow looks for the tile in the global variable of this name; `static/tile.js` sets it."""

Message = MutableMapping[str, Any]


class LazyApp:
    """The ASGI application of the pages, built by its first request."""

    _app: Callable[..., Awaitable[None]] | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if self._app is None:
            from call_sentiment.pages.app import make_app

            self._app = make_app()
        await self._app(scope, receive, send)


def base_path() -> str:
    """The path below which Airflow is served, without a slash at its end: "" or, say, "/airflow"."""
    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")


def _view(name: str, path: str, route: str, destination: str = "nav", **more: Any) -> dict[str, Any]:
    """A page shown in a frame of the Airflow UI at `/plugin/<route>`, or on a tab of its destination."""
    href = f"{base_path()}{URL_PREFIX}/{path}"
    return {"name": name, "href": href, "url_route": route, "destination": destination, **more}


class CallSentimentPlugin(AirflowPlugin):
    """The pages, their entries in the navigation, their tabs and the tile on Airflow's home.

    Task instances lead to their calls by a tab. An operator extra link would stand on every `@task` of every
    Dag: Airflow offers a plugin's links by the operator's class, and `load` is a decorated function.
    """

    name = "call_sentiment"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": URL_PREFIX, "name": "Call Sentiment"}]
    external_views = [
        _view("Calls", "calls", "calls", nav_top_level=True),
        # Their full names: the menu Browse is shared with all that runs in this Airflow.
        _view("Call pipeline", "pipeline", "call-pipeline", category="browse"),
        _view("Call trends", "trends", "call-trends", category="browse"),
        _view("Call review", "review", "call-review", category="browse"),
        _view("Call calibration", "calibration", "call-calibration", category="browse"),
        _view("Calls", "calls?dag={DAG_ID}", "dag-calls", "dag"),
        _view("Calls of this run", "calls?dag={DAG_ID}&run={RUN_ID}", "run-calls", "dag_run"),
        _view(
            "Calls of this task",
            "calls?dag={DAG_ID}&run={RUN_ID}&task={TASK_ID}&map_index={MAP_INDEX}",
            "task-calls",
            "task_instance",
        ),
    ]
    react_apps = [
        {
            "name": TILE_NAME,
            "bundle_url": f"{base_path()}{URL_PREFIX}/static/tile.js",
            "destination": "dashboard",
        }
    ]
