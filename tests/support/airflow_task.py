"""Runs one task through Airflow's own task runner in this process, against a fake execution API.

Written for Airflow 3.0 to 3.3, from parts that Airflow may change in any release: `InProcessTestSupervisor`,
the private models of `airflow.sdk.api.datamodels._generated`, and the paths and bodies of the execution API.
If the tests that use this file break after an upgrade, compare the paths with those in
`airflow.sdk.api.client`, and `_run_context` with `TIRunContext` in `_generated`.

Rendering, deferral, retries, XCom, Variables and the task state store are Airflow's own. There is no
database, scheduler or triggerer.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.api.client import Client
from airflow.sdk.api.datamodels._generated import DagRun, TaskInstance
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor, TaskRunResult

_NOW = "2026-01-01T00:00:00Z"


@dataclass
class ExecutionApi:
    """The server's side of the execution API; afterwards it holds what the task sent.

    :param links: the XComs that are links of the operator.
    :param store: the task state store and the Variables, which outlive a try.
    :param next_method, next_kwargs: resume a deferred task.
    :param refuse_to_store: a write to the store whose value contains this fails, as if the worker had died.
    :param first_reschedule: since when a task in mode `reschedule` has waited.
    """

    max_tries: int = 0
    try_number: int = 1
    store: dict[str, Any] = field(default_factory=dict)
    xcoms: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
    rendered_fields: dict[str, Any] = field(default_factory=dict)
    next_kwargs: dict[str, Any] | None = None
    next_method: str | None = None
    refuse_to_store: str | None = None
    first_reschedule: str | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, method = request.url.path.strip("/"), request.method
        body = json.loads(request.content) if request.content else None
        if path.endswith("/run"):
            return httpx.Response(200, json=self._run_context())
        if path.startswith(("store/ti/", "variables/")):
            return self._store(method, path, body)
        if path.startswith("xcoms/") and method == "POST":
            key = path.rsplit("/", 1)[-1]
            (self.links if key.startswith("_link_") else self.xcoms)[key] = body
        if path.startswith("xcoms/") and method == "GET":
            key = path.rsplit("/", 1)[-1]
            return httpx.Response(200, json={"key": key, "value": self.xcoms.get(key)})
        if path.startswith("task-reschedules/"):
            return httpx.Response(200, json=self.first_reschedule)
        if path.endswith("/rtif"):
            self.rendered_fields = body
        if path.endswith("/state"):
            return httpx.Response(204)
        return httpx.Response(200, json={"message": "ok"})

    def _store(self, method: str, path: str, body: Any) -> httpx.Response:
        key = path.rsplit("/", 1)[-1]
        if method == "GET":
            if key not in self.store:
                return httpx.Response(404, json={"detail": {"reason": "not_found", "message": "no such key"}})
            answer = {"value": self.store[key]}
            return httpx.Response(
                200, json={"key": key, **answer} if path.startswith("variables/") else answer
            )
        value = body["value" if "value" in body else "val"]  # a Variable's, before Airflow 3.2
        if self.refuse_to_store is not None and self.refuse_to_store in value:
            return httpx.Response(422, json={"detail": "refused"})
        self.store[key] = value
        return httpx.Response(204)

    def _run_context(self) -> dict[str, Any]:
        dag_run: dict[str, Any] = {
            "dag_id": "d",
            "run_id": "r",
            "logical_date": _NOW,
            "data_interval_start": _NOW,
            "data_interval_end": _NOW,
            "start_date": _NOW,
            "run_after": _NOW,
            "run_type": "manual",
            "state": "running",
            "end_date": None,
            "partition_key": None,
            "conf": {},
            "consumed_asset_events": [],
            "clear_number": 0,
        }
        return {
            "dag_run": {name: value for name, value in dag_run.items() if name in DagRun.model_fields},
            "max_tries": self.max_tries,
            "should_retry": self.try_number <= self.max_tries,
            "task_reschedule_count": 1 if self.first_reschedule else 0,
            "next_method": self.next_method,
            "next_kwargs": self.next_kwargs,
        }


def run_task(task: BaseOperator, api: ExecutionApi, *, try_number: int = 1) -> TaskRunResult:
    """The result of one try of a task: its state, its last message and its error."""
    instance = TaskInstance(
        id=uuid.uuid4(),
        task_id=task.task_id,
        dag_id=task.dag_id,
        run_id="r",
        try_number=try_number,
        map_index=-1,
        dag_version_id=uuid.uuid4(),
    )
    api.try_number = try_number

    class Supervisor(InProcessTestSupervisor):
        @staticmethod
        def _api_client(dag: object = None) -> Client:
            return Client(base_url=None, token="", dry_run=True, transport=httpx.MockTransport(api))

    return Supervisor.start(what=instance, task=task)


def dag() -> DAG:
    """A Dag for one task."""
    return DAG("d", schedule=None)
