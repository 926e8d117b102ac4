"""The requests of the hook that concern transcripts which exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from assemblyai_provider._client import AssemblyAIClient, ListedTranscript
from assemblyai_provider._client.core import PAGE_SIZE
from assemblyai_provider._transcripts.reading import read_passages, read_text
from assemblyai_provider.exceptions import (
    AssemblyAIError,
    RequestRefusedError,
    TranscriptNotFoundError,
    TransportError,
)
from assemblyai_provider.models import Transcript, TranscriptStatus
from assemblyai_provider.results import Passage


class TranscriptRequests:
    """Reads and deletes transcripts; each request is retried after faults."""

    @property
    def client(self) -> AssemblyAIClient:
        """The client that sends the requests."""
        raise NotImplementedError

    def get_transcript(self, transcript_id: str) -> Transcript:
        """The job as it is now, with its results. Raises TranscriptNotFoundError for an unknown id."""
        return self.client.get_transcript(transcript_id)

    def get_sentences(self, transcript_id: str) -> tuple[Passage, ...]:
        """A completed transcript by sentence; RequestRefusedError before its end."""
        return read_passages(self.client.get_export(transcript_id, "sentences").get("sentences")) or ()

    def get_paragraphs(self, transcript_id: str) -> tuple[Passage, ...]:
        """A completed transcript by paragraph; RequestRefusedError before its end."""
        return read_passages(self.client.get_export(transcript_id, "paragraphs").get("paragraphs")) or ()

    def get_subtitles(
        self,
        transcript_id: str,
        subtitle_format: Literal["srt", "vtt"] = "srt",
        *,
        chars_per_caption: int | None = None,
    ) -> str:
        """A completed transcript as the text of an SRT or WebVTT file.

        :param chars_per_caption: most characters of a caption.
        """
        if subtitle_format not in ("srt", "vtt"):
            raise ValueError(f"subtitle_format: {subtitle_format!r} is not srt or vtt")
        params = {} if chars_per_caption is None else {"chars_per_caption": chars_per_caption}
        return self.client.get_subtitles(transcript_id, subtitle_format, **params)

    def get_redacted_audio_url(self, transcript_id: str) -> str | None:
        """Where the redacted recording can be downloaded for a day; None while it is in progress.

        Raises RequestRefusedError if it was not asked for (`redact_pii_audio`) or has expired.
        """
        return read_text(self.client.get_export(transcript_id, "redacted-audio").get("redacted_audio_url"))

    def list_transcripts(
        self,
        *,
        status: TranscriptStatus | None = None,
        created_on: date | None = None,
        limit: int | None = None,
    ) -> Iterator[ListedTranscript]:
        """The account's jobs of the last 90 days, newest first; a page is requested when it is needed.

        :param created_on: only those of this day (UTC).
        :param limit: at most this many.
        """
        day = created_on.isoformat() if created_on else None
        before_id, left = None, limit
        while left is None or left > 0:
            size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
            page = self.client.list_transcripts(
                status=status, before_id=before_id, limit=size, created_on=day
            )
            yield from page.items
            left, before_id = left and left - len(page.items), page.older
            if before_id is None:
                return

    def delete_transcript(self, transcript_id: str) -> None:
        """Delete a transcript and its uploaded file at AssemblyAI; return once a read shows that it is gone.

        A deleted one is deleted again without an error. Raises TranscriptNotFoundError for an unknown id,
        which may belong to another account or region; RequestRefusedError for a job in progress;
        TransportError where the deletion is not confirmed, which a retry may mend.
        """
        refusal: AssemblyAIError | None = None
        try:
            self.client.delete_transcript(transcript_id)
        except (RequestRefusedError, TransportError) as error:
            refusal = error
        # A deletion keeps the status `completed`, and its answer can be lost: only a read tells.
        try:
            is_deleted = self.get_transcript(transcript_id).deleted
        except TranscriptNotFoundError:
            is_deleted = True
        if not is_deleted:
            raise refusal or TransportError(
                f"transcript {transcript_id}: deleted, says AssemblyAI, and still there"
            )
