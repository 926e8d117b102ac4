"""What a transcript holds, as values.

Fields are those of https://www.assemblyai.com/docs/api-reference/transcripts/get. What is missing in an
answer or of another type is None. All times are milliseconds from the start of the recording. The words of
the call are in no `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word; without `speaker_labels` or `multichannel` it has no speaker."""

    text: str = field(repr=False)
    start_ms: int | None
    end_ms: int | None
    confidence: float | None
    speaker: str | None
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Word):
    """An utterance, a sentence or a paragraph, with its words."""

    words: tuple[Word, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment(Word):
    """A sentence's sentiment: POSITIVE, NEUTRAL or NEGATIVE."""

    sentiment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFlag:
    """A sensitive topic in a section of the call (`content_safety`).

    :param label: AssemblyAI's name of the topic, such as `profanity`.
    :param confidence: 0 to 1.
    :param severity: 0 to 1; None for labels that have none.
    """

    label: str
    confidence: float | None
    severity: float | None
    start_ms: int | None
    end_ms: int | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A name, number or date that was said (`entity_detection`)."""

    entity_type: str
    start_ms: int | None
    end_ms: int | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPhrase:
    """An important phrase (`auto_highlights`); `rank` is 0 to 1, `times` start and end of each."""

    text: str = field(repr=False)
    count: int | None
    rank: float | None
    times: tuple[tuple[int | None, int | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of the call with its summary (`auto_chapters`)."""

    gist: str = field(repr=False)
    headline: str = field(repr=False)
    summary: str = field(repr=False)
    start_ms: int | None
    end_ms: int | None
