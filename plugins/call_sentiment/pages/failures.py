"""Why transcripts fail, in words for the pipeline page: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assemblyai_provider.models import FailureKind, TranscriptFailure


@dataclass(frozen=True, slots=True)
class Explanation:
    """One kind of failure.

    :param title: what happened.
    :param cure: what to do.
    """

    title: str
    cure: str


GIVEN_UP = Explanation(
    "Given up: in progress for too long",
    "Nothing to do: if the job ends later, it is loaded. If there are many, look at AssemblyAI's status.",
)
REFUSED = Explanation(
    "Refused before it was sent",
    "Correct what the reason names: sidecar, file name or manifest line. Nothing was paid for it.",
)
NOT_SUBMITTED = Explanation(
    "AssemblyAI refused the recording or the request",
    "Correct the file or the option that the reason names. A changed file is submitted by the next run.",
)
LOST = Explanation(
    "AssemblyAI no longer knows the job",
    "It is submitted again, three times at most. If it stays so, check region and project of the API key.",
)
UNSTORABLE = Explanation(
    "The answer could not be stored",
    "Report the database error of the reason. The transcript is paid for and stays at AssemblyAI.",
)

BY_KIND: Mapping[FailureKind, Explanation] = {
    FailureKind.SERVER: Explanation(
        "AssemblyAI had an internal error",
        "It is submitted three times at most; failed jobs are free. After that, run with retranscribe.",
    ),
    FailureKind.DOWNLOAD: Explanation(
        "AssemblyAI could not download the recording",
        "Check that its address works without a login and has not expired; put a fresh one in the manifest.",
    ),
    FailureKind.NOT_AUDIO: Explanation(
        "The file is no audio that can be decoded",
        "Play it. If it is broken, export it again; the changed file is submitted by the next run.",
    ),
    FailureKind.TOO_SHORT: Explanation(
        "The recording is too short", "Nothing to do: there is less audio than AssemblyAI transcribes."
    ),
    FailureKind.TOO_LONG: Explanation(
        "The recording is too long", "Cut it into parts; each part becomes a call."
    ),
    FailureKind.NO_SPEECH: Explanation(
        "Nobody speaks", "Nothing to do: the call is listed with the status no speech."
    ),
    FailureKind.LANGUAGE: Explanation(
        "The language could not be found out or is not supported",
        "Write language_code into the sidecar, then run with retranscribe.",
    ),
    FailureKind.SPEECH_THRESHOLD: Explanation(
        "Less speech than speech_threshold asks for", "Lower that option if such calls are to be transcribed."
    ),
    FailureKind.DELETED: Explanation(
        "The transcript was deleted at AssemblyAI",
        "If that was not intended, run with retranscribe to pay for it again.",
    ),
    FailureKind.OTHER: Explanation(
        "Another reason", "The reason says what AssemblyAI answered; its text leads further."
    ),
}


@dataclass(slots=True)
class Failures:
    """The failures of one kind: how many, and some of their reasons."""

    explanation: Explanation
    transcripts: int
    tried_again: bool
    reasons: list[str]
    example: str


def explain(failed_in: str, error: str | None, given_up: bool) -> Explanation:
    """What kind of failure this is."""
    text = error or ""
    if given_up:
        return GIVEN_UP
    if failed_in == "discover":
        return REFUSED
    if "no longer knows this transcript" in text:
        return LOST
    if "cannot be stored" in text:
        return UNSTORABLE
    kind = TranscriptFailure.from_error(error).kind
    if failed_in == "submit" and kind is FailureKind.OTHER:
        return NOT_SUBMITTED
    return BY_KIND[kind]


def group_failures(rows: Iterable[Mapping[str, Any]]) -> list[Failures]:
    """Failures by kind, the most frequent first, with up to five reasons each."""
    groups: dict[Explanation, Failures] = {}
    for row in rows:
        explanation = explain(row["failed_in"], row["error"], row["given_up"])
        group = groups.setdefault(explanation, Failures(explanation, 0, False, [], row["example"]))
        group.transcripts += row["transcripts"]
        group.tried_again = group.tried_again or bool(row["tried_again"])
        if len(group.reasons) < 5 and row["error"]:
            group.reasons.append(row["error"])
    return sorted(groups.values(), key=lambda group: -group.transcripts)
