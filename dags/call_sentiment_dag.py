"""Transcribe call recordings and score the sentiment of each call.

**discover** finds calls and claims the new ones in the ledger. **submit** uploads each recording to
AssemblyAI once, even if a worker dies in between. **wait** occupies no worker while AssemblyAI works.
**load** copies the sentences into PostgreSQL. **score** computes the figures there. **report** logs every
failed call with its reason.

The results are in the schema `call_sentiment` of the connection `call_sentiment_db`. Start with the view
`call_overview`. A failed call does not stop the others. The next run picks up where a dead one stopped.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Param, Variable, task
from airflow.sdk.exceptions import DownstreamTasksSkipped

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_provider.models import WEBHOOK_PREFIX
from assemblyai_provider.operators import AssemblyAISubmitTranscriptOperator
from assemblyai_provider.option_checks import check_options
from assemblyai_provider.sensors import AssemblyAITranscriptSensor
from call_sentiment import ASSEMBLYAI_CONN_ID, BACKFILL_DAG_ID, DAG_ID, RESULTS_CONN_ID, operations, tasks
from call_sentiment.costs.prices import VARIABLE as PRICES_VARIABLE
from call_sentiment.default_options import VARIABLE as OPTIONS_VARIABLE
from call_sentiment.default_options import read_default_options
from call_sentiment.ledger_memory import LedgerMemory
from call_sentiment.params import backfill_params, budget_params
from call_sentiment.schedule import default_wait_s, read_schedule

SCORES = Asset("call_sentiment_scores")
# A cron expression or a number of seconds. Empty: the Dag runs only when triggered.
SCHEDULE = os.environ.get("CALL_SENTIMENT_SCHEDULE", "30")

# Airflow stores and shows the params of a run in plain text, so they must not hold a secret.
NO_WEBHOOKS = {
    "not": {"pattern": f"^{WEBHOOK_PREFIX}"},
    "description": f"A webhook belongs in the extra of the Airflow connection {ASSEMBLYAI_CONN_ID} "
    "(webhook_url, webhook_auth_header_name, webhook_secret), where its secret is encrypted.",
}

DOWNSTREAM = ["submit", "wait", "load", "score", "report"]

PARAMS = {
    "recordings": Param(
        os.environ.get("CALL_SENTIMENT_RECORDINGS", "recordings"),
        type="string",
        minLength=1,
        title="Recordings",
        description="The calls: a folder, an object-store URI (s3://, gs://) or a manifest (.jsonl).",
    ),
    "batch_size": Param(
        100,
        type="integer",
        minimum=1,
        maximum=200,
        title="Batch size",
        description="Calls that one mapped task submits, waits for or loads.",
    ),
    "transcript_options": Param(
        read_default_options(os.environ.get(OPTIONS_VARIABLE, "")),
        type="object",
        propertyNames=NO_WEBHOOKS,
        title="Transcript options",
        description="Sent to AssemblyAI with every new transcript. They override the defaults. "
        'Example: {"content_safety": true}.',
    ),
    "allow_unknown_options": Param(
        False,
        type="boolean",
        title="Allow unknown options",
        description="Pass on transcript options that this version does not know. Otherwise they fail the run "
        "before it claims a call.",
    ),
    "retranscribe": Param(
        False,
        type="boolean",
        title="Transcribe again",
        description="Transcribe, and pay for, calls again that were transcribed with other options.",
    ),
    "min_unchanged_s": Param(
        30,
        type="number",
        minimum=0,
        title="Minimum age of a recording (seconds)",
        description="A file that changed more recently may be incomplete. A later run takes it.",
    ),
    "wait_s": Param(
        default_wait_s(SCHEDULE),
        type="number",
        minimum=1,
        title="Longest wait (seconds)",
        description="A run waits at most this long for its jobs. It stops earlier when no further job has "
        "ended for a third of this time. A later run loads the jobs that are still in progress.",
    ),
    "give_up_after_h": Param(
        24,
        type="number",
        exclusiveMinimum=0,
        title="Give up after (hours)",
        description="A job in progress for longer fails its call. If the job ends later, it is still loaded.",
    ),
    "max_failed_share": Param(
        0.5,
        type="number",
        minimum=0,
        maximum=1,
        title="Tolerated share of failed calls",
        description="The run fails when a larger share of its calls has failed. 0.5 is half of them.",
    ),
    "pool": Param(
        "default_pool",
        type="string",
        minLength=1,
        title="Airflow pool",
        description="The pool of the tasks submit, wait and load. It must exist.",
    ),
    **budget_params(),
}


@task
def discover(*, params: Any = None, ti: Any = None) -> list[list[str]]:
    check_options(
        params["transcript_options"],
        "param transcript_options",
        allow_unknown=params["allow_unknown_options"],
    )
    hook = AssemblyAIHook(ASSEMBLYAI_CONN_ID)
    hook.check_account()
    prices = Variable.get(PRICES_VARIABLE, default=None)
    if params["dry_run"]:
        tasks.estimate_calls(RESULTS_CONN_ID, params, prices, hook.default_options)
        raise DownstreamTasksSkipped(tasks=DOWNSTREAM)
    batches = tasks.discover_calls(
        RESULTS_CONN_ID,
        params,
        hook.get_transcript,
        hook.are_in_progress,
        tasks.name_of_run(ti.dag_id, ti.run_id),
        lambda name: tasks.is_run_active(name, ti.get_dagrun_state),
        prices,
        hook.default_options,
    )
    operations.add_requests(RESULTS_CONN_ID, {"discover": hook.client.requests_sent})
    if batches is None:
        raise DownstreamTasksSkipped(tasks=DOWNSTREAM)
    return batches


@task(
    task_id="load",
    trigger_rule="all_done",
    map_index_template="{{ describe_batch(task.op_kwargs['call_ids']) }}",
)
def load_sentences(call_ids: list[str], ended: Any, *, params: Any = None, ti: Any = None) -> None:
    hook, task = AssemblyAIHook(ASSEMBLYAI_CONN_ID), operations.task_key(ti)
    try:
        tasks.load_calls(
            RESULTS_CONN_ID,
            call_ids,
            hook.get_transcript,
            ended and ended[:],
            params["give_up_after_h"],
            task,
        )
        operations.note_completion(RESULTS_CONN_ID, call_ids, hook.get_completion_times)
    finally:
        counts = {"load": hook.client.requests_sent, **operations.pull_requests(ti, ("submit", "wait"))}
        operations.add_requests(RESULTS_CONN_ID, counts)


@task(trigger_rule="all_done")
def score() -> int:
    return tasks.score_calls(RESULTS_CONN_ID)


@task(trigger_rule="all_done", outlets=[SCORES])
def report(
    batches: list[list[str]] | None, *, params: Any = None, ti: Any = None, outlet_events: Any = None
) -> None:
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    counts = tasks.report_run(RESULTS_CONN_ID, batches or [], states, params["max_failed_share"])
    outlet_events[SCORES].extra = counts


def make_dag(
    dag_id: str = DAG_ID,
    *,
    retries: int = 2,
    retry_delay: timedelta = timedelta(seconds=30),
    wait_timeout: timedelta = timedelta(hours=2),
    params: dict[str, Param] = PARAMS,
    **settings: Any,
) -> DAG:
    """Build the Dag under an id; the file that assigns it to a module variable registers it.

    :param wait_timeout: fails `wait`; it passes only where the triggerer is down for hours.
    :param settings: arguments of the `DAG` that replace those of daily traffic.
    """
    daily = {
        "dag_display_name": "Call sentiment",
        "description": "Transcribe call recordings and score their sentiment",
        "schedule": read_schedule(SCHEDULE),
        "max_active_runs": 4,
    }
    with DAG(
        dag_id,
        **(daily | settings),
        catchup=False,
        params=params,
        default_args={"retries": retries, "retry_delay": retry_delay},
        user_defined_macros={"describe_batch": tasks.describe_batch},
        tags=["assemblyai", "call-sentiment"],
        doc_md=__doc__,
        # Otherwise a file that imports this one would register this Dag a second time.
        auto_register=False,
    ) as dag:
        _connect_tasks(wait_timeout, params["pool"].value)
    return dag


def _connect_tasks(wait_timeout: timedelta, pool: str) -> None:
    batches = discover()
    submit = AssemblyAISubmitTranscriptOperator.partial(
        task_id="submit",
        pool=pool,
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        memory=LedgerMemory(RESULTS_CONN_ID),
        upload_workers=8,
        fail_on_error=False,
        push_requests=True,
        map_index_template="{{ describe_batch(task.recordings) }}",
    ).expand(recordings=batches)
    wait = AssemblyAITranscriptSensor.partial(
        task_id="wait",
        pool=pool,
        assemblyai_conn_id=ASSEMBLYAI_CONN_ID,
        fail_on_error=False,
        patience="{{ params.wait_s / 3 }}",
        end_after="{{ params.wait_s }}",
        deferrable=True,
        push_requests=True,
        timeout=wait_timeout,
        trigger_rule="all_done",
        map_index_template="{{ describe_batch(task.transcript_ids) }}",
    ).expand(transcript_ids=submit.output)
    (
        load_sentences.override(pool=pool).partial(ended=wait.output).expand(call_ids=batches)
        >> score()
        >> report(batches)
    )


call_sentiment = make_dag()
# Paused until somebody has a history to transcribe: docs/backfill.md.
call_sentiment_backfill = make_dag(
    BACKFILL_DAG_ID,
    params=backfill_params(PARAMS),
    dag_display_name="Call sentiment: backfill",
    description="Transcribe a long history beside daily traffic",
    schedule=read_schedule(os.environ.get("CALL_SENTIMENT_BACKFILL_SCHEDULE", "30")),
    max_active_runs=2,
    is_paused_upon_creation=True,
)
