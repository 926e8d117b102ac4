"""Example Dags, to be copied into a Dags folder."""

from __future__ import annotations
