"""Lets the run of the Dag choose its Airflow pool, which no operator can render from a param."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.policies import hookimpl

from call_sentiment import BACKFILL_DAG_ID, DAG_ID

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

# Only these: Airflow 3.3.2 asks a policy that comes through an entry point about mapped tasks alone.
DAG_IDS = frozenset({DAG_ID, BACKFILL_DAG_ID})
BATCH_TASKS = frozenset({"submit", "wait", "load"})


@hookimpl
def task_instance_mutation_hook(task_instance: TaskInstance, dag_run: DagRun | None) -> None:
    """Move the batches of a run into the pool named by its param `pool`.

    Airflow calls it in the scheduler through the entry point group `airflow.policy`.
    """
    if task_instance.dag_id not in DAG_IDS or task_instance.task_id not in BATCH_TASKS or dag_run is None:
        return
    pool = (dag_run.conf or {}).get("pool")
    if isinstance(pool, str) and pool:
        task_instance.pool = pool
