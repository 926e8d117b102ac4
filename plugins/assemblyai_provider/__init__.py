"""Apache Airflow provider for AssemblyAI's pre-recorded speech-to-text."""

from __future__ import annotations

__version__ = "0.1.0"
