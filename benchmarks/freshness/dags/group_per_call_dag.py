"""A peer of `benchmarks.freshness`: a mapped task group, one call each, in a run every minute.

A straggler delays no other call: each call has its own tasks, runs overlap, and a deferred wait takes no
slot. To favour this peer it has two tasks fewer: the task that loads a call scores it, and nothing is
reported. A run takes only the calls it claimed itself, so runs do not repeat each other's work, and no run
continues a dead one.
"""

from __future__ import annotations

import os
from contextlib import closing
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task, task_group

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID, tasks
from call_sentiment.database import connect
from call_sentiment.ledger_memory import LedgerMemory

PARAMS = {
    "recordings": Param(os.environ.get("CALL_SENTIMENT_RECORDINGS", "recordings"), type="string"),
    "batch_size": Param(1, const=1),
    "transcript_options": Param({}, type="object"),
    "retranscribe": Param(False, type="boolean"),
    "min_unchanged_s": Param(30, type="number"),
    "wait_s": Param(3600, type="number"),
    "give_up_after_h": Param(24, type="number"),
}


@dag(
    dag_id="group_per_call",
    schedule="* * * * *",
    catchup=False,
    max_active_runs=100,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
)
def group_per_call() -> None:
    # One at a time, or a run would take what another one has claimed meanwhile.
    @task(max_active_tis_per_dag=1)
    def discover(*, params: Any = None) -> list[str]:
        AssemblyAIHook(ASSEMBLYAI_CONN_ID).check_account()
        with closing(connect(RESULTS_CONN_ID)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            began = cursor.fetchone()
            tasks.discover_calls(RESULTS_CONN_ID, params, AssemblyAIHook(ASSEMBLYAI_CONN_ID).get_transcript)
            cursor.execute("SELECT call_id FROM call_sentiment.transcripts WHERE created_at >= %s", began)
            return [call_id for (call_id,) in cursor.fetchall()]

    @task(task_id="load", trigger_rule="all_done")
    def load_and_score(call_id: str) -> int:
        tasks.load_calls(RESULTS_CONN_ID, [call_id], AssemblyAIHook(ASSEMBLYAI_CONN_ID).get_transcript)
        return tasks.score_calls(RESULTS_CONN_ID)

    @task_group
    def transcribe(call_id: str) -> None:
        submit = AssemblyAISubmitTranscriptOperator(
            task_id="submit",
            recordings=call_id,
            assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
            memory=LedgerMemory(RESULTS_CONN_ID),
            fail_on_error=False,
        )
        wait = AssemblyAITranscriptSensor(
            task_id="wait",
            deferrable=True,
            transcript_ids=submit.output,
            assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
            fail_on_error=False,
            timeout=timedelta(hours=1),
            trigger_rule="all_done",
        )
        wait >> load_and_score(call_id)

    transcribe.expand(call_id=discover())


group_per_call()
