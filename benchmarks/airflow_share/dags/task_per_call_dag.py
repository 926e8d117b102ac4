"""The peer of `benchmarks.airflow_share`: the pipeline of `dags/call_sentiment_dag.py`, one call per task.

It uses the same operators, sensor, ledger and functions, mapped over calls as usual. A run takes as many
calls as Airflow maps a task over (`tasks.MAX_BATCHES`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID, tasks
from call_sentiment.ledger_memory import LedgerMemory

PARAMS = {
    "recordings": Param("recordings", type="string", minLength=1),
    "batch_size": Param(1, const=1),
    "transcript_options": Param({}, type="object"),
    "retranscribe": Param(False, type="boolean"),
    "min_unchanged_s": Param(30, type="number"),
    "wait_s": Param(3600, type="number"),
    "give_up_after_h": Param(24, type="number"),
}


@dag(
    dag_id="task_per_call",
    schedule=None,
    max_active_runs=1,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
)
def task_per_call() -> None:
    @task
    def discover(*, params: Any = None) -> list[str]:
        hook = AssemblyAIHook(ASSEMBLYAI_CONN_ID)
        hook.check_account()
        batches = tasks.discover_calls(RESULTS_CONN_ID, params, hook.get_transcript) or []
        return [call_id for batch in batches for call_id in batch]

    @task(task_id="load", trigger_rule="all_done")
    def load_sentences(call_id: str) -> None:
        tasks.load_calls(RESULTS_CONN_ID, [call_id], AssemblyAIHook(ASSEMBLYAI_CONN_ID).get_transcript)

    @task(trigger_rule="all_done")
    def score() -> int:
        return tasks.score_calls(RESULTS_CONN_ID)

    @task(trigger_rule="all_done")
    def report(calls: Any, *, ti: Any = None) -> None:
        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
        tasks.report_run(RESULTS_CONN_ID, [calls or []], states, max_failed_share=0.5)

    calls = discover()
    submit = AssemblyAISubmitTranscriptOperator.partial(
        task_id="submit",
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        memory=LedgerMemory(RESULTS_CONN_ID),
        fail_on_error=False,
    ).expand(recordings=calls)
    wait = AssemblyAITranscriptSensor.partial(
        task_id="wait",
        deferrable=True,
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        fail_on_error=False,
        timeout=timedelta(hours=1),
        trigger_rule="all_done",
    ).expand(transcript_ids=submit.output)
    wait >> load_sentences.expand(call_id=calls) >> score() >> report(calls)


task_per_call()
