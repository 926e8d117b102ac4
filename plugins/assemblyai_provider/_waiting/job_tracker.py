"""The decision which jobs are over, without input or output; `poke` and the poller both drive it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from assemblyai_provider._client import AssemblyAIClient, Page
from assemblyai_provider.exceptions import TranscriptNotFoundError, TransportError
from assemblyai_provider.models import Transcript, TranscriptStatus

ACTIVE = (TranscriptStatus.QUEUED, TranscriptStatus.PROCESSING)
"""The lists to look into, in this order: a job moves from the first to the second meanwhile, never back."""

Ask = tuple[TranscriptStatus, str | None]
"""A page of a list to ask for: the status it is filtered by, and `before_id`."""

MISSING_AFTER_S = 60.0
"""For so long an unknown id may be one whose submission has not spread through AssemblyAI's servers yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: `failure` is None if it has a transcript, else the reason why not."""

    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a round has found.

    :param over: how each watched job that is over ended.
    :param looked_at: when the round began, on its poller's clock; None if it did not get as far as every job.
    """

    over: Mapping[str, Outcome]
    looked_at: float | None = None


@dataclass(slots=True)
class Watch:
    """Follows jobs from round to round.

    A round is `begin`, then the pages of `lists`, each told through `take`, then one look by id at each of
    `unlisted`, told through `confirm` or `not_found`. Times are seconds of any monotonic clock. `over` holds
    the outcomes of those that are over and still wanted. `missing_since` says since when AssemblyAI does not
    know a job; given to the next watch, it lets several short waits do for a long one.
    """

    over: dict[str, Outcome] = field(default_factory=dict)
    missing_since: dict[str, float] = field(default_factory=dict)
    _unseen: set[str] = field(default_factory=set)
    _created: dict[str, datetime] = field(default_factory=dict)
    _put_off: Counter[str] = field(default_factory=Counter)
    _page: Page = field(init=False)
    _listed: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the round got as far as every job.

        Those whose looks by id go unanswered do not count, or a single one would keep every round incomplete.
        """
        return self._listed and self._unseen <= self._put_off.keys()

    def begin(self, wanted: Set[str]) -> bool:
        """Start a round for these ids; False if all of them are over, so that there is nothing to ask."""
        self.over = {id_: outcome for id_, outcome in self.over.items() if id_ in wanted}
        self._unseen = pending = set(wanted - self.over.keys())
        self._created = {id_: at for id_, at in self._created.items() if id_ in pending}
        self._put_off = Counter({id_: times for id_, times in self._put_off.items() if id_ in pending})
        self._listed = not pending
        return bool(pending)

    def lists(self) -> Iterator[Ask]:
        """The pages of this round, each to be asked for and given to `take` before the next.

        First the lists of jobs in work, then that of the completed ones: a page costs as much as one look by
        id, but answers for up to 200 jobs, and without their transcripts, several MB for a long call.
        """
        for status in ACTIVE:
            before_id: str | None = None
            while self._unseen:
                yield status, before_id
                self._take_active(self._page)
                if (before_id := self._older(self._page)) is None:
                    break
        before_id = None
        while self._unseen:
            yield TranscriptStatus.COMPLETED, before_id
            # Those that are left may be spread over a long history, where looking by id is cheaper.
            if not self._take_completed(self._page) or (before_id := self._older(self._page)) is None:
                break
        self._listed = True

    def take(self, page: Page) -> None:
        """Take the page that was asked for."""
        self._page = page

    def _take_active(self, page: Page) -> None:
        for item in page.items:
            if item.id in self._unseen and not item.status.is_terminal:
                self._unseen.discard(item.id)
                self.missing_since.pop(item.id, None)
                if item.created:
                    self._created[item.id] = item.created

    def _take_completed(self, page: Page) -> int:
        """Take those that have a transcript; returns how many of them were waited for."""
        found = [
            item.id
            for item in page.items
            if item.id in self._unseen and item.status is TranscriptStatus.COMPLETED and not item.deleted
        ]
        self._unseen.difference_update(found)
        self.over |= dict.fromkeys(found, Outcome())
        return len(found)

    def _older(self, page: Page) -> str | None:
        """The `before_id` of the next page to ask for, or None for enough.

        Enough is when everyone is accounted for, or when the list has gone back beyond the oldest job still
        unaccounted for. Where nothing is known of its age it may be anywhere, so the list is read to its end.
        """
        if not self._unseen or (page.oldest and self._is_beyond(page.oldest)):
            return None
        return page.older

    def _is_beyond(self, oldest: datetime) -> bool:
        return all(id_ in self._created and self._created[id_] > oldest for id_ in self._unseen)

    def unlisted(self) -> list[str]:
        """The ids that stood in no list, each to be looked at by id: failed, most likely.

        Those that `put_off` was told of come last, the more often the later, and so hold up nobody else.
        """
        return sorted(self._unseen, key=lambda id_: (self._put_off[id_], id_))

    def put_off(self, transcript_id: str) -> None:
        """Take note that a look by id was not answered."""
        self._put_off[transcript_id] += 1

    def confirm(self, transcript_id: str, transcript: Transcript) -> None:
        """Take the answer to a look by id."""
        self._unseen.discard(transcript_id)
        self.missing_since.pop(transcript_id, None)
        self._put_off.pop(transcript_id, None)
        if transcript.status.is_terminal:
            failure = transcript.failure
            self.over[transcript_id] = Outcome(failure.reason if failure else None)

    def not_found(self, transcript_id: str, now: float) -> None:
        """Take the answer that there is no such job; it counts as over when that stays so for a while."""
        self._unseen.discard(transcript_id)
        if now - self.missing_since.setdefault(transcript_id, now) >= MISSING_AFTER_S:
            self.over[transcript_id] = Outcome("AssemblyAI does not know this transcript (any more)")


def look(
    watch: Watch, client: AssemblyAIClient, wanted: Set[str], now: float, *, whole: bool = False
) -> None:
    """One round on the worker's side, which ends at the first job that is found to be in work.

    :param whole: go on to the other jobs.
    """
    if not watch.begin(wanted):
        return
    if not whole:
        # Where thousands are in work, any one of these tells for a single request what takes many pages.
        first = watch.unlisted()[0]
        _confirm(watch, client, first, now)
        if first not in watch.over:
            return
    for status, before_id in watch.lists():
        watch.take(client.list_transcripts(status=status, before_id=before_id))
    for transcript_id in watch.unlisted():
        _confirm(watch, client, transcript_id, now)


def _confirm(watch: Watch, client: AssemblyAIClient, transcript_id: str, now: float) -> None:
    try:
        watch.confirm(transcript_id, client.get_transcript(transcript_id))
    except TranscriptNotFoundError:
        watch.not_found(transcript_id, now)
    except TransportError:
        watch.put_off(transcript_id)
        raise
