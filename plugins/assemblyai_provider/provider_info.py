"""What Airflow registers: the connection type with its form, and the modules of the provider."""

from __future__ import annotations

from typing import Any

from assemblyai_provider import __version__
from assemblyai_provider._connection.form import connection_type

_INTEGRATION = "AssemblyAI"


def get_provider_info() -> dict[str, Any]:
    """Entry point `apache_airflow_provider`. The logo's path is relative to the package."""
    return {
        "package-name": "airflow-provider-assemblyai",
        "name": "AssemblyAI",
        "description": "Pre-recorded speech-to-text and sentiment analysis by AssemblyAI.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://www.assemblyai.com/docs",
                "logo": "logo.svg",
                "tags": ["service"],
            }
        ],
        "connection-types": [connection_type()],
        "hooks": _modules("hooks"),
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "triggers": _modules("triggers", "asset_triggers"),
        "extra-links": ["assemblyai_provider.links.AssemblyAITranscriptLink"],
    }


def _modules(*names: str) -> list[dict[str, Any]]:
    modules = [f"assemblyai_provider.{name}" for name in names]
    return [{"integration-name": _INTEGRATION, "python-modules": modules}]
