"""``python -m assemblyai_sandbox`` and the package itself."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from assemblyai_sandbox.__main__ import parser, settings_from
from assemblyai_sandbox.settings import DEFAULT_API_KEY

PACKAGE = Path(sys.modules["assemblyai_sandbox"].__path__[0])


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assemblyai_sandbox", "--port", "0", "--engine", "scripted"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    with subprocess.Popen(
        [*command, "--state", str(tmp_path), "--api-key", "k=acme/sales"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert url, line
        answer = httpx.get(f"{url[0]}/v2/transcript", headers={"authorization": "k"}, trust_env=False)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    assert "key k" not in line
    assert answer.status_code == 200
    assert (tmp_path / "uploads").is_dir()


def test_by_default_it_recognises_speech_locally_on_the_real_clock() -> None:
    arguments = parser().parse_args([])
    settings = settings_from(arguments)

    assert (arguments.host, settings.engine, settings.clock) == ("127.0.0.1", "speech", "real")
    assert settings.api_keys == {DEFAULT_API_KEY: "default/default"}
    assert settings.seed is None


def test_options_reach_the_settings() -> None:
    arguments = "--api-key a=x/y --api-key b --preset docs --concurrency 5 --region eu --model-policy 2026-q1"
    settings = settings_from(parser().parse_args(arguments.split()))

    assert settings.api_keys == {"a": "x/y", "b": "default/default"}
    assert (settings.concurrency, settings.region, settings.model_policy) == (5, "eu", "2026-q1")
    assert (settings.rate_limit_status, settings.unknown_id_status) == (403, 400)


def test_a_key_of_the_environment_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSEMBLYAI_SANDBOX_API_KEY", "from the environment=x/y")

    assert settings_from(parser().parse_args([])).api_keys == {"from the environment": "x/y"}
    assert settings_from(parser().parse_args(["--api-key", "b"])).api_keys == {"b": "default/default"}
    assert "from the environment" not in parser().format_help()


def test_the_help_says_that_it_is_not_the_service() -> None:
    assert "It is not the service" in parser().format_help().replace("\n", " ")


def test_a_port_in_use_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--port", "none"])
    assert "invalid int value" in capsys.readouterr().err


def test_the_package_imports_nothing_of_the_project_it_tests() -> None:
    allowed = {"assemblyai_sandbox", "fastapi", "starlette", "uvicorn", "httpx", "numpy", "av"}
    allowed |= {"pocketsphinx", "vaderSentiment"} | set(sys.stdlib_module_names)
    imported = {
        name.split(".")[0]
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _names(node)
    }

    assert imported <= allowed


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
