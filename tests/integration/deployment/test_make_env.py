"""`make env` in a folder of its own, with a Python that does not have the project."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from local_stack.paths import REPOSITORY
from tests.support import compose


def _make_env(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-I", "-S", str(REPOSITORY / "deploy" / "make_env.py"))
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_it_writes_everything_compose_asks_for(tmp_path: Path) -> None:
    done = _make_env(
        tmp_path, ASSEMBLYAI_API_KEY="a-key-of-ours", ASSEMBLYAI_BASE_URL="https://api.eu.assemblyai.com"
    )
    assert done.returncode == 0, done.stderr
    environment = compose.load(compose.read_env(tmp_path / ".env"))["services"]["scheduler"]["environment"]
    Fernet(environment["AIRFLOW__CORE__FERNET_KEY"])
    assert len(environment["AIRFLOW__API_AUTH__JWT_SECRET"].encode()) >= 64
    assert "https://api.eu.assemblyai.com" in environment["AIRFLOW_CONN_ASSEMBLYAI_DEFAULT"]
    assert "a-key-of-ours" in environment["AIRFLOW_CONN_ASSEMBLYAI_DEFAULT"]
    assert "COMPOSE_PROFILES" not in (tmp_path / ".env").read_text()
    assert "a-key-of-ours" not in done.stdout


def test_without_a_key_it_chooses_the_sandbox_and_says_so(tmp_path: Path) -> None:
    done = _make_env(tmp_path)
    values = compose.read_env(tmp_path / ".env")
    assert "sandbox" in done.stdout
    assert values["COMPOSE_PROFILES"] == "sandbox"
    sandbox = compose.load(values)["services"]["sandbox"]
    assert sandbox["environment"]["ASSEMBLYAI_SANDBOX_API_KEY"] == values["ASSEMBLYAI_API_KEY"]
    assert values["ASSEMBLYAI_BASE_URL"] == "http://sandbox:8765"
    assert "--port=8765" in sandbox["command"]


def test_no_secret_is_made_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _make_env(tmp_path / name)
    one, two = (compose.read_env(tmp_path / name / ".env") for name in ("one", "two"))
    same = {name for name in one if one[name] == two[name]}
    assert same == {"ASSEMBLYAI_API_KEY", "ASSEMBLYAI_BASE_URL", "COMPOSE_PROFILES"}
    made = [value for name, value in one.items() if name not in same]
    assert len(set(made)) == len(made)


def test_it_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FERNET_KEY=the one in use\n")
    done = _make_env(tmp_path)
    assert done.returncode != 0
    assert "kept" in done.stderr
    assert (tmp_path / ".env").read_text() == "FERNET_KEY=the one in use\n"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    _make_env(tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_key_that_would_break_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    done = _make_env(tmp_path, ASSEMBLYAI_API_KEY='pasted "with quotes"')
    assert done.returncode != 0
    assert "ASSEMBLYAI_API_KEY" in done.stderr
    assert "pasted" not in done.stdout + done.stderr
    assert not (tmp_path / ".env").exists()
