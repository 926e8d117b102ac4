"""Calls in PostgreSQL: which are known, what their transcripts say, how they score."""

from __future__ import annotations

__version__ = "0.1.0"

DAG_ID = "call_sentiment"
BACKFILL_DAG_ID = "call_sentiment_backfill"

ASSEMBLYAI_CONN_ID = "assemblyai_default"
RESULTS_CONN_ID = "call_sentiment_db"
"""The Airflow connections of the Dag and of what belongs to it."""
