"""The example Dags of the installed provider run on this Airflow, by `dag.test()` against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import assemblyai_provider
from assemblyai_sandbox.testing import SandboxServer

EXAMPLES = Path(assemblyai_provider.__file__).parent / "example_dags"

RUN_ALL = """
import json, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # before Airflow 3.2
    from airflow.models.dagbag import DagBag
from airflow.utils.db import initdb
initdb()
bag = DagBag(dag_folder=sys.argv[1])
conf = json.loads(sys.argv[2])
states = {
    dag_id: dag.test(run_conf={name: conf[name] for name in dag.params}).state
    for dag_id, dag in bag.dags.items()
}
print(json.dumps({"errors": bag.import_errors, "states": states}))
"""


def test_every_example_succeeds_and_each_recording_is_paid_for_once(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.script("*", {"sentences": [{"text": "It broke.", "start": 0, "end": 900}], "processing_s": 2})
    connection = {"conn_type": "assemblyai", "host": sandbox.url, "password": sandbox.api_key}
    conf = {
        "recording": "https://h/a.mp3",
        "recordings": ["https://h/a.mp3", "https://h/b.mp3"],
        "path": str(tmp_path / "a.vtt"),
    }
    settings = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT": json.dumps({**connection, "extra": {"poll_interval_s": 0.1}}),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
    }
    done = subprocess.run(
        (sys.executable, "-c", RUN_ALL, str(EXAMPLES), json.dumps(conf)),
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["errors"] == {}
    assert len(answer["states"]) == len([path for path in EXAMPLES.glob("example_*.py")])
    assert set(answer["states"].values()) == {"success"}, done.stdout[-3000:]
    posted = [entry for entry in sandbox.journal("submit") if entry["status"] == 200]
    assert len(posted) == len(sandbox.charges()) > 0
