"""`make demo`: scores recordings, prints a table, and keeps Airflow's UI open."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from assemblyai_provider._client import AssemblyAIClient, ClientSettings
from assemblyai_provider.models import TranscriptStatus
from call_sentiment import DAG_ID
from call_sentiment.costs.estimate import estimate
from call_sentiment.costs.prices import read_prices
from call_sentiment.database import connect_dsn
from call_sentiment.discovery.preview import preview
from call_sentiment.estimate import request_builder
from call_sentiment.exceptions import LocationError
from local_stack.processes import AlreadyRunningError, ProcessDiedError
from local_stack.stack import SANDBOX_KEY, Stack
from quickstart import results
from quickstart.display import score_table
from quickstart.remarks import find_remarks
from quickstart.settings import DSN_FILE, STATE, DemoSettings

# The width of a file or pipe is unknown: make it wide enough for the table.
CONSOLE = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
FINISHED = ("success", "failed")
AIRFLOW_PORT, SANDBOX_PORT = 8080, 8765


def main() -> int:
    """Run the demo; the exit code is 0 if no call has failed or is in progress."""
    settings = DemoSettings.from_environment()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    try:
        variables = settings.dag_variables()
        stack = Stack(STATE, settings=variables, port=AIRFLOW_PORT, sandbox_port=SANDBOX_PORT)
    except AlreadyRunningError as error:
        CONSOLE.print(f"[red]{error}[/red]")
        return 1
    try:
        with stack:
            return _run(stack, settings)
    except (ProcessDiedError, RuntimeError, TimeoutError) as error:
        CONSOLE.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        CONSOLE.print("\nStopped. The results are kept; `make clean-demo` deletes them.")
        return 0 if not settings.leave else 130
    finally:
        DSN_FILE.unlink(missing_ok=True)


def _run(stack: Stack, settings: DemoSettings) -> int:
    base_url, api_key = _start(stack, settings)
    begun = datetime.now(UTC)
    run_id = stack.api.trigger(DAG_ID, {"recordings": settings.recordings})
    stack.api.unpause(DAG_ID)
    with closing(AssemblyAIClient(ClientSettings(base_url=base_url, api_key=api_key))) as client:
        state = _show_progress(stack, client, run_id, begun)
    return _show_results(stack, settings, begun, state)


def _start(stack: Stack, settings: DemoSettings) -> tuple[str, str]:
    DSN_FILE.write_text(stack.results_dsn)
    if settings.api_key:
        base_url, api_key = settings.base_url, settings.api_key
        _print_cost(stack, settings)
    else:
        with _step("No ASSEMBLYAI_API_KEY: starting the sandbox instead of AssemblyAI (English only)"):
            base_url, api_key = stack.start_sandbox(), SANDBOX_KEY
    with _step("Preparing Airflow's database"):
        stack.migrate()
    with _step("Starting Airflow (api-server, scheduler, dag-processor, triggerer)"):
        stack.start_airflow()
    stack.connect(base_url=base_url, api_key=api_key)
    return base_url, api_key


def _print_cost(stack: Stack, settings: DemoSettings) -> None:
    with closing(connect_dsn(stack.results_dsn)) as connection:
        try:
            found = preview(connection, settings.recordings, {})
        except LocationError:
            return  # the Dag's `discover` fails with the reason
        estimated = estimate(found, read_prices(None), request_builder())
    CONSOLE.print(f"Sent to {settings.base_url} and charged there:")
    for line in estimated.lines():
        CONSOLE.print(f"  {line}", markup=False, soft_wrap=True)
    if settings.price_per_hour is not None:
        cost = estimated.minutes / 60 * settings.price_per_hour
        CONSOLE.print(f"  At your PRICE_PER_HOUR of {settings.price_per_hour:.2f}: {cost:.2f}")


def _show_progress(stack: Stack, client: AssemblyAIClient, run_id: str, since: datetime) -> str:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=CONSOLE) as bar:
        task = bar.add_task("Looking for new calls", total=None)
        while True:
            state = stack.api.run_state(DAG_ID, run_id)
            # After the state: this run ends at once where a scheduled one has just claimed all calls.
            # Scheduled runs also load the jobs that are in progress when this one ends.
            counts = results.read_progress(stack.results_dsn, since)
            if state == "failed" or (state in FINISHED and not counts.open):
                break
            stack.processes.check()
            if counts.in_progress:
                ended = max(0, counts.submitted - _count_jobs_in_progress(client))
                bar.update(task, description="Transcribing", completed=ended, total=counts.calls)
            elif counts.new:
                done = counts.submitted
                bar.update(task, description="Loading and scoring", completed=done, total=counts.calls)
            time.sleep(1.0)
        bar.update(task, description="Done", completed=1, total=1, visible=False)
    return state


def _count_jobs_in_progress(client: AssemblyAIClient) -> int:
    """The account's jobs in progress, at most 200 of each job status: enough for a progress bar."""
    active = (TranscriptStatus.QUEUED, TranscriptStatus.PROCESSING)
    return sum(len(client.list_transcripts(status=status).items) for status in active)


def _show_results(stack: Stack, settings: DemoSettings, begun: datetime, state: str) -> int:
    calls = results.read_overview(stack.results_dsn)
    CONSOLE.print(score_table(calls))
    for remark in find_remarks(settings.recordings, calls):
        CONSOLE.print(remark, style="yellow", markup=False, soft_wrap=True)
    paid = results.read_progress(stack.results_dsn, begun).new
    if paid:
        CONSOLE.print(f"{paid} of {len(calls)} calls were submitted in this run.")
    else:
        CONSOLE.print(f"Nothing new to pay for: all {len(calls)} calls were submitted by earlier runs.")
    CONSOLE.print(f"Airflow: {stack.api.base_url}/dags/{DAG_ID}")
    CONSOLE.print(f"Calls, to read and to hear: {stack.api.base_url}/plugin/calls")
    CONSOLE.print("Results: `make psql` opens the database while the demo runs.")
    complete = state == "success" and all(call["status"] not in ("failed", "in_progress") for call in calls)
    if not complete:
        CONSOLE.print(
            f"Not every call was scored. Run state: {state}. See the log of its task `report`.",
            style="red",
        )
    if not settings.leave:
        CONSOLE.print("Press Ctrl-C to stop everything.")
        while True:
            stack.processes.check()
            time.sleep(1.0)
    return 0 if complete else 1


@contextmanager
def _step(description: str) -> Iterator[None]:
    start = time.monotonic()
    with CONSOLE.status(description):
        yield
    CONSOLE.print(f"{description}: {time.monotonic() - start:.0f} s", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
