"""Where a transcript stands in the ledger, and what analysts see of it.

The database has the same words: in CHECK constraints, and in the SQL files as literals. Tests compare both
with these enums.
"""

from __future__ import annotations

from enum import StrEnum


class TranscriptState(StrEnum):
    """Column `transcripts.state`. The first three are open; a transcript moves on from them."""

    INTENT = "intent"  # to be submitted: a run has claimed it, or will
    SUBMITTED = "submitted"  # AssemblyAI has accepted it and given it an id
    LOADED = "loaded"  # its answer and its sentences are stored
    SCORED = "scored"  # it has its rows of figures, or a status that says why not
    FAILED = "failed"  # refused, failed or given up; `retryable` says whether there will be another attempt
    DUPLICATE = "duplicate"  # never submitted: another call holds the same bytes and has the transcript


class ResultStatus(StrEnum):
    """Column `transcripts.status`: what there is to score, known once a transcript is loaded."""

    OK = "ok"  # it has sentences
    NO_SPEECH = "no_speech"  # nobody speaks in the recording
    NOT_ANALYZED = "not_analyzed"  # AssemblyAI gave no sentiment, as for most languages
    INVALID = "invalid"  # no sentence is usable; only scoring finds this out


class ContentStatus(StrEnum):
    """Column `transcripts.content_status`: whether AssemblyAI moderated the content."""

    ANALYZED = "analyzed"  # it looked; what it found are rows of `content_flags`
    NOT_REQUESTED = "not_requested"  # the run did not ask for it
    UNAVAILABLE = "unavailable"  # the run asked for it, and no result came


class CallStatus(StrEnum):
    """Column `call_overview.status`: the result of a call, or why there is none."""

    OK = ResultStatus.OK
    NO_SPEECH = ResultStatus.NO_SPEECH
    NOT_ANALYZED = ResultStatus.NOT_ANALYZED
    INVALID = ResultStatus.INVALID
    IN_PROGRESS = "in_progress"  # its transcript is open
    FAILED = TranscriptState.FAILED
    DUPLICATE = TranscriptState.DUPLICATE
