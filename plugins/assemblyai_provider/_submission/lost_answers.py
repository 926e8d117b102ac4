"""Submits a job once, although an answer can get lost and no request is idempotent.

After a lost answer, the account's list is searched for the job by its `audio_url`: the URL of an upload is
unique. The job is posted again only if it does not appear for `reconcile_s`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from assemblyai_provider._client import core
from assemblyai_provider._client.sync import AssemblyAIClient
from assemblyai_provider.exceptions import (
    NotConnectedError,
    RateLimitedError,
    SubmissionUnknownError,
    TransportError,
)
from assemblyai_provider.submission_memory import hash_audio_url

MAX_POSTS = 3
SEARCH_PAUSE_S = 5.0

AdoptJob = Callable[[Sequence[str]], str | None]
"""Takes ids of jobs with the right `audio_url`, newest first; returns one no other submission has, if any."""


def submit_job(
    client: AssemblyAIClient, body: dict[str, Any], *, before_post: Callable[[], None], adopt: AdoptJob
) -> str:
    """Submit a job and return its id.

    Raises SubmissionUnknownError if its outcome stays unknown.

    :param before_post: called before each POST, to make durable that it is about to happen.
    """
    for _ in range(MAX_POSTS):
        try:
            return client.post_transcript(body, before_post)
        except (NotConnectedError, RateLimitedError):
            raise
        except TransportError as error:
            fault = error
        if found := find_submission(client, hash_audio_url(body["audio_url"]), client.now(), adopt=adopt):
            return found
    raise SubmissionUnknownError(f"the outcome of the submission is unknown ({fault})") from fault


def find_submission(
    client: AssemblyAIClient, url_sha256: str, posted_at: datetime, *, adopt: AdoptJob
) -> str | None:
    """The id of a job whose answer was lost; None if not listed in `reconcile_s`."""
    search_until = min(posted_at, client.now()) + timedelta(seconds=client.settings.reconcile_s)
    while True:
        searched_at = client.now()
        try:
            found = _search_list(client, url_sha256, posted_at, adopt)
        except TransportError as error:
            raise SubmissionUnknownError(f"cannot search the list for a submission ({error})") from error
        if found or searched_at >= search_until:
            return found
        remaining_s = (search_until - client.now()).total_seconds()
        client.sleep(max(min(SEARCH_PAUSE_S, remaining_s), 0.0))


def _search_list(
    client: AssemblyAIClient, url_sha256: str, posted_at: datetime, adopt: AdoptJob
) -> str | None:
    since = posted_at - core.CLOCK_MARGIN
    before_id: str | None = None
    while True:
        page = client.list_transcripts(before_id=before_id)
        ids = [
            item.id
            for item in page.items
            if (item.created is None or item.created >= since)
            and hash_audio_url(item.audio_url) == url_sha256
        ]
        if ids and (found := adopt(ids)):
            return found
        if page.older is None or (page.oldest and page.oldest < since):
            return None
        before_id = page.older
