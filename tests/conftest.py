"""Gives the tests an Airflow home of their own, before anything imports Airflow."""

from __future__ import annotations

import os
import tempfile

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="call-sentiment-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"

pytest_plugins = ["tests.support.fixtures"]
