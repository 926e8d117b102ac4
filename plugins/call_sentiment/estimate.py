"""Estimates minutes and cost of recordings before anything is sent.

python -m call_sentiment.estimate LOCATION [--transcript-options JSON] [--no-database]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowNotFoundException

from assemblyai_provider.hooks import AssemblyAIHook
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID
from call_sentiment.costs.budget import RequestFor
from call_sentiment.costs.estimate import Estimate, estimate
from call_sentiment.costs.prices import VARIABLE, find_prices, read_prices, store_prices
from call_sentiment.database import connect
from call_sentiment.discovery.preview import preview, preview_without_ledger
from call_sentiment.exceptions import CallSentimentError

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; it prints the estimate, line by line."""
    options = _read_options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        found = _estimate(options)
    except CallSentimentError as error:
        raise SystemExit(str(error)) from None
    sys.stdout.write("\n".join([*found.lines(), ""]))


def _estimate(options: argparse.Namespace) -> Estimate:
    prices = read_prices(Variable.get(VARIABLE, default=None))
    if not options.no_database:
        try:
            connection = connect(options.postgres_conn_id)
        except AirflowNotFoundException:
            log.info("No connection %s: every recording counts as new", options.postgres_conn_id)
        else:
            with closing(connection):
                found = preview(connection, options.location, options.transcript_options)
                store_prices(connection, prices)
                return estimate(found, find_prices(connection), request_builder())
    found = preview_without_ledger(options.location, options.transcript_options)
    return estimate(found, prices, request_builder())


def request_builder() -> RequestFor:
    """What is sent for a call's options, by the connection to AssemblyAI; the defaults without one."""
    hook = AssemblyAIHook(ASSEMBLYAI_CONN_ID)
    try:
        hook.get_connection(ASSEMBLYAI_CONN_ID)
    except AirflowNotFoundException:
        log.info("No connection %s: the default speech models are assumed", ASSEMBLYAI_CONN_ID)
        os.environ[f"AIRFLOW_CONN_{ASSEMBLYAI_CONN_ID.upper()}"] = '{"conn_type": "assemblyai"}'
    return hook.default_options


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m call_sentiment.estimate",
        description="Say how many minutes of audio a run would send and what they would cost, by the headers"
        " of the recordings. Nothing is sent, no call is stored.",
    )
    parser.add_argument("location", help="a folder, an object-store URI or a manifest (.jsonl)")
    parser.add_argument(
        "--transcript-options", type=_json_object, default={}, help="as the param of the Dag, in JSON"
    )
    parser.add_argument("--postgres-conn-id", default=RESULTS_CONN_ID, help="Airflow connection")
    parser.add_argument(
        "--no-database", action="store_true", help="do not ask the results database which calls are known"
    )
    return parser.parse_args(arguments)


def _json_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{text} is no JSON object")
    return value


if __name__ == "__main__":
    main()
