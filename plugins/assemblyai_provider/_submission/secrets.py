"""Secrets in URLs and transcript options: masked in logs, and never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airflow.sdk.log import mask_secret

from assemblyai_provider.models import strip_url_queries

_WEBHOOK_SECRET = "webhook_auth_header_value"
_MIN_SECRET_LENGTH = 16


def mask_url_secrets(text: object) -> None:
    """Mask a URL's query, and the values in it, wherever Airflow shows them."""
    query = urlsplit(text).query if isinstance(text, str) and "?" in text else ""
    if query:
        mask_secret(query)
        for _, value in parse_qsl(query):
            if len(value) >= _MIN_SECRET_LENGTH:
                mask_secret(value)


def hide_url_query(text: str) -> str:
    """A URL as Airflow may store it: its query replaced by `***`."""
    return f"{text.partition('?')[0]}?***" if "?" in text and urlsplit(text).query else text


def hide_option_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Transcript options as Airflow may store them: secrets replaced by `***`."""
    hidden = dict(options)
    if isinstance(hidden.get("webhook_url"), str):
        hidden["webhook_url"] = hide_url_query(hidden["webhook_url"])
    if hidden.get(_WEBHOOK_SECRET):
        hidden[_WEBHOOK_SECRET] = "***"
    return hidden


def mask_option_secrets(options: object) -> None:
    """Mask the secrets of transcript options likewise."""
    if isinstance(options, Mapping):
        mask_url_secrets(options.get("webhook_url"))
        if options.get(_WEBHOOK_SECRET):
            mask_secret(options[_WEBHOOK_SECRET])


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Transcript options that are safe to store."""
    safe = {name: value for name, value in options.items() if name != _WEBHOOK_SECRET}
    if isinstance(safe.get("webhook_url"), str):
        safe["webhook_url"] = strip_url_queries(safe["webhook_url"])
    return safe
