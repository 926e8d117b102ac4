"""The Python tasks of the Dag, and what its templates and operators call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowRuntimeError

from assemblyai_provider.exceptions import TransportError
from call_sentiment import backfill, report, rescore
from call_sentiment.costs.budget import Budget, RequestFor
from call_sentiment.costs.estimate import estimate
from call_sentiment.costs.prices import find_prices, read_prices, store_prices
from call_sentiment.database import connect, run_sql
from call_sentiment.discovery import discover as ledger
from call_sentiment.discovery.open_calls import Selection
from call_sentiment.discovery.preview import preview
from call_sentiment.listing import refresh_after_run
from call_sentiment.loading import load
from call_sentiment.loading.resume import resume_ended
from call_sentiment.migrations import migrate
from call_sentiment.operations import TaskKey
from call_sentiment.report_log import log_held, log_report
from call_sentiment.scoring import score

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)

MAX_BATCHES = 1000
"""Batches of a run; the rest waits for the next run. Airflow maps a task over 1,024 items by default."""

FAILED_STATES = ("failed", "upstream_failed")

MAX_LOOKED_UP = 200
"""Jobs in progress that a run looks up before it waits for them; more are waited for without that."""

SHORT_WAIT_S = 60
"""A run with a longer wait is meant to wait until its jobs have ended."""

ACTIVE_STATES = ("queued", "running")


def discover_calls(
    postgres_conn_id: str,
    params: Mapping[str, Any],
    fetch: load.Fetch,
    are_in_progress: Callable[[Collection[str]], bool] = lambda ids: False,
    run: str | None = None,
    is_active: Callable[[str], bool] = lambda run: False,
    prices: str | None = None,
    request_for: RequestFor | None = None,
) -> list[list[str]] | None:
    """Claim the new calls of `params["recordings"]`; return all open calls as batches of call ids.

    None where no task of the run has anything to do: no call is open, or the run waits only briefly and all
    that is open are jobs in progress. With the param `backfill`, the calls of a backfill instead of those of
    daily traffic, see `backfill.find_settings`.

    :param are_in_progress: whether the jobs of all these ids are in progress.
    :param run, is_active: see `ledger.discover`.
    :param prices: the account's own prices, see `read_prices`; stored. Raises PricesError.
    :param request_for: like `AssemblyAIHook.default_options`, for what a budget expects; None: the options.
    """
    with closing(connect(postgres_conn_id)) as connection:
        migrate(connection)
        store_prices(connection, read_prices(prices))
        resume_ended(connection, fetch)
        if "backfill" in params:
            settings = backfill.find_settings(connection, params)
            if settings is None:
                return None
            params = settings
        batches = ledger.discover(
            connection,
            params["recordings"],
            params["transcript_options"],
            params["batch_size"],
            params["retranscribe"],
            MAX_BATCHES,
            params["min_unchanged_s"],
            selection=Selection(
                run=run,
                is_active=is_active,
                backfill=params.get("backfill"),
                newest_first=params.get("newest_first", False),
                max_in_progress=backfill.max_in_progress(params),
                budget=Budget.from_params(params, request_for or dict),
            ),
        )
        held = report.find_held(connection)
        idle = _is_idle(connection, batches, params, are_in_progress)
    log.info("%d calls in %d batches", sum(map(len, batches)), len(batches))
    log_held(held)
    return None if idle else batches


def estimate_calls(
    postgres_conn_id: str, params: Mapping[str, Any], prices: str | None, request_for: RequestFor
) -> None:
    """Log what a run with these params would send and what it would cost; see `discover_calls`."""
    with closing(connect(postgres_conn_id)) as connection:
        found = preview(
            connection,
            params["recordings"],
            params["transcript_options"],
            retranscribe=params["retranscribe"],
            unchanged_since=time.time() - params["min_unchanged_s"],
            backfill=backfill.name_of(params) if "backfill" in params else None,
        )
        store_prices(connection, read_prices(prices))
        estimated = estimate(found, find_prices(connection), request_for)
    for line in estimated.lines():
        log.info("%s", line)


def _is_idle(
    connection: Connection,
    batches: Sequence[Sequence[str]],
    params: Mapping[str, Any],
    are_in_progress: Callable[[Collection[str]], bool],
) -> bool:
    if rescore.has_backlog(connection):
        return False
    call_ids = [call_id for batch in batches for call_id in batch]
    if not call_ids:
        return True
    if params["wait_s"] > SHORT_WAIT_S:
        return False
    wanted = {"call_ids": call_ids, "give_up_after_s": params["give_up_after_h"] * 3600}
    (row,) = run_sql(connection, "discovery/find_in_progress", wanted)
    ids = row["assemblyai_ids"] or []
    # Fewer jobs than calls: a refused call, which has no job, is to be reported.
    if row["has_work"] or len(ids) != len(call_ids) or len(ids) > MAX_LOOKED_UP:
        return False
    try:
        return are_in_progress(ids)
    except TransportError as error:
        log.warning("Jobs in progress cannot be looked up now: %s. The run waits for them", error)
        return False


def name_of_run(dag_id: str, run_id: str) -> str:
    """The name under which a run claims in the ledger; a Dag's id has no space."""
    return f"{dag_id} {run_id}"


def is_run_active(name: str, get_state: Callable[[str, str], str]) -> bool:
    """Whether the run of a name is queued or running; one that was deleted is not.

    :param get_state: state by Dag and run, like `get_dagrun_state` of a running task instance.
    """
    dag_id, _, run_id = name.partition(" ")
    try:
        return get_state(dag_id, run_id) in ACTIVE_STATES
    except AirflowRuntimeError as error:
        log.warning("Run %s is unknown to Airflow (%s): this run takes over what it claimed", name, error)
        return False


def load_calls(
    postgres_conn_id: str,
    call_ids: Sequence[str],
    fetch: load.Fetch,
    ended: Sequence[Sequence[str]] | None = None,
    give_up_after_h: float | None = None,
    task: TaskKey | None = None,
) -> None:
    """Store the finished transcripts of these calls; see `load.load_batch`.

    :param ended: AssemblyAI ids of jobs that have ended, of each wait; None: not known.
    :param task: noted as the task instance that handles them.
    """
    summary = load.load_batch(
        postgres_conn_id,
        call_ids,
        fetch,
        ended=None if ended is None else [transcript_id for ids in ended for transcript_id in ids],
        give_up_after_s=None if give_up_after_h is None else give_up_after_h * 3600,
        task=task,
    )
    log.info(
        "%d transcripts loaded with %d sentences, %d failed, %d given up, %d in progress",
        summary.loaded,
        summary.sentences,
        summary.failed,
        summary.given_up,
        summary.in_progress,
    )


def score_calls(postgres_conn_id: str) -> int:
    """Score every loaded transcript that has no score yet; return how many.

    Then rescore a portion of the transcripts with scores of other formula versions; an error there fails no
    task.
    """
    with closing(connect(postgres_conn_id)) as connection:
        count = score.score_pending(connection)
        if rescored := rescore.rescore_portion(connection):
            log.info("%d older transcripts scored again by version %s", rescored, score.FORMULA_VERSION)
        refresh_after_run(connection)
    return count


def report_run(
    postgres_conn_id: str,
    batches: Sequence[Sequence[str]],
    task_states: Mapping[str, str | None],
    max_failed_share: float,
) -> dict[str, float]:
    """Log the outcome of the run's calls, each failed one with its reason; return the counts.

    Also logs notices, and how many transcripts still have scores of old formula versions.

    :param task_states: state by task (and map index) of the run.
    :raises AirflowFailException: where a task of the run failed, or a larger share of its calls than
        `max_failed_share`.
    """
    with closing(connect(postgres_conn_id)) as connection:
        result = report.report_calls(connection, [call_id for batch in batches for call_id in batch])
        old_scores = report.find_old_scores(connection)
        held = report.find_held(connection)
        refresh_after_run(connection)
    counts = {**result.counts, "waiting_for_budget": sum(group.transcripts for group in held)}
    log_report(result, counts, old_scores)
    log_held(held)
    if failed := sorted(name for name, state in task_states.items() if state in FAILED_STATES):
        raise AirflowFailException(
            f"tasks of this run failed: {', '.join(failed)}. Their logs say why; the next run continues with "
            "their calls."
        )
    if result.failed_share > max_failed_share:
        raise AirflowFailException(
            f"{result.failed} of {result.calls} calls failed, a larger share than {max_failed_share:g}: "
            "see the reasons above"
        )
    return counts


def describe_batch(items: str | Sequence[str]) -> str:
    """A label for a mapped task instance: how many items it handles, the first and the last."""
    names = [items] if isinstance(items, str) else [name.rsplit("/", 1)[-1] for name in items]
    if len(names) < 2:
        return "".join(names) or "nothing"
    return f"{len(names)}: {names[0]} .. {names[-1]}"
