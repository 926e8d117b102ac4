"""Notes for the pipeline page what the tasks did: which instance, when jobs ended, how many requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg2

from assemblyai_provider.exceptions import TransportError
from assemblyai_provider.models import REQUESTS_KEY
from call_sentiment.database import connect, run_sql
from call_sentiment.jsontext import dump_json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TaskKey:
    """One task instance, whatever its try."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


def task_key(ti: Any) -> TaskKey:
    """The key of a running task instance."""
    map_index = -1 if ti.map_index is None else ti.map_index
    return TaskKey(ti.dag_id, ti.run_id, ti.task_id, map_index)


def note_task(connection: Connection, transcript_ids: Sequence[int], task: TaskKey) -> None:
    """Note that a task instance handles these transcripts. A rerun changes nothing."""
    if transcript_ids:
        params = {"transcript_ids": list(transcript_ids), **asdict(task)}
        run_sql(connection, "operations/note_task", params)


def note_completion(
    postgres_conn_id: str, call_ids: Sequence[str], get_times: Callable[[], Mapping[str, datetime]]
) -> None:
    """Note when the jobs of these calls ended, where AssemblyAI's list tells; sends one request at most.

    :param get_times: like `AssemblyAIHook.get_completion_times`.
    """
    with closing(connect(postgres_conn_id)) as connection:
        if not run_sql(connection, "operations/find_incomplete", {"call_ids": list(call_ids)}):
            return
        try:
            times = get_times()
        except TransportError as error:
            log.warning("When the jobs ended cannot be looked up now: %s", error)
            return
        rows = [{"assemblyai_id": id_, "completed_at": time.isoformat()} for id_, time in times.items()]
        run_sql(connection, "operations/note_completion", {"completed": dump_json(rows)})


def pull_requests(ti: Any, task_ids: Collection[str]) -> dict[str, int]:
    """The requests that the instances of these tasks with the same map index sent; 0 where unknown."""
    pulled = {id_: ti.xcom_pull(task_ids=id_, key=REQUESTS_KEY, map_indexes=ti.map_index) for id_ in task_ids}
    return {task_id: count if isinstance(count, int) else 0 for task_id, count in pulled.items()}


def add_requests(postgres_conn_id: str, counts: Mapping[str, int]) -> None:
    """Add to the requests of the present minute, by task. Never fails a task: what fails is logged."""
    given = {task_id: count for task_id, count in counts.items() if count}
    if not given:
        return
    try:
        with closing(connect(postgres_conn_id)) as connection:
            run_sql(connection, "operations/add_requests", {"counts": dump_json(given)})
    except psycopg2.Error as error:
        log.warning("%d requests are missing on the pipeline page (%s)", sum(given.values()), error.pgcode)
