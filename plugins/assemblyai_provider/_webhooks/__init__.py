"""Receives AssemblyAI's webhooks in Airflow's api-server."""

from __future__ import annotations
