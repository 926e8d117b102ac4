"""The project's Dag, quick to retry, for the reliability suite: Airflow reads this file in its place.

`call_sentiment_dag` is found because the suite puts its folder on PYTHONPATH.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from call_sentiment_dag import make_dag

QUICK: dict[str, Any] = {"retries": 4, "retry_delay": timedelta(seconds=1)}

quick = make_dag(**QUICK)
second = make_dag("call_sentiment_second", **QUICK)
short_timeout = make_dag("call_sentiment_short_timeout", **QUICK, wait_timeout=timedelta(seconds=3))
