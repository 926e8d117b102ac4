from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.execution_time import task_runner

from assemblyai_provider._connection.fields import client_settings
from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook
from tests.support.airflow_versions import VERSION, DeadlockImminentError


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
        ({"host": "127.0.0.1", "port": 8123, "schema": "http"}, "http://127.0.0.1:8123"),
        ({"host": "http://127.0.0.1:8123/", "port": 8123, "schema": "HTTP"}, "http://127.0.0.1:8123"),
        ({"host": "api.eu.assemblyai.com", "schema": "https"}, "https://api.eu.assemblyai.com"),
        ({"host": "HTTPS://API.EU.assemblyai.com:443"}, "https://api.eu.assemblyai.com:443"),
        ({"host": " https://api.eu.assemblyai.com/v2/ "}, "https://api.eu.assemblyai.com"),
        ({"host": "api.eu.assemblyai.com/v2"}, "https://api.eu.assemblyai.com"),
        ({"host": "https://gateway.example/speech/v2"}, "https://gateway.example/speech"),
        ({"host": "http://[::1]:8123"}, "http://[::1]:8123"),
        ({"schema": "https"}, "https://api.assemblyai.com"),
    ],
)
def test_the_host_is_the_base_url_and_the_us_region_the_default(
    hook: Any, fields: dict[str, Any], url: str
) -> None:
    assert hook(**fields).get_client().settings.base_url == url


@pytest.mark.parametrize("key", ["", "  ", "schlüssel", "a\nb"])
def test_an_impossible_key_is_refused_without_being_quoted(hook: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        hook(password=key).get_client()
    assert "assemblyai_default" in str(raised.value)
    assert not key.strip() or key not in str(raised.value)


@pytest.mark.parametrize("key", ["abc", "Bearer abc", " bearer  abc\n"])
def test_a_key_is_sent_without_bearer(hook: Any, key: str) -> None:
    assert hook(password=key).get_client().settings.api_key == "abc"


@pytest.mark.parametrize("key", ["Bearer", "bearer ", "a b", ""])
def test_the_rest_after_bearer_must_be_a_key(hook: Any, key: str) -> None:
    with pytest.raises(ConfigurationError, match="password: is not a valid API key"):
        hook(password=key).get_client()


def test_a_key_in_the_login_is_refused_with_the_right_field(hook: Any) -> None:
    with pytest.raises(ConfigurationError, match="Write the API key as the password") as raised:
        hook(login="K3Y", password=None).get_client()
    assert "K3Y" not in str(raised.value)


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
def test_a_default_is_removed_by_an_override_that_excludes_it(
    hook: Any, overrides: dict[str, Any], gone: str
) -> None:
    assert gone not in hook().default_options(overrides)


def test_an_override_is_never_removed(hook: Any) -> None:
    overrides = {
        "multichannel": True,
        "speaker_labels": True,
        "language_detection": False,
        "filter_profanity": True,
    }
    assert hook().default_options(overrides).items() >= overrides.items()


@pytest.mark.parametrize("number", ["5", " 5 ", 5, 5.0, "5e0"])
def test_a_number_may_be_text(hook: Any, number: object) -> None:
    settings = hook(extra={"poll_interval_s": number, "request_budget": number}).get_client().settings
    assert (settings.poll_interval_s, settings.request_budget) == (5.0, 5)


@pytest.mark.parametrize("absent", [None, "", " "])
def test_blank_settings_are_absent(hook: Any, absent: object) -> None:
    extra = dict.fromkeys(
        (
            "poll_interval_s",
            "request_budget",
            "reconcile_s",
            "speech_models",
            "webhook_url",
            "webhook_secret",
        ),
        absent,
    )
    assert hook(extra=extra).get_client().settings == hook().get_client().settings
    assert hook(extra=extra).default_options() == hook().default_options()


NUMBERS = ["poll_interval_s", "request_budget", "reconcile_s"]
NO_NUMBERS = ["5s", "20,000", True, [5], {"s": 5}, "nan", "inf", "1e400", 10**400, -1, "-0.5", 1e9, "٣s"]


def reaches_the_hook(fields: dict[str, Any]) -> bool:
    """Airflow 3.0 and 3.1 refuse an extra themselves if it is a text that is no JSON object."""
    return VERSION >= (3, 2) or isinstance(fields.get("extra", {}), dict)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    *(
        ({"extra": {name: value}}, f"extra {name}", str(value)[:50])
        for name in NUMBERS
        for value in NO_NUMBERS
    ),
    ({"extra": {"poll_interval_s": 0}}, "extra poll_interval_s", "0"),
    ({"extra": {"request_budget": 0}}, "extra request_budget", "0"),
    ({"extra": {"request_budget": "0.5"}}, "extra request_budget", "0.5"),
    ({"extra": {"request_budget": 20_000.5}}, "extra request_budget", "20000.5"),
    *(
        ({"extra": {"speech_models": models}}, "extra speech_models", str(value))
        for models, value in [
            (5, 5),
            (True, True),
            ({"a": 1}, "{"),
            (["universal-2", 5], 5),
            ("universal-2; nano", "universal-2; nano"),
            (["universal 2"], "universal 2"),
            ('["universal-2"', '["universal-2"'),
        ]
    ),
    ({"extra": {"poll_interval": 5}}, "extra 'poll_interval'", "poll_interval_s"),
    ({"extra": {"request_budgets": 5}}, "extra 'request_budgets'", "request_budget"),
    ({"extra": {"Speech_Models": "a"}}, "extra 'Speech_Models'", "speech_models"),
    ({"extra": {"team": "x"}}, "extra 'team'", "Remove it"),
    ({"extra": "{poll_interval_s: 5"}, "extra", "is not JSON"),
    ({"extra": "[1]"}, "extra", "is not a JSON object"),
    ({"extra": "5"}, "extra", "is not a JSON object"),
    *(
        ({"host": host}, "host", host)
        for host in [
            "api assemblyai.com",
            "ftp://api.assemblyai.com",
            "https://",
            "https:/api.assemblyai.com",
            "api.assemblyai.com:http",
            "api.assemblyai.com:99999",
            "api.assemblyai.com:0",
            "http://[::1",
            "api.assemblyai.com,api.eu.assemblyai.com",
            "api..assemblyai.com",
            "https://api.assemblyai.com/v2/transcript",
        ]
    ),
    ({"host": "api.assemblyai.com\nx"}, "host", "assemblyai"),
    ({"host": "h:1", "port": 2}, "port", "2"),
    ({"host": "h", "port": 99999}, "port", "99999"),
    ({"host": "h", "port": -1}, "port", "-1"),
    ({"port": 8123}, "host", "is empty"),
    ({"schema": "http"}, "host", "is empty"),
    ({"host": "h", "schema": "ftp"}, "schema", "ftp"),
    ({"host": "https://h", "schema": "http"}, "schema", "http"),
    ({"extra": {"webhook_auth_header_name": "X-Call"}}, "extra webhook_auth_header_name", "webhook_secret"),
    ({"extra": {"webhook_auth_header_name": "X Call:"}}, "extra webhook_auth_header_name", "X Call:"),
]


@pytest.mark.parametrize(
    ("fields", "field", "value"), [each for each in REFUSED if reaches_the_hook(each[0])]
)
def test_an_invalid_setting_is_refused_with_its_name_and_value(
    hook: Any, fields: dict[str, Any], field: str, value: str
) -> None:
    made = hook(**fields)
    with pytest.raises(ConfigurationError) as raised:
        made.check_account()
    message = str(raised.value)
    assert message.startswith(f"Airflow connection 'assemblyai_default', {field}: ")
    assert value in message
    assert "\n" not in message
    assert message.endswith(".")
    assert made.test_connection() == (False, message)


SECRETS: list[dict[str, Any]] = [
    {"host": "https://user:S3CRET@h.example"},
    {"host": "S3CRET@h.example"},
    {"host": "https://h.example/?key=S3CRET"},
    {"host": "https://h.example#S3CRET"},
    {"extra": {"webhook_url": "ftp://h.example/?key=S3CRET"}},
    {"extra": {"webhook_url": "h.example/S3CRET"}},
    {"extra": {"webhook_url": "https://h.example/S3CRET over"}},
    {"extra": {"webhook_url": ["S3CRET"]}},
    {"extra": {"webhook_secret": "S3CRET"}},
    {"extra": {"webhook_secret": {"a": "S3CRET"}}},
    {"extra": {"webhook_auth_header_name": "X-Call", "webhook_secret": "S3CRET\nX: y"}},
    {"extra": '{"webhook_secret": "S3CRET"'},
]


@pytest.mark.parametrize("fields", list(filter(reaches_the_hook, SECRETS)))
def test_an_invalid_secret_is_refused_without_being_quoted(
    hook: Any, caplog: pytest.LogCaptureFixture, fields: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        hook(**fields).check_account()
    assert "S3CRET" not in str(raised.value)
    assert "S3CRET" not in caplog.text


def test_reading_the_settings_never_blocks_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Supervisor:
        """Airflow's side of a triggerer, where a blocking call is an error while another one is under way."""

        def send(self, message: object) -> None:
            raise DeadlockImminentError("another call is under way")

    connection = Connection(conn_id="c", conn_type="assemblyai", password="k", extra='{"poll_interval_s": 3}')
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(), raising=False)
    assert client_settings(connection).poll_interval_s == 3


@pytest.mark.parametrize(
    "models",
    [
        ["universal-2"],
        "universal-2",
        " universal-2 ,",
        ["universal-2", " ", "universal-2 "],
        '["universal-2"]',
        "universal-2,universal-2",
    ],
)
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


def test_a_deprecated_model_is_warned_of_once_with_its_successor() -> None:
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
