"""Airflow reads our folders as we mean it to; each check runs in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local_stack.paths import REPOSITORY

LOADED_AS_PLUGINS = """
import json, sys
from airflow import plugins_manager
errors = plugins_manager.get_import_errors()
ours = sorted(name for name, module in sys.modules.items()
              if (getattr(module, "__file__", None) or "").startswith(sys.argv[1]))
print(json.dumps({"errors": errors, "modules": ours}))
"""

IMPORTED_DAG = """
import json, sys
import airflow.sdk
touched = []
watched = ("socket.connect", "sqlite3.connect")
sys.addaudithook(lambda event, args: touched.append(event) if event in watched else None)
sys.path.insert(0, sys.argv[1])
import call_sentiment_dag
print(json.dumps({"touched": touched, "dags": [call_sentiment_dag.DAG_ID]}))
"""


def _python(script: str, argument: Path, home: Path, plugins: Path) -> dict[str, list[str]]:
    done = subprocess.run(
        (sys.executable, "-c", script, str(argument)),
        env={
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__CORE__LAZY_LOAD_PLUGINS": "false",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_the_packages_in_plugins_are_not_executed_file_by_file(tmp_path: Path) -> None:
    answer = _python(LOADED_AS_PLUGINS, REPOSITORY / "plugins", tmp_path, REPOSITORY / "plugins")
    assert not answer["errors"]
    packages = ("assemblyai_provider", "call_sentiment")
    assert [name for name in answer["modules"] if name.split(".")[0] not in packages] == []


def test_without_the_ignore_file_they_would_be(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    shutil.copytree(
        REPOSITORY / "plugins", plugins, ignore=shutil.ignore_patterns(".airflowignore", "*.egg-info")
    )
    answer = _python(LOADED_AS_PLUGINS, plugins, tmp_path, plugins)
    assert answer["errors"] or "models" in answer["modules"]


def test_importing_the_dag_touches_no_database_and_no_network(tmp_path: Path) -> None:
    answer = _python(IMPORTED_DAG, REPOSITORY / "dags", tmp_path, REPOSITORY / "plugins")
    assert answer == {"touched": [], "dags": ["call_sentiment"]}
