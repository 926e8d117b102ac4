"""What the list of calls is filtered by, and how a search for words is asked of PostgreSQL."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from call_sentiment import DAG_ID

# As words_of in the database: these separate words.
_PUNCTUATION = string.punctuation + "\u2018\u2019\u201c\u201d\u2013\u2014\u2026"
_SPACES = str.maketrans(_PUNCTUATION, " " * len(_PUNCTUATION))
_QUOTED = re.compile(r'"([^"]*)"')

_TASKS_OF_CALLS = {"submit": "submit", "load": "load", "wait": "load"}
"""Tasks that handle calls, as they are noted: a wait waited for what the load of its index stored."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search for what was said in one sentence.

    `words` is a tsquery over the words of a whole call. `patterns` are regular expressions, all of which a
    sentence must match. `is_exact`: whether a call with these words has such a sentence.
    """

    words: str
    patterns: list[str]
    is_exact: bool


@cache
def read_search(said: str) -> Search:
    """A search for words by how they begin, and for "quoted phrases" of whole words in order."""
    phrases = [words for quoted in _QUOTED.findall(said) if (words := quoted.translate(_SPACES).split())]
    loose = _QUOTED.sub(" ", said).translate(_SPACES).split()
    lexemes = [f"'{word}':*" for word in loose] + [f"'{word}'" for words in phrases for word in words]
    patterns = [rf"\m{word}" for word in loose]
    patterns += [r"\m" + r"\M\W+\m".join(words) + r"\M" for words in phrases]
    return Search(words=" & ".join(lexemes), patterns=patterns, is_exact=len(lexemes) < 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a call must be to be listed; None asks nothing. Days are UTC, the last one included."""

    from_day: date | None = None
    to_day: date | None = None
    queue: str | None = None
    agent: str | None = None
    label: str | None = None
    status: str | None = None
    review: str | None = None
    content: str | None = None
    said: str | None = None
    dag: str | None = None
    run: str | None = None
    task: str | None = None
    map_index: int | None = None

    def search(self) -> Search:
        """The search for what was said."""
        return read_search(self.said or "")

    def params(self) -> dict[str, Any]:
        """The parameters of `sql/listing/conditions.sql`."""
        of_calls = _TASKS_OF_CALLS.get(self.task or "")
        # All calls are of this Dag; another one has those it is noted for.
        dag = None if self.dag == DAG_ID and not self.run else self.dag
        return {
            "from_time": _midnight(self.from_day),
            "to_time": _midnight(self.to_day and _day_after(self.to_day)),
            "queue": self.queue,
            "agent": self.agent,
            "label": self.label,
            "status": self.status,
            "review": self.review,
            "content": self.content,
            "dag": dag,
            "run": self.run,
            "task": of_calls,
            "map_index": self.map_index if of_calls and (self.map_index or 0) >= 0 else None,
            "words": self.search().words or None,
        }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day_after(day: date) -> date | None:
    return None if day == date.max else day + timedelta(days=1)
