"""Submitting a job once, although the API has no idempotency key and an answer can get lost.

After a lost answer the job is looked for among the account's newest, by its `audio_url`: the address of an
upload is unique. Only when it has not appeared for a while is it posted again.
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

POSTS = 3
LOOK_PAUSE_S = 5.0

Claim = Callable[[Sequence[str]], str | None]
"""Picks of some ids with the right `audio_url`, newest first, one that belongs to no other submission."""


def submit(
    client: AssemblyAIClient, body: dict[str, Any], *, before_post: Callable[[], None], claim: Claim
) -> str:
    """Submit a job and return its id. Raises SubmissionUnknownError if it cannot be told in the end.

    :param before_post: called before each POST, to make it durable that it is about to happen.
    """
    for _ in range(POSTS):
        try:
            return client.post_transcript(body, before_post)
        except (NotConnectedError, RateLimitedError):
            raise
        except TransportError as error:
            fault = error
        if found := find_submission(client, hash_audio_url(body["audio_url"]), client.now(), claim=claim):
            return found
    raise SubmissionUnknownError(f"the outcome of the submission is unknown ({fault})") from fault


def find_submission(
    client: AssemblyAIClient, url_sha256: str, posted_at: datetime, *, claim: Claim
) -> str | None:
    """The id of a job whose answer was lost, or None if it does not appear for `reconcile_s`."""
    give_up_at = min(posted_at, client.now()) + timedelta(seconds=client.settings.reconcile_s)
    while True:
        looked_at = client.now()
        try:
            found = _look_for(client, url_sha256, posted_at, claim)
        except TransportError as error:
            raise SubmissionUnknownError(f"a submission's outcome cannot be looked up ({error})") from error
        if found or looked_at >= give_up_at:
            return found
        left_s = (give_up_at - client.now()).total_seconds()
        client.sleep(max(min(LOOK_PAUSE_S, left_s), 0.0))


def _look_for(client: AssemblyAIClient, url_sha256: str, posted_at: datetime, claim: Claim) -> str | None:
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
        if ids and (found := claim(ids)):
            return found
        if page.older is None or (page.oldest and page.oldest < since):
            return None
        before_id = page.older
