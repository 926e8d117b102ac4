"""The fields of an Airflow connection of type `assemblyai`, read and checked.

An invalid field raises ConfigurationError with the connection, the field, the value and what to do. No
message quotes what may be secret: password, webhook secret, webhook URL, user info or query of the host.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.log import mask_secret

from assemblyai_provider._client import ClientSettings
from assemblyai_provider._client.base_url import is_web_address, read_base_url
from assemblyai_provider._connection.ranges import POLL_INTERVAL, Range
from assemblyai_provider._connection.speech_models import DEFAULT_SPEECH_MODELS, warn_of_deprecated_models
from assemblyai_provider.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow.sdk import Connection

_NUMBERS = {
    "request_budget": Range(1, 1_000_000, "requests per five minutes", whole=True),
    "poll_interval_s": POLL_INTERVAL,
    "reconcile_s": Range(0, 3600, "seconds"),
}
# Extra fields, and the parameter of POST /v2/transcript each is sent as. Airflow masks the value of a field
# whose name contains "secret".
_WEBHOOK = {
    "webhook_url": "webhook_url",
    "webhook_auth_header_name": "webhook_auth_header_name",
    "webhook_secret": "webhook_auth_header_value",
}
_EXTRAS = ("speech_models", *_NUMBERS, *_WEBHOOK)
_MODEL = re.compile(r"[\w.-]+", re.ASCII)
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)


def client_settings(connection: Connection) -> ClientSettings:
    """The clients' settings in a connection. Raises ConfigurationError."""
    extra, place = _read_extra(connection), f"Airflow connection {connection.conn_id!r}, extra"
    numbers: dict[str, Any] = {
        name: number
        for name, limits in _NUMBERS.items()
        if (number := limits.read(extra.get(name), f"{place} {name}")) is not None
    }
    try:
        base_url = read_base_url(connection.host, connection.port, connection.schema)
    except ValueError as error:
        raise _field_error(connection, str(error)) from None
    return ClientSettings(base_url=base_url, api_key=_read_api_key(connection), **numbers)


def transcript_options(connection: Connection) -> dict[str, Any]:
    """Options of every submission. Raises ConfigurationError."""
    extra = _read_extra(connection)
    try:
        return {"speech_models": _read_models(extra.get("speech_models")), **_read_webhook(extra)}
    except ValueError as error:
        raise _field_error(connection, str(error)) from None


def default_options(connection: Connection, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """See `hooks.AssemblyAIHook.default_options`."""
    options: dict[str, Any] = {"sentiment_analysis": True, **transcript_options(connection)}
    if not overrides.get("language_code") and not overrides.get("language_codes"):
        options["language_detection"] = True
    if not overrides.get("multichannel"):
        options["speaker_labels"] = True
    options = {name: value for name, value in {**options, **overrides}.items() if value is not None}
    models = options.get("speech_models")
    if isinstance(models, (list, tuple)):
        warn_of_deprecated_models(models)
    return options


def _field_error(connection: Connection, problem: str) -> ConfigurationError:
    return ConfigurationError(f"Airflow connection {connection.conn_id!r}, {problem}")


def _read_extra(connection: Connection) -> dict[str, Any]:
    # Not extra_dejson: it reads broken JSON as an empty object, and in the triggerer it masks secrets with a
    # call that can block the event loop (Airflow raises DeadlockImminentError).
    try:
        extra = json.loads((connection.extra or "").strip() or "{}")
    except ValueError:
        raise _field_error(connection, "extra: is not JSON. Write a JSON object.") from None
    if not isinstance(extra, dict):
        raise _field_error(
            connection, 'extra: is not a JSON object. Write one, such as {"poll_interval_s": 5}.'
        )
    for name in extra:
        if name not in _EXTRAS:
            similar = difflib.get_close_matches(name.lower(), _EXTRAS, n=1)
            advice = (
                f"Rename it to {similar[0]}."
                if similar
                else f"Remove it; the known settings are {', '.join(_EXTRAS)}."
            )
            raise _field_error(connection, f"extra {name[:50]!r}: there is no such setting. {advice}")
    return extra


def _read_api_key(connection: Connection) -> str:
    # A key pasted with its line end would be an illegal header, and the error would quote it. AssemblyAI
    # takes its key without `Bearer`.
    key = re.sub(r"^bearer\s+", "", (connection.password or "").strip(), flags=re.IGNORECASE)
    if not key and connection.login:
        raise _field_error(connection, "login: is not used. Write the API key as the password.")
    if not key or not key.isascii() or not key.isprintable() or " " in key or key.lower() == "bearer":
        raise _field_error(connection, "password: is not a valid API key. Copy it from the dashboard.")
    return key


def _read_models(models: object) -> list[str]:
    if isinstance(models, str):
        models = _split(models.strip())
    if models is None:
        models = []
    if not isinstance(models, list) or not all(isinstance(name, str) for name in models):
        raise ValueError(
            f"extra speech_models: {str(models)[:50]!r} is not a list of names. Write one, such as"
            f" {json.dumps(DEFAULT_SPEECH_MODELS)}, or remove it."
        )
    names = list(dict.fromkeys(name.strip() for name in models if name.strip()))
    for name in names:
        if not _MODEL.fullmatch(name):
            raise ValueError(
                f"extra speech_models: {name[:50]!r} is not the name of a model. Separate names by commas."
            )
    return names or list(DEFAULT_SPEECH_MODELS)


def _split(models: str) -> object:
    """The names in a text: separated by commas, or as a JSON list."""
    if not models.startswith("["):
        return models.split(",")
    try:
        return json.loads(models)
    except ValueError:
        return models


def _read_webhook(extra: Mapping[str, Any]) -> dict[str, str]:
    webhook = {name: _read_text(extra.get(name), name) for name in _WEBHOOK}
    url, header, secret = webhook.values()
    mask_secret(secret)
    if url and not is_web_address(url):
        raise ValueError("extra webhook_url: is not an http(s) URL. Write one that AssemblyAI can reach.")
    if header and not _HEADER_NAME.fullmatch(header):
        raise ValueError(
            f"extra webhook_auth_header_name: {header[:50]!r} is not the name of an HTTP header."
        )
    if header and not secret:
        raise ValueError("extra webhook_auth_header_name: has no value. Write it as webhook_secret.")
    if secret and not header:
        raise ValueError("extra webhook_secret: has no header. Name it as webhook_auth_header_name.")
    return {_WEBHOOK[name]: value for name, value in webhook.items() if value}


def _read_text(value: object, name: str) -> str:
    text = "" if value is None else value
    if not isinstance(text, str) or not text.strip().isprintable():
        raise ValueError(f"extra {name}: is not a text of one line. Write it in quotes, or remove it.")
    return text.strip()
