"""Decides which jobs have ended, for the sensor and the poller. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from assemblyai_provider._client import AssemblyAIClient, Page
from assemblyai_provider.exceptions import TranscriptNotFoundError, TransportError
from assemblyai_provider.models import Transcript, TranscriptStatus

# A job moves from each list to the next, never back, so a round that reads them in this order misses none.
_NEXT_LIST = {
    TranscriptStatus.QUEUED: TranscriptStatus.PROCESSING,
    TranscriptStatus.PROCESSING: TranscriptStatus.COMPLETED,
}

MISSING_AFTER_S = 60.0
"""An id unknown for less may belong to a job that has not reached all of AssemblyAI's servers yet."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page of the list: jobs of one status (None: of any), older than the job `before_id`."""

    status: TranscriptStatus | None
    before_id: str | None = None


_FIRST_PAGE = PageRequest(TranscriptStatus.QUEUED)


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How a job ended: with a transcript, or with the reason in `failure`."""

    failure: str | None = None


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one round has found.

    :param ended: the outcome of each job that has ended, those of earlier rounds included.
    :param started_at: when the round started, on the poller's clock; None if it did not reach every job.
    """

    ended: Mapping[str, JobOutcome]
    started_at: float | None = None


@dataclass(slots=True)
class JobTracker:
    """Tracks jobs from round to round.

    A round is `start_round`; then each `next_page`, its answer given to `record_page`; then one request by id
    for each of `unlisted_ids`, its answer given to `record_transcript`, `record_missing` or `postpone`.
    Times are seconds of any monotonic clock.

    :param ended: outcomes of the wanted jobs that have ended.
    :param missing_since: when AssemblyAI first did not know a job. Pass it on to the next tracker, so that
        several short waits count as one long wait.
    """

    ended: dict[str, JobOutcome] = field(default_factory=dict)
    missing_since: dict[str, float] = field(default_factory=dict)
    _remaining: set[str] = field(default_factory=set)  # not accounted for in this round
    _created_at: dict[str, datetime] = field(default_factory=dict)
    _postponed: Counter[str] = field(default_factory=Counter)
    _page: PageRequest | None = _FIRST_PAGE

    @property
    def is_complete(self) -> bool:
        """Whether the round reached every job.

        Postponed jobs do not count, or a single unreadable answer would keep every round incomplete.
        """
        return self.next_page() is None and self._remaining <= self._postponed.keys()

    def start_round(self, wanted: Set[str]) -> bool:
        """Start a round for these ids; False if all of them have ended."""
        self.ended = {id_: outcome for id_, outcome in self.ended.items() if id_ in wanted}
        self._remaining = pending = set(wanted - self.ended.keys())
        self._created_at = {id_: at for id_, at in self._created_at.items() if id_ in pending}
        self._postponed = Counter({id_: times for id_, times in self._postponed.items() if id_ in pending})
        self._page = _FIRST_PAGE
        return bool(pending)

    def next_page(self) -> PageRequest | None:
        """The page to request next, or None when the lists can tell no more.

        Lists come before requests by id: a page costs as much as one such request, but answers for up to 200
        jobs, and without their transcripts, several MB for a long call.
        """
        return self._page if self._remaining else None

    def record_page(self, request: PageRequest, page: Page) -> None:
        """Record the answer to `next_page`. Raises ValueError for any other request."""
        if request != self.next_page():
            raise ValueError(f"{request} is not the page to request next: {self.next_page()}")
        if request.status is TranscriptStatus.COMPLETED:
            # Jobs that remain may be spread over a long history, where requests by id are cheaper.
            is_useful = self._record_completed(page)
        else:
            self._record_active(page)
            is_useful = True
        before_id = self._next_before_id(page) if is_useful else None
        if before_id is not None:
            self._page = PageRequest(request.status, before_id)
        else:
            next_list = _NEXT_LIST.get(request.status) if request.status else None
            self._page = PageRequest(next_list) if next_list else None

    def _record_active(self, page: Page) -> None:
        for item in page.items:
            if item.id in self._remaining and not item.status.is_terminal:
                self._remaining.discard(item.id)
                self.missing_since.pop(item.id, None)
                if item.created:
                    self._created_at[item.id] = item.created

    def _record_completed(self, page: Page) -> bool:
        """Record the jobs that have a transcript; returns whether there was any."""
        found = [
            item.id
            for item in page.items
            if item.id in self._remaining and item.status is TranscriptStatus.COMPLETED and not item.deleted
        ]
        self._remaining.difference_update(found)
        self.ended |= dict.fromkeys(found, JobOutcome())
        return bool(found)

    def _next_before_id(self, page: Page) -> str | None:
        """The `before_id` of the next page; None if it cannot hold a remaining job.

        A job whose age is unknown may be on any page, so then the list is read to its end.
        """
        if page.oldest and all(
            id_ in self._created_at and self._created_at[id_] > page.oldest for id_ in self._remaining
        ):
            return None
        return page.older

    def unlisted_ids(self) -> list[str]:
        """The ids in no list, most likely failed; those postponed most often last."""
        return sorted(self._remaining, key=lambda id_: (self._postponed[id_], id_))

    def record_transcript(self, transcript_id: str, transcript: Transcript) -> None:
        """Record the answer to a request by id."""
        self._remaining.discard(transcript_id)
        self.missing_since.pop(transcript_id, None)
        self._postponed.pop(transcript_id, None)
        if transcript.status.is_terminal:
            failure = transcript.failure
            self.ended[transcript_id] = JobOutcome(failure.reason if failure else None)

    def record_missing(self, transcript_id: str, now: float) -> None:
        """Record an unknown id; after MISSING_AFTER_S its job counts as ended."""
        self._remaining.discard(transcript_id)
        if now - self.missing_since.setdefault(transcript_id, now) >= MISSING_AFTER_S:
            self.ended[transcript_id] = JobOutcome("AssemblyAI does not know this transcript (any more)")

    def postpone(self, transcript_id: str) -> None:
        """Record that a request by id got no usable answer."""
        self._postponed[transcript_id] += 1


def poll_once(
    tracker: JobTracker, client: AssemblyAIClient, wanted: Set[str], now: float, *, every_job: bool = False
) -> None:
    """Poll one round with the blocking client, up to the first job in progress.

    :param every_job: poll the other jobs, too.
    """
    if not tracker.start_round(wanted):
        return
    if not every_job:
        # With thousands in progress, one request for any of them saves many pages.
        first = tracker.unlisted_ids()[0]
        _poll_by_id(tracker, client, first, now)
        if first not in tracker.ended:
            return
    while request := tracker.next_page():
        page = client.list_transcripts(status=request.status, before_id=request.before_id)
        tracker.record_page(request, page)
    for transcript_id in tracker.unlisted_ids():
        _poll_by_id(tracker, client, transcript_id, now)


def _poll_by_id(tracker: JobTracker, client: AssemblyAIClient, transcript_id: str, now: float) -> None:
    try:
        tracker.record_transcript(transcript_id, client.get_transcript(transcript_id))
    except TranscriptNotFoundError:
        tracker.record_missing(transcript_id, now)
    except TransportError:
        tracker.postpone(transcript_id)
        raise
