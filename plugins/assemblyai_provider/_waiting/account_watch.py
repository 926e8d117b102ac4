"""Finds the jobs of an account that have ended since the last round. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from assemblyai_provider._client import Page
from assemblyai_provider._waiting.job_tracker import PageRequest
from assemblyai_provider.models import TranscriptStatus

OVERLAP = timedelta(minutes=2)
"""How much later than a newer job one may appear in the list."""
MAX_AGE = timedelta(days=2)
"""A job in progress for longer is given up: it would have every round read the list back to it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_PROGRESS = (PageRequest(TranscriptStatus.QUEUED), PageRequest(TranscriptStatus.PROCESSING))
_ALL = PageRequest(None)


@dataclass(slots=True)
class AccountWatch:
    """Watches the list of jobs from round to round.

    A round is each `next_page`, its answer given to `record_page`, and then `end_round`.

    :param since: jobs that were created earlier are watched only if they are in progress now. None: no job
        that had ended before the first round is watched. (A time of ours would not do: AssemblyAI's clock
        may be behind.)
    """

    since: datetime | None = None
    _pending: dict[str, datetime] = field(default_factory=dict)  # in progress: when created
    _reported: dict[str, datetime] = field(default_factory=dict)  # ended, of those created since `since`
    _newest: datetime = _EPOCH
    _ended: dict[str, TranscriptStatus] = field(default_factory=dict)
    _pages: list[PageRequest] = field(default_factory=lambda: [*_IN_PROGRESS, _ALL])

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The watch that `to_json` described. Raises ValueError, TypeError or KeyError for anything else."""
        pending, reported = (
            {str(id_): datetime.fromisoformat(at) for id_, at in value[name].items()}
            for name in ("pending", "reported")
        )
        since = value["since"]
        return cls(since and datetime.fromisoformat(since), pending, reported, _pages=[_ALL])

    def to_json(self) -> dict[str, Any]:
        """What the next process needs to go on: times and ids."""
        return {
            "since": self.since and self.since.isoformat(),
            "pending": {id_: at.isoformat() for id_, at in self._pending.items()},
            "reported": {id_: at.isoformat() for id_, at in self._reported.items()},
        }

    def next_page(self) -> PageRequest | None:
        """The page to request next, or None at the end of the round."""
        return self._pages[0] if self._pages else None

    def record_page(self, page: Page) -> None:
        """Record the answer to `next_page`."""
        request = self._pages.pop(0)
        if request.status is None:
            self._record(page)
            horizon = min((self.since or self._recent, *self._pending.values()))
            is_over = page.oldest is not None and page.oldest < horizon
        else:
            # The first round only: what is in progress may be older than `since`.
            self._pending |= {
                item.id: item.created or self._recent for item in page.items if not item.status.is_terminal
            }
            is_over = False
        if page.older and not is_over:
            self._pages.insert(0, PageRequest(request.status, page.older))

    def _record(self, page: Page) -> None:
        for item in page.items:
            created = item.created or self._recent
            self._newest = max(self._newest, created)
            if item.id in self._reported:
                continue
            is_recent = self.since is None or created >= self.since
            if not item.status.is_terminal:
                if is_recent:
                    self._pending.setdefault(item.id, created)
            elif self._pending.pop(item.id, None) or is_recent:
                self._reported[item.id] = created
                if not item.deleted:
                    self._ended[item.id] = item.status

    @property
    def _recent(self) -> datetime:
        """Jobs that appear in the list from now on were created later."""
        return self._newest - OVERLAP if self._newest > _EPOCH else _EPOCH

    def end_round(self) -> Mapping[str, TranscriptStatus]:
        """The jobs that have ended since the last round, with their status, the latest created first."""
        ended, self._ended, self._pages = self._ended, {}, [_ALL]
        if self.since is None:
            ended = {}
        self.since = max(self.since or _EPOCH, self._recent)
        self._pending = {id_: at for id_, at in self._pending.items() if at >= self._newest - MAX_AGE}
        self._reported = {id_: at for id_, at in self._reported.items() if at >= self.since}
        return ended
