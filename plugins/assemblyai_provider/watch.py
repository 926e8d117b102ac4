"""The decision which jobs are over, without input or output; `poke` and the poller both drive it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

from assemblyai_provider.client import AssemblyAIClient, Page
from assemblyai_provider.exceptions import TranscriptNotFoundError
from assemblyai_provider.models import Transcript, TranscriptStatus

ACTIVE = (TranscriptStatus.QUEUED, TranscriptStatus.PROCESSING)
"""The lists to look into, in this order: a job moves from the first to the second meanwhile, never back."""

MISSING_AFTER_S = 60.0
"""For so long an unknown id may be one whose submission has not spread through AssemblyAI's servers yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: `failure` is None if it has a transcript, else the reason why not."""

    failure: str | None = None


@dataclass(slots=True)
class Watch:
    """Follows jobs from round to round.

    A round is `begin`, then for each of `ACTIVE` the list pages until `page` says enough, then one look by id
    at each of `unlisted`, told through `confirm` or `not_found`. Times are seconds of any monotonic clock.
    `over` holds the outcomes of those that are over and still wanted.
    """

    over: dict[str, Outcome] = field(default_factory=dict)
    _unseen: set[str] = field(default_factory=set)
    _created: dict[str, datetime] = field(default_factory=dict)
    _missing_since: dict[str, float] = field(default_factory=dict)

    def begin(self, wanted: Set[str]) -> bool:
        """Start a round for these ids; False if all of them are over, so that there is nothing to ask."""
        self.over = {id_: outcome for id_, outcome in self.over.items() if id_ in wanted}
        self._unseen = pending = set(wanted - self.over.keys())
        self._created = {id_: at for id_, at in self._created.items() if id_ in pending}
        self._missing_since = {id_: at for id_, at in self._missing_since.items() if id_ in pending}
        return bool(pending)

    def page(self, page: Page) -> str | None:
        """Take one page of a list; returns the `before_id` of the next one to ask for, or None for enough.

        Enough is when everyone is accounted for, or when the list has gone back beyond the oldest job still
        unaccounted for. Where nothing is known of its age it may be anywhere, so the list is read to its end.
        """
        for item in page.items:
            if item.id in self._unseen and not item.status.is_terminal:
                self._unseen.discard(item.id)
                if item.created:
                    self._created[item.id] = item.created
        if not self._unseen or (page.oldest and self._is_beyond(page.oldest)):
            return None
        return page.older

    def _is_beyond(self, oldest: datetime) -> bool:
        return all(id_ in self._created and self._created[id_] > oldest for id_ in self._unseen)

    def unlisted(self) -> list[str]:
        """The ids that stood in no list: over, in all likelihood. Each is to be looked at by id."""
        return sorted(self._unseen)

    def confirm(self, transcript_id: str, transcript: Transcript) -> None:
        """Take the answer to a look by id."""
        self._missing_since.pop(transcript_id, None)
        if transcript.status.is_terminal:
            failure = transcript.failure
            self.over[transcript_id] = Outcome(failure.reason if failure else None)

    def not_found(self, transcript_id: str, now: float) -> None:
        """Take the answer that there is no such job; it counts as over when that stays so for a while."""
        if now - self._missing_since.setdefault(transcript_id, now) >= MISSING_AFTER_S:
            self.over[transcript_id] = Outcome("AssemblyAI does not know this transcript (any more)")


def look(watch: Watch, client: AssemblyAIClient, wanted: Set[str], now: float) -> None:
    """One round on the worker's side."""
    if not watch.begin(wanted):
        return
    for status in ACTIVE:
        before_id = watch.page(client.list_transcripts(status=status))
        while before_id:
            before_id = watch.page(client.list_transcripts(status=status, before_id=before_id))
    for transcript_id in watch.unlisted():
        try:
            watch.confirm(transcript_id, client.get_transcript(transcript_id))
        except TranscriptNotFoundError:
            watch.not_found(transcript_id, now)
