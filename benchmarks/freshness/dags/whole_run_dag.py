"""A peer of `benchmarks.freshness`: a run waits for all of its jobs.

One run at a time. It loads when every job of the run has ended, or after an hour. Operators, sensor, ledger
and functions are those of `dags/call_sentiment_dag.py`. A run starts at the next full minute after the one
before has ended.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID, tasks
from call_sentiment.ledger_memory import LedgerMemory

PARAMS = {
    "recordings": Param(os.environ.get("CALL_SENTIMENT_RECORDINGS", "recordings"), type="string"),
    "batch_size": Param(100, type="integer"),
    "transcript_options": Param({}, type="object"),
    "retranscribe": Param(False, type="boolean"),
    "min_unchanged_s": Param(30, type="number"),
    "wait_s": Param(3600, type="number"),
    "give_up_after_h": Param(24, type="number"),
}


@dag(
    dag_id="whole_run",
    schedule="* * * * *",
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
)
def whole_run() -> None:
    @task
    def discover(*, params: Any = None) -> list[list[str]]:
        hook = AssemblyAIHook(ASSEMBLYAI_CONN_ID)
        hook.check_account()
        return tasks.discover_calls(RESULTS_CONN_ID, params, hook.get_transcript) or []

    @task(task_id="load", trigger_rule="all_done")
    def load_sentences(call_ids: list[str]) -> None:
        tasks.load_calls(RESULTS_CONN_ID, call_ids, AssemblyAIHook(ASSEMBLYAI_CONN_ID).get_transcript)

    @task(trigger_rule="all_done")
    def score() -> int:
        return tasks.score_calls(RESULTS_CONN_ID)

    @task(trigger_rule="all_done")
    def report(batches: Any, *, ti: Any = None) -> None:
        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
        tasks.report_run(RESULTS_CONN_ID, batches or [], states, max_failed_share=0.5)

    batches = discover()
    submit = AssemblyAISubmitTranscriptOperator.partial(
        task_id="submit",
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        memory=LedgerMemory(RESULTS_CONN_ID),
        upload_workers=8,
        fail_on_error=False,
    ).expand(recordings=batches)
    wait = AssemblyAITranscriptSensor.partial(
        task_id="wait",
        deferrable=True,
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        fail_on_error=False,
        timeout=timedelta(hours=1),
        trigger_rule="all_done",
    ).expand(transcript_ids=submit.output)
    wait >> load_sentences.expand(call_ids=batches) >> score() >> report(batches)


whole_run()
