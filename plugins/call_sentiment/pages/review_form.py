"""What a reviewer has put into the form of a call: read, checked, shown again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from call_sentiment.pages.render import clock
from call_sentiment.reviews import CALL_LABELS, SENTENCE_LABELS, GivenLabel

MAX_REASON = 1000
MOMENTS_NAMED = 5

_FIELD = re.compile(r"(label|reason)(?:-([0-9]{1,9}))?", re.ASCII)

Sentence = Mapping[str, Any]
Position = int | None


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """Labels and reasons as typed, by the position of the sentence; None: the call."""

    transcript_id: str = ""
    labels: dict[Position, str] = field(default_factory=dict)
    reasons: dict[Position, str] = field(default_factory=dict)
    leaves_out: bool = False
    """The reviewer was told which of the sentences asked for have no label, and sent the form again."""

    def given(self) -> list[GivenLabel]:
        """The labels to store; one that was taken away is None."""
        return [
            GivenLabel(position, label or None, (self.reasons.get(position) or None) if label else None)
            for position, label in self.labels.items()
        ]


def read_form(fields: Iterable[tuple[str, Any]]) -> ReviewForm:
    """What was typed, trimmed; fields of no meaning are left out."""
    form: dict[str, str] = {}
    found: dict[str, dict[Position, str]] = {"label": {}, "reason": {}}
    for name, value in fields:
        if not isinstance(value, str):
            continue
        if matched := _FIELD.fullmatch(name):
            position = None if matched[2] is None else int(matched[2])
            found[matched[1]][position] = value.strip().replace("\r\n", "\n")
        else:
            form[name] = value
    return ReviewForm(
        transcript_id=form.get("transcript_id", ""),
        labels=found["label"],
        reasons=found["reason"],
        leaves_out=form.get("leave_out") == "1",
    )


def show_labels(rows: Iterable[Mapping[str, Any]]) -> ReviewForm:
    """The form with the labels of these rows: position, label, reason."""
    given = list(rows)
    return ReviewForm(
        labels={row["position"]: row["label"] for row in given},
        reasons={row["position"]: row["reason"] or "" for row in given},
    )


def find_problem(form: ReviewForm, sentences: Sequence[Sentence]) -> str | None:
    """Why this form cannot be stored, and what to do; None where it can."""
    moments = {sentence["position"]: clock(sentence["start_ms"]) for sentence in sentences}
    if not form.labels.get(None):
        return "Choose a label for the call as a whole."
    for position, label in form.labels.items():
        if position is not None and position not in moments:
            return "One of the sentences is not of this call. Open the form again."
        if label and label not in (CALL_LABELS if position is None else SENTENCE_LABELS):
            return f"There is no label {label!r}. Choose one of those offered."
    return _find_bad_reason(form, moments)


def _find_bad_reason(form: ReviewForm, moments: Mapping[Position, str]) -> str | None:
    for position, reason in form.reasons.items():
        where = "of the call" if position is None else f"at {moments.get(position, '?')}"
        if len(reason) > MAX_REASON:
            return f"The reason {where} has {len(reason)} characters; {MAX_REASON} can be stored."
        if "\x00" in reason:
            return f"The reason {where} holds a character that cannot be stored (NUL). Type it anew."
        if reason and not form.labels.get(position):
            return f"The reason {where} has no label. Choose one beside it, or delete the reason."
    return None


def find_left_out(form: ReviewForm, sentences: Sequence[Sentence]) -> str | None:
    """Which of the sentences asked for have no label; None where the reviewer was told before."""
    missing = [s for s in sentences if s["is_asked"] and not form.labels.get(s["position"])]
    if not missing or form.leaves_out:
        return None
    moments = ", ".join(clock(s["start_ms"]) for s in missing[:MOMENTS_NAMED])
    more = ", ..." if len(missing) > MOMENTS_NAMED else ""
    return (
        f"{len(missing)} of the sentences asked for {'has' if len(missing) == 1 else 'have'} no label "
        f"({moments}{more}). Label what you can judge; send the form again to leave out the rest."
    )
