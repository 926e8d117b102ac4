"""Reads the Airflow connection of type `assemblyai`. Private: use the hook."""

from __future__ import annotations
