"""The Airflow connection to AssemblyAI."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from assemblyai_provider._client import AssemblyAIClient, AsyncAssemblyAIClient, ClientSettings
from assemblyai_provider._connection.fields import client_settings, transcript_options
from assemblyai_provider._connection.speech_models import warn_of_deprecated_models
from assemblyai_provider._waiting.job_tracker import JobTracker, poll_once
from assemblyai_provider.exceptions import AssemblyAIError, AuthenticationError
from assemblyai_provider.models import Transcript

if TYPE_CHECKING:
    from airflow.sdk import Connection


class AssemblyAIHook(BaseHook):
    """Reads an Airflow connection of type `assemblyai` and gives clients for it.

    Password: the API key. Host: the base URL, the US region if empty (EU: `https://api.eu.assemblyai.com`);
    port and schema (`http` or `https`) may stand beside it. Login is not used.
    Extra, all optional, and none besides: `speech_models` (list in order of priority, or comma separated),
    `poll_interval_s`, `request_budget` (requests per five minutes), `reconcile_s` (how long a lost submission
    is looked for); `webhook_url`, `webhook_auth_header_name` and `webhook_secret` (the header's value), sent
    with every submission: a secret in a Dag's params or code would be stored and shown in plain.

    :param assemblyai_conn_id: the connection.
    """

    conn_name_attr = "assemblyai_conn_id"
    default_conn_name = "assemblyai_default"
    conn_type = "assemblyai"
    hook_name = "AssemblyAI"

    def __init__(self, assemblyai_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.assemblyai_conn_id = assemblyai_conn_id

    @cached_property
    def _connection(self) -> Connection:
        return self.get_connection(self.assemblyai_conn_id)

    @cached_property
    def client(self) -> AssemblyAIClient:
        """One client of this hook, for all its threads."""
        return self.get_client()

    def get_client(self) -> AssemblyAIClient:
        """A new blocking client."""
        return AssemblyAIClient(client_settings(self._connection))

    async def get_async_client(self) -> AsyncAssemblyAIClient:
        """A new asynchronous client, to be used with `async with`."""
        return AsyncAssemblyAIClient(await self.get_async_settings())

    async def get_async_settings(self) -> ClientSettings:
        """What the connection says now."""
        return client_settings(await self.aget_connection(self.assemblyai_conn_id))

    def get_conn(self) -> AssemblyAIClient:
        return self.client

    def get_transcript(self, transcript_id: str) -> Transcript:
        """The job as it is now. Raises TranscriptNotFoundError if there is none of this id."""
        return self.client.get_transcript(transcript_id)

    def are_in_progress(self, transcript_ids: Collection[str]) -> bool:
        """Whether AssemblyAI is still working on every one of these jobs.

        One list request answers for up to 200 of them. Raises TransportError if it cannot be told now.
        """
        tracker = JobTracker()
        poll_once(tracker, self.client, set(transcript_ids), time.monotonic(), every_job=True)
        return not (tracker.ended or tracker.missing_since or tracker.unlisted_ids())

    def default_options(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Transcript options to send: those of AssemblyAI's quickstart, with `overrides` laid over them.

        Sentiment for each sentence; the speech models of the connection; the language detected unless named;
        speakers told apart by voice unless by channel; the webhook of the connection. A default is switched
        off by an override of None.
        """
        given = dict(overrides or {})
        options: dict[str, Any] = {
            "sentiment_analysis": True,
            **transcript_options(self._connection),
        }
        if not given.get("language_code") and not given.get("language_codes"):
            options["language_detection"] = True
        if not given.get("multichannel"):
            options["speaker_labels"] = True
        options = {name: value for name, value in (options | given).items() if value is not None}
        models = options.get("speech_models")
        if isinstance(models, (list, tuple)):
            warn_of_deprecated_models(models)
        return options

    def check_account(self) -> None:
        """Make the cheapest request, once all settings of the connection are checked.

        Raises ConfigurationError, AuthenticationError or AccountError, which tell the cure.
        """
        transcript_options(self._connection)
        try:
            self.client.list_transcripts(limit=1)
        except AuthenticationError as error:
            raise AuthenticationError(f"Airflow connection {self.assemblyai_conn_id!r}: {error}") from None

    def test_connection(self) -> tuple[bool, str]:
        """For the Test button of the connection form."""
        try:
            self.check_account()
        except AssemblyAIError as error:
            return False, str(error)
        return True, "AssemblyAI accepted the API key"
