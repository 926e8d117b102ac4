"""Outcomes of jobs, the script that assigns them, and the service's rules for all of them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from assemblyai_sandbox import errors

MIN_DURATION_S = 0.16
MAX_DURATION_S = 36_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a job. All values are JSON, so that it can be scripted, sent and stored.

    ``sentences`` holds ``{text, start, end, sentiment, confidence, speaker, channel}`` (ms), and ``words`` if
    wanted. ``[]``: nobody spoke. None: the sentences are unknown, and only ``transcript`` has results.
    ``language_code`` is the spoken language. ``transcript`` overrides fields of the finished answer.
    """

    status: str = "completed"
    error: str | None = None
    processing_s: float = 0.0
    redaction_s: float = 0.0
    audio_duration: float | None = None
    audio_channels: int | None = None
    language_code: str = "en"
    language_confidence: float | None = None
    sentences: Sequence[Mapping[str, Any]] | None = None
    transcript: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: object) -> Outcome:
        """A scripted outcome; raises ``ValueError`` for unknown keys and impossible values."""
        if not isinstance(value, dict):
            raise ValueError("an outcome is an object")
        unknown = set(value) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"an outcome has no {', '.join(sorted(unknown))}")
        outcome = cls(**value)
        if outcome.status not in ("completed", "error"):
            raise ValueError("an outcome's status is completed or error")
        if outcome.status == "error" and not outcome.error:
            return replace(outcome, error=errors.SERVER_ERROR_NEW)
        return outcome

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def scrubbed(self) -> Outcome:
        """What is left of it after the transcript is deleted."""
        return replace(self, audio_duration=self.duration_s, sentences=None, transcript={})

    @property
    def duration_s(self) -> float:
        """Seconds of audio: as given, or until one second after the last sentence."""
        if self.audio_duration is not None:
            return self.audio_duration
        ends = [int(sentence["end"]) for sentence in self.sentences or () if sentence.get("end") is not None]
        return max(ends, default=0) / 1000 + 1


class Script:
    """Outcomes by recording. The newest matching rule wins; ``*`` matches last.

    A rule matches if its text is part of the audio URL (without its query) or of the SHA-256 of the uploaded
    bytes. A rule with several outcomes uses one per submission and then repeats the last. So a job can fail
    first and succeed when it is submitted again.
    """

    def __init__(self) -> None:
        self._rules: list[tuple[str, list[Outcome]]] = []

    def add(self, match: str, outcomes: Sequence[Outcome]) -> None:
        self._rules.append((match, list(outcomes)))

    def clear(self) -> None:
        self._rules.clear()

    def take(self, audio_url: str, sha256: str | None) -> Outcome | None:
        parts = urlsplit(audio_url)
        subject = f"{parts.scheme}://{parts.netloc}{parts.path} {sha256 or ''}"
        named = (rule for rule in reversed(self._rules) if rule[0] != "*" and rule[0] in subject)
        anything = (rule for rule in reversed(self._rules) if rule[0] == "*")
        for _, outcomes in (*named, *anything):
            return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        return None


_LINES = (
    ("Thank you for calling, how can I help you?", "POSITIVE"),
    ("I have a question about my last invoice.", "NEUTRAL"),
    ("The delivery never arrived and nobody called me back.", "NEGATIVE"),
    ("I am very unhappy with this.", "NEGATIVE"),
    ("Let me look that up for you.", "NEUTRAL"),
    ("The order number is on the first page.", "NEUTRAL"),
    ("That is wonderful, thank you so much!", "POSITIVE"),
    ("We will send you a replacement tomorrow.", "NEUTRAL"),
)


def invented(seed: int | None, audio: str) -> Outcome:
    """A small conversation that depends only on the seed and on the audio's name or hash."""
    rng = random.Random(hashlib.sha256(f"{seed}:{audio}".encode()).digest())
    sentences, at = [], 400
    for number in range(rng.randint(3, 8)):
        text, sentiment = rng.choice(_LINES)
        end = at + 350 * len(text.split())
        sentences.append(
            {
                "text": text,
                "start": at,
                "end": end,
                "sentiment": sentiment,
                "confidence": round(rng.uniform(0.5, 0.99), 7),
                "speaker": "AB"[number % 2],
                "channel": "12"[number % 2],
            }
        )
        at = end + rng.randint(200, 900)
    return Outcome(sentences=sentences, language_confidence=round(rng.uniform(0.9, 0.999), 4))


def apply_rules(outcome: Outcome, request: Mapping[str, Any]) -> Outcome:
    """The outcome after the service's rules for short, long, silent and unclear audio."""
    if outcome.status == "error":
        return outcome
    reason = _objection(outcome, request)
    return outcome if reason is None else replace(outcome, status="error", error=reason)


def _objection(outcome: Outcome, request: Mapping[str, Any]) -> str | None:
    if outcome.duration_s < MIN_DURATION_S:
        return errors.TOO_SHORT
    if outcome.duration_s > MAX_DURATION_S:
        return errors.TOO_LONG
    detect = bool(request.get("language_detection"))
    if detect and outcome.sentences is not None and not outcome.sentences:
        return errors.NO_SPOKEN_AUDIO
    threshold = request.get("language_confidence_threshold") or 0
    sure = outcome.language_confidence
    if detect and sure is not None and sure < threshold:
        return errors.low_language_confidence(outcome.language_code, sure, threshold)
    return _too_little_speech(outcome, request.get("speech_threshold") or 0)


def _too_little_speech(outcome: Outcome, threshold: float) -> str | None:
    # The option is documented only for files with at least 30 s of audio.
    if not threshold or outcome.duration_s < 30:
        return None
    spoken = sum(int(s["end"]) - int(s["start"] or 0) for s in outcome.sentences or ()) / 1000
    share = min(1.0, spoken / outcome.duration_s)
    return errors.low_speech(share, threshold) if share < threshold else None
