"""Gives the tests an Airflow home of their own, before anything imports Airflow."""

from __future__ import annotations

import importlib.util
import os
import tempfile

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="call-sentiment-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "false"

pytest_plugins = ["tests.support.sandbox_fixtures"]
if importlib.util.find_spec("psycopg2"):  # `make matrix` installs the provider and the sandbox alone
    pytest_plugins.append("tests.support.fixtures")
