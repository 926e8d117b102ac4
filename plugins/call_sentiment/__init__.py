"""Calls in PostgreSQL: which are known, what their transcripts say, how they score."""

from __future__ import annotations

DAG_ID = "call_sentiment"
