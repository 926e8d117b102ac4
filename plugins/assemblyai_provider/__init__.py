"""Apache Airflow provider for AssemblyAI's pre-recorded speech-to-text.

Import from `operators`, `sensors`, `triggers`, `hooks`, `models`, `exceptions` and `submission_memory`.
Packages whose names start with an underscore are private.
"""

from __future__ import annotations

__version__ = "0.1.0"
