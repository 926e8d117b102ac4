"""The Airflow connection to AssemblyAI."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from assemblyai_provider._client import AssemblyAIClient, AsyncAssemblyAIClient, ClientSettings
from assemblyai_provider._client.audio_file import AudioFile
from assemblyai_provider._connection.fields import client_settings, default_options, transcript_options
from assemblyai_provider._connection.form import field_behaviour, form_widgets
from assemblyai_provider._submission.lost_answers import submit_job
from assemblyai_provider._submission.secrets import mask_option_secrets, mask_url_secrets
from assemblyai_provider._transcripts.requests import TranscriptRequests
from assemblyai_provider._waiting.job_tracker import JobTracker, poll_once
from assemblyai_provider.compat import BaseHook, aget_connection
from assemblyai_provider.exceptions import AssemblyAIError, AuthenticationError
from assemblyai_provider.models import TranscriptStatus, is_web_url
from assemblyai_provider.option_checks import check_options
from assemblyai_provider.options import TranscriptOptions

if TYPE_CHECKING:
    from airflow.sdk import Connection


class AssemblyAIHook(BaseHook, TranscriptRequests):
    """Reads an Airflow connection of type `assemblyai` and makes clients for it.

    Password: the API key. Host: the base URL, the US region if empty (EU: `https://api.eu.assemblyai.com`);
    port and schema (`http` or `https`) may be set, too. Login is not used.
    Extra, all optional; any other field is refused: `speech_models` (list by priority, or comma separated),
    `poll_interval_s`, `request_budget` (requests per five minutes), `reconcile_s` (how long to search for a
    submission whose answer was lost); `webhook_url`, `webhook_auth_header_name` and `webhook_secret` (the
    header's value), sent with every submission: in a Dag's params or code a secret would be shown in plain.

    :param assemblyai_conn_id: the connection.
    """

    conn_name_attr = "assemblyai_conn_id"
    default_conn_name = "assemblyai_default"
    conn_type = "assemblyai"
    hook_name = "AssemblyAI"

    def __init__(self, assemblyai_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.assemblyai_conn_id = assemblyai_conn_id
        self._lock = threading.Lock()
        self._submitted: set[str] = set()

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        return field_behaviour()

    @cached_property
    def _connection(self) -> Connection:
        return self.get_connection(self.assemblyai_conn_id)

    @cached_property
    def client(self) -> AssemblyAIClient:
        """The blocking client of this hook; several threads may share it."""
        return self.get_client()

    def get_client(self) -> AssemblyAIClient:
        """A new blocking client."""
        return AssemblyAIClient(client_settings(self._connection))

    async def get_async_client(self) -> AsyncAssemblyAIClient:
        """A new asyncio client, for `async with`."""
        return AsyncAssemblyAIClient(await self.get_async_settings())

    async def get_async_settings(self) -> ClientSettings:
        """The clients' settings, read from the connection now. Raises ConfigurationError."""
        return client_settings(await aget_connection(self.assemblyai_conn_id))

    def get_conn(self) -> AssemblyAIClient:
        return self.client

    def upload(self, recording: str | PathLike[str]) -> str:
        """Upload a file and return its URL, which only AssemblyAI can read, for a day.

        Raises UploadRefusedError if the file is missing, empty or too large.

        :param recording: a local path, or a URI that Airflow's ObjectStoragePath understands.
        """
        return self.client.upload(AudioFile(fspath(recording))).url

    def submit(
        self,
        recording: str | PathLike[str],
        options: TranscriptOptions | Mapping[str, Any] | None = None,
        *,
        allow_unknown_options: bool = False,
    ) -> str:
        """Submit a recording and return the id of its transcript, without waiting.

        After a lost answer the account's list is searched for the job, so one call pays once. A second call
        pays again: use the submit operator where a task may be retried.

        :param recording: an http(s) URL that AssemblyAI can read (that of `upload`, too), or a file that is
            uploaded first.
        :param options: they replace those of `default_options`. ConfigurationError for unknown names and
            values of another type.
        :param allow_unknown_options: pass on options that `options.TranscriptOptions` does not have.
        """
        check_options(options, "options of the hook", allow_unknown=allow_unknown_options)
        audio_url = fspath(recording)
        mask_url_secrets(audio_url)
        mask_option_secrets(options)
        body = self.default_options(options)
        if not is_web_url(audio_url):
            audio_url = self.upload(audio_url)
        body["audio_url"] = audio_url
        transcript_id = submit_job(self.client, body, before_post=lambda: None, adopt=self._adopt)
        with self._lock:
            self._submitted.add(transcript_id)
        return transcript_id

    def _adopt(self, transcript_ids: Sequence[str]) -> str | None:
        """The first of these jobs that no other call of `submit` has returned, reserved for the caller."""
        with self._lock:
            new = next((id_ for id_ in transcript_ids if id_ not in self._submitted), None)
            if new:
                self._submitted.add(new)
            return new

    def get_completion_times(self) -> dict[str, datetime]:
        """When the newest completed jobs of the account ended, by id: up to 200, for one request."""
        page = self.client.list_transcripts(status=TranscriptStatus.COMPLETED)
        return {item.id: item.completed for item in page.items if item.completed}

    def are_in_progress(self, transcript_ids: Collection[str]) -> bool:
        """Whether every one of these jobs is in progress.

        One list request answers for up to 200 of them. Raises TransportError if AssemblyAI does not answer.
        """
        tracker = JobTracker()
        poll_once(tracker, self.client, set(transcript_ids), time.monotonic(), every_job=True)
        return not (tracker.ended or tracker.missing_since or tracker.unlisted_ids())

    def default_options(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Transcript options to send: the defaults, replaced by `overrides`.

        The defaults are sentiment for each sentence; the connection's speech models and webhook; language
        detection, unless a language is given; speaker labels, unless the channels are transcribed separately.
        An override of None removes a default.
        """
        return default_options(self._connection, overrides or {})

    def check_account(self) -> None:
        """Check the settings of the connection, and the API key by the cheapest request.

        Raises ConfigurationError, AuthenticationError or AccountError, which say what to correct.
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
