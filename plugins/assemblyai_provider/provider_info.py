"""What Airflow registers: the connection type and its form."""

from __future__ import annotations

from typing import Any

from assemblyai_provider import __version__


def get_provider_info() -> dict[str, Any]:
    """Entry point `apache_airflow_provider`."""
    return {
        "package-name": "call-sentiment",
        "name": "AssemblyAI",
        "description": "Pre-recorded speech-to-text and sentiment analysis by AssemblyAI.",
        "versions": [__version__],
        "connection-types": [
            {
                "connection-type": "assemblyai",
                "hook-name": "AssemblyAI",
                "hook-class-name": "assemblyai_provider.hooks.AssemblyAIHook",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "login"],
                    "relabeling": {"password": "API key", "host": "API base URL"},
                    "placeholders": {"host": "https://api.assemblyai.com"},
                },
                "conn-fields": {
                    "speech_models": _field("Speech models, by priority, comma separated", "string"),
                    "poll_interval_s": _field("Polling interval in seconds", "number"),
                    "request_budget": _field("Requests per five minutes", "integer"),
                    "reconcile_s": _field("Seconds to search for a lost submission", "number"),
                    "webhook_url": _field("URL that AssemblyAI calls when a job ends", "string"),
                    "webhook_auth_header_name": _field("Header sent with that call", "string"),
                    "webhook_secret": {
                        "label": "Value of that header",
                        "schema": {"type": ["string", "null"], "format": "password"},
                    },
                },
            }
        ],
    }


def _field(label: str, kind: str) -> dict[str, Any]:
    return {"label": label, "schema": {"type": [kind, "null"]}}
