from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(**fields: Any) -> AssemblyAIHook:
        connection = {"conn_type": "assemblyai", "password": "k", **fields}
        monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps(connection))
        return AssemblyAIHook()

    return make


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://api.assemblyai.com"),
        ({"host": "https://api.eu.assemblyai.com/"}, "https://api.eu.assemblyai.com"),
        ({"host": "api.eu.assemblyai.com"}, "https://api.eu.assemblyai.com"),
        ({"host": "http://127.0.0.1", "port": 8123}, "http://127.0.0.1:8123"),
    ],
)
def test_the_host_is_the_base_url_and_the_us_region_the_default(
    hook: Any, fields: dict[str, Any], url: str
) -> None:
    assert hook(**fields).get_client().settings.base_url == url


@pytest.mark.parametrize("key", ["", "  ", "schlüssel", "a\nb"])
def test_a_key_that_cannot_be_one_is_refused_without_being_quoted(hook: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        hook(password=key).get_client()
    assert "assemblyai_default" in str(raised.value)
    assert not key.strip() or key not in str(raised.value)


def test_the_numbers_come_from_the_extra_and_zero_is_a_number(hook: Any) -> None:
    settings = (
        hook(extra={"poll_interval_s": 2, "request_budget": "500", "reconcile_s": 0}).get_client().settings
    )
    assert (settings.poll_interval_s, settings.request_budget, settings.reconcile_s) == (2.0, 500, 0.0)
    settings = hook(extra={"poll_interval_s": None}).get_client().settings
    assert (settings.poll_interval_s, settings.request_budget, settings.reconcile_s) == (5.0, 20_000, 60.0)


def test_the_defaults_are_those_of_the_quickstart_and_speakers_by_voice(hook: Any) -> None:
    assert hook().default_options() == {
        "sentiment_analysis": True,
        "language_detection": True,
        "speaker_labels": True,
        "speech_models": ["assemblyai-stt-3-7", "universal-2"],
    }


@pytest.mark.parametrize(
    ("overrides", "gone"),
    [
        ({"language_code": "en"}, "language_detection"),
        ({"language_codes": ["en", "es"]}, "language_detection"),
        ({"multichannel": True}, "speaker_labels"),
        ({"sentiment_analysis": None}, "sentiment_analysis"),
    ],
)
def test_a_default_gives_way_to_what_excludes_it(hook: Any, overrides: dict[str, Any], gone: str) -> None:
    assert gone not in hook().default_options(overrides)


def test_what_is_asked_for_is_never_taken_away(hook: Any) -> None:
    asked = {
        "multichannel": True,
        "speaker_labels": True,
        "language_detection": False,
        "filter_profanity": True,
    }
    assert hook().default_options(asked).items() >= asked.items()


@pytest.mark.parametrize("models", [["universal-2"], "universal-2", " universal-2 ,"])
def test_the_speech_models_are_configuration(hook: Any, models: object) -> None:
    assert hook(extra={"speech_models": models}).default_options()["speech_models"] == ["universal-2"]


def test_the_webhook_of_the_connection_is_sent_with_every_submission(hook: Any) -> None:
    extra = {
        "webhook_url": "https://x.example/over",
        "webhook_auth_header_name": "X-Call",
        "webhook_secret": "s",
    }
    assert (
        hook(extra=extra).default_options().items()
        >= {
            "webhook_url": "https://x.example/over",
            "webhook_auth_header_name": "X-Call",
            "webhook_auth_header_value": "s",
        }.items()
    )


def test_a_deprecated_model_is_warned_of_once_per_process_with_its_successor() -> None:
    process = """
import logging
from assemblyai_provider.hooks import AssemblyAIHook
logging.basicConfig(format="WARNED: %(message)s", force=True)
hook = AssemblyAIHook()
for models in [None, None, ["universal-3-pro"], ["assemblyai-stt-3-7", "universal-2"]]:
    hook.default_options({"speech_models": models} if models else {})
"""
    connection = {
        "conn_type": "assemblyai",
        "password": "k",
        "extra": {"speech_models": "universal-3-5-pro,"},
    }
    environ = {**os.environ, "AIRFLOW_CONN_ASSEMBLYAI_DEFAULT": json.dumps(connection)}
    ended = subprocess.run(
        [sys.executable, "-c", process], env=environ, capture_output=True, text=True, check=True
    )
    warnings = [line for line in ended.stderr.splitlines() if line.startswith("WARNED: Speech model")]
    assert [line.split()[3] for line in warnings] == ["universal-3-5-pro", "universal-3-pro"]
    assert all("name assemblyai-stt-3-7" in line for line in warnings)
