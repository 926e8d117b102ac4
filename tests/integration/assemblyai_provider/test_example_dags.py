"""The example Dags run as they stand, by `dag.test()` on an Airflow of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_sandbox.testing import SandboxServer
from local_stack.paths import REPOSITORY

PLUGINS = REPOSITORY / "plugins"
EXAMPLES = PLUGINS / "assemblyai_provider" / "example_dags"

RUN_ALL = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.utils.db import initdb
from airflow.utils.session import create_session
examples, plugins, conf = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
initdb()
results = {}
for dag_id, dag in DagBag(dag_folder=examples).dags.items():
    run = dag.test(run_conf={name: conf[name] for name in dag.params})
    with create_session() as session:
        pushed = session.query(XComModel).filter_by(dag_id=dag_id, key="return_value")
        xcoms = {row.task_id: XComModel.deserialize_value(row) for row in pushed}
    results[dag_id] = {"state": run.state, "xcoms": xcoms}
print(json.dumps({"runs": results, "dags_in_plugins": sorted(DagBag(dag_folder=plugins).dags)}))
"""
NAMES = [f"example_assemblyai_{name}" for name in ("delete", "submit_and_wait", "subtitles", "transcribe")]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        server.script(
            "*", {"sentences": [{"text": "It broke.", "start": 0, "end": 900, "sentiment": "NEGATIVE"}]}
        )
        yield server


@pytest.fixture(scope="module")
def airflow(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What an Airflow with a database of its own found and ran."""
    home = tmp_path_factory.mktemp("airflow")
    conf = {
        "recording": "https://h/a.mp3",
        "recordings": ["https://h/a.mp3", "https://h/b.mp3"],
        "path": str(home / "a.vtt"),
    }
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT": connection(sandbox),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(PLUGINS),
    }
    done = subprocess.run(
        (sys.executable, "-c", RUN_ALL, str(EXAMPLES), str(PLUGINS), json.dumps(conf)),
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def connection(sandbox: SandboxServer) -> str:
    return json.dumps({"conn_type": "assemblyai", "host": sandbox.url, "password": sandbox.api_key})


def test_every_example_succeeds(airflow: Any) -> None:
    assert {name: run["state"] for name, run in airflow["runs"].items()} == dict.fromkeys(NAMES, "success")


def test_a_deployment_that_mounts_plugins_among_its_dags_has_no_example(airflow: Any) -> None:
    assert airflow["dags_in_plugins"] == []


def test_the_examples_do_what_they_say(
    airflow: Any, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", connection(sandbox))
    transcribed, subtitles, deleted, waited = (
        airflow["runs"][f"example_assemblyai_{name}"]["xcoms"]
        for name in ("transcribe", "subtitles", "delete", "submit_and_wait")
    )
    assert transcribed["count_results"] == {"negative": 1, "entities": 0, "content_flags": 0}
    assert Path(subtitles["export"]).read_text().startswith("WEBVTT")
    assert deleted["count_words"] == 2
    assert AssemblyAIHook().get_transcript(deleted["transcribe"]).deleted
    assert waited["wait"] == waited["submit"]
    assert len(sandbox.charges()) == 5
