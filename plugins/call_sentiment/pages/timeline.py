"""The geometry of a call's timeline: where its sentences, silences and worst window are drawn.

Times become percent of the width, so that a short call fills the page; heights are in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from call_sentiment.pages.render import clock, signed, words
from call_sentiment.pages.speech import find_crosstalk, find_silences

MARKS_PX = 22
MEAN_PX = 72
LANE_PX = 56
AXIS_PX = 24
PX_PER_SECOND = 4
MIN_WIDTH_PX = 640
MAX_WIDTH_PX = 24_000
MIN_TICK_PX = 80
MIN_BLOCK_PX = 2
MEAN_OF = 5
KINDS = {"POSITIVE": "positive", "NEUTRAL": "neutral", "NEGATIVE": "negative"}
UNKNOWN = "__unknown__"

_MAX_TITLE = 120
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)

Sentence = Mapping[str, Any]


class Span(NamedTuple):
    """A stretch of time: in milliseconds, and in percent of the width."""

    start_ms: int
    end_ms: int
    x: float
    width: float

    @property
    def duration_s(self) -> float:
        return (self.end_ms - self.start_ms) / 1000


class Block(NamedTuple):
    """A sentence; `y` and `height` are within its lane, in pixels."""

    position: int
    span: Span
    kind: str
    y: float
    height: float
    title: str


class Point(NamedTuple):
    """A mean of five sentences, at the middle of their time; `y` within the strip, in pixels."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn of a call. `lanes` are blocks by the name of who speaks, in the order of first words."""

    width_px: int
    lanes: dict[str, list[Block]]
    silences: list[Span]
    crosstalk: list[Span]
    mean: list[Point]
    worst: Span | None
    ticks: list[tuple[float, str]]
    start_ms: int
    end_ms: int
    untimed_count: int = field(default=0)
    mean_px: int = MEAN_PX
    """Height of the strip of means; 0 where nothing computed is drawn."""

    @property
    def height_px(self) -> int:
        return self.lanes_px + AXIS_PX

    @property
    def lanes_px(self) -> int:
        """The lower end of the lanes."""
        return MARKS_PX + self.mean_px + len(self.lanes) * LANE_PX


def draw(
    sentences: Sequence[Sentence],
    duration_ms: float | None,
    worst: tuple[int, int] | None,
    *,
    is_blind: bool = False,
) -> Timeline | None:
    """The timeline of sentences in the order of their times; None where none has a time.

    :param duration_ms: length of the recording.
    :param worst: start and end of the worst window, in milliseconds.
    :param is_blind: draw who speaks when and nothing that was computed; the sentences need not have it.
    """
    timed = [s for s in sentences if s["start_ms"] is not None and s["end_ms"] is not None]
    if not timed:
        return None
    start = min(0, timed[0]["start_ms"])
    end = max(int(duration_ms or 0), *(s["end_ms"] for s in timed), start + 1)
    width = int(min(max((end - start) / 1000 * PX_PER_SECOND, MIN_WIDTH_PX), MAX_WIDTH_PX))
    scale = _Scale(start, end, width)
    valid = [s for s in timed if s["is_valid"]]
    lanes: dict[str, list[Block]] = {}
    for sentence in timed:
        lanes.setdefault(speaker_name(sentence), []).append(_block(sentence, scale, is_blind))
    return Timeline(
        width_px=width,
        lanes=lanes,
        silences=[scale.span(*gap) for gap in find_silences(valid)],
        crosstalk=[scale.span(*part) for part in find_crosstalk(valid)],
        mean=[] if is_blind else _running_mean([s for s in valid if s["value"] is not None], scale),
        mean_px=0 if is_blind else MEAN_PX,
        worst=scale.span(*worst) if worst else None,
        ticks=_ticks(scale),
        start_ms=start,
        end_ms=end,
        untimed_count=len(sentences) - len(timed),
    )


def speaker_name(sentence: Sentence) -> str:
    """Who speaks, as people read it: the role, else the label or the channel."""
    if sentence["role"]:
        return str(sentence["role"])
    key = str(sentence["speaker_key"])
    if key == UNKNOWN:
        return "Unknown speaker"
    return f"Channel {key[2:]}" if key.startswith("ch") and key[2:] else f"Speaker {key}"


def kind_of(sentence: Sentence) -> str:
    """How a sentence is drawn: positive, neutral, negative; unknown where no figure counts it."""
    label = str(sentence["sentiment"] or "").upper()
    return KINDS[label] if sentence["is_valid"] else "unknown"


class _Scale(NamedTuple):
    start: int
    end: int
    width_px: int

    def x(self, ms: float) -> float:
        return round(100 * (ms - self.start) / (self.end - self.start), 3)

    def span(self, start: int, end: int) -> Span:
        return Span(start, end, self.x(start), round(max(self.x(end) - self.x(start), self.least), 3))

    @property
    def least(self) -> float:
        return 100 * MIN_BLOCK_PX / self.width_px


def _block(sentence: Sentence, scale: _Scale, is_blind: bool) -> Block:
    kind, height, judged = ("said", LANE_PX - 24.0, "") if is_blind else _judge(sentence)
    text = sentence["text"] or "the words are not kept"
    title = (
        f"{clock(sentence['start_ms'])} {speaker_name(sentence)}{judged}: "
        f"{text if len(text) <= _MAX_TITLE else text[: _MAX_TITLE - 1] + '…'}"
    )
    span = scale.span(sentence["start_ms"], sentence["end_ms"])
    return Block(sentence["position"], span, kind, LANE_PX - 4 - max(height, 6), max(height, 6), title)


def _judge(sentence: Sentence) -> tuple[str, float, str]:
    """Kind, height and words of what AssemblyAI says of a sentence."""
    confidence = sentence["confidence"]
    known = confidence is not None and 0 <= confidence <= 1
    height = round((LANE_PX - 8) * (confidence if known else 0.2), 1)
    said = f"{words(sentence['sentiment'])}, confidence {f'{confidence:.2f}' if known else 'not given'}"
    return kind_of(sentence), height, f", {said}"


def _running_mean(rated: Sequence[Sentence], scale: _Scale) -> list[Point]:
    points = []
    for first in range(len(rated) - MEAN_OF + 1):
        window = rated[first : first + MEAN_OF]
        mean = sum(s["value"] for s in window) / MEAN_OF
        start, end = window[0]["start_ms"], max(s["end_ms"] for s in window)
        title = f"{clock(start)} to {clock(end)}: {signed(mean)}"
        points.append(Point(scale.x((start + end) / 2), round(MEAN_PX / 2 * (1 - mean), 1), title))
    return points


def _ticks(scale: _Scale) -> list[tuple[float, str]]:
    seconds = (scale.end - scale.start) / 1000
    fitting = (step for step in _STEPS_S if step * scale.width_px / seconds >= MIN_TICK_PX)
    step_ms = 1000 * next(fitting, int(seconds * MIN_TICK_PX / scale.width_px) + 1)
    first = -(-scale.start // step_ms) * step_ms
    return [(scale.x(ms), clock(ms)) for ms in range(first, scale.end + 1, step_ms)]
