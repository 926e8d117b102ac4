"""The connection form, for provider info (Airflow 3.2) and for the hook's methods before that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FormField:
    """An extra of the connection.

    :param kind: string, number or integer.
    """

    label: str
    description: str
    kind: str = "string"
    is_secret: bool = False


FORM_FIELDS = {
    "speech_models": FormField(
        "Speech models",
        "Names by priority, comma separated. A transcript uses the first that knows its language.",
    ),
    "poll_interval_s": FormField(
        "Polling interval in seconds", "Between two requests for the jobs in progress; 5 if empty.", "number"
    ),
    "request_budget": FormField(
        "Requests per five minutes", "The limit of the account; 20000 if empty. Polling uses half.", "integer"
    ),
    "reconcile_s": FormField(
        "Seconds to search for a lost submission",
        "So long a job whose answer was lost is searched for before it is posted again; 60 if empty.",
        "number",
    ),
    "webhook_url": FormField("Webhook URL", "AssemblyAI calls it when a job ends."),
    "webhook_auth_header_name": FormField(
        "Webhook header", "An HTTP header that AssemblyAI sends with the call."
    ),
    "webhook_secret": FormField("Value of the webhook header", "A secret you choose.", is_secret=True),
}

_HIDDEN = ["schema", "port", "login"]
_LABELS = {"password": "API key", "host": "API base URL"}
_PLACEHOLDERS = {"host": "https://api.assemblyai.com"}


def connection_type() -> dict[str, Any]:
    """The form as provider info declares it."""
    return {
        "connection-type": "assemblyai",
        "hook-name": "AssemblyAI",
        "hook-class-name": "assemblyai_provider.hooks.AssemblyAIHook",
        "ui-field-behaviour": {
            "hidden-fields": _HIDDEN,
            "relabeling": _LABELS,
            "placeholders": _PLACEHOLDERS,
        },
        "conn-fields": {name: _declared(field) for name, field in FORM_FIELDS.items()},
    }


def _declared(field: FormField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [field.kind, "null"]}
    if field.is_secret:
        schema["format"] = "password"
    return {"label": field.label, "description": field.description, "schema": schema}


def form_widgets() -> dict[str, Any]:
    """The extras as form fields, for Airflow 3.0 and 3.1.

    None without WTForms, which Airflow 3.0 leaves out: the extras are written as JSON there.
    """
    try:
        from wtforms import IntegerField, PasswordField, StringField
        from wtforms.validators import Optional
    except ImportError:
        return {}
    return {
        name: (
            PasswordField if field.is_secret else IntegerField if field.kind == "integer" else StringField
        )(field.label, validators=[Optional()], description=field.description)
        for name, field in FORM_FIELDS.items()
    }


def field_behaviour() -> dict[str, Any]:
    """What the form hides and renames, for Airflow 3.0 and 3.1."""
    return {"hidden_fields": _HIDDEN, "relabeling": _LABELS, "placeholders": _PLACEHOLDERS}
