"""The figures of docs/scores.md in plain Python, one sentence at a time, to check the SQL against."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import fmean
from typing import Any

_SIGNS = {"POSITIVE": 1, "NEUTRAL": 0, "NEGATIVE": -1}
_Z = 1.959964


class _Sentence:
    def __init__(self, row: Mapping[str, Any]) -> None:
        self.sign = _SIGNS[row["sentiment"].upper()]
        self.start: int = row["start_ms"]
        self.end: int = max(row["start_ms"], row["end_ms"])
        self.d = self.end - self.start
        confidence: float | None = row.get("confidence")
        self.rated = confidence is not None and 0 <= confidence <= 1
        self.confidence = confidence if confidence is not None and self.rated else math.nan
        self.g = max(self.confidence, 1 / 3)
        self.e = self.sign * (3 * self.g - 1) / 2
        channel = row.get("channel")
        self.speaker: str = row.get("speaker") or (f"ch{channel}" if channel else "__unknown__")


def _valid(row: Mapping[str, Any]) -> bool:
    known = (row["sentiment"] or "").upper() in _SIGNS
    return known and row["start_ms"] is not None and row["end_ms"] is not None


def _union(sentences: Sequence[_Sentence]) -> tuple[int, list[int]]:
    """The length of the union of the sentences' intervals, and the gaps between them."""
    length, gaps = 0, []
    covered_to = None
    for s in sentences:
        if covered_to is not None and s.start > covered_to:
            gaps.append(s.start - covered_to)
        length += max(0, s.end - (s.start if covered_to is None else max(covered_to, s.start)))
        covered_to = s.end if covered_to is None else max(covered_to, s.end)
    return length, gaps


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _shrunk(rated: Sequence[_Sentence]) -> dict[str, Any]:
    m = len(rated)
    if not m:
        return {"score_shrunk": None, "score_low": None, "score_high": None}
    positive, negative = (
        (math.fsum(s.g if s.sign == sign else (1 - s.g) / 2 for s in rated) + 1) / (m + 4) for sign in (1, -1)
    )
    x = positive - negative
    half_width = _Z * math.sqrt((positive + negative - x * x) / (m + 5))
    return {"score_shrunk": x, "score_low": max(-1, x - half_width), "score_high": min(1, x + half_width)}


def _label(x: float | None, m: int, sentences: Sequence[_Sentence]) -> str:
    if x is None:
        return "NONE"
    if m < 5:
        return "INSUFFICIENT"
    x = round(x, 12)
    if abs(x) < 0.10:
        shares = [Fraction(sum(s.sign == sign for s in sentences), len(sentences)) for sign in (1, -1)]
        return "MIXED" if min(shares) >= Fraction(1, 5) else "NEUTRAL"
    return ("VERY_" if abs(x) >= 0.30 else "") + ("POSITIVE" if x > 0 else "NEGATIVE")


def _trend(rated: Sequence[_Sentence], t0: int, span: int) -> dict[str, Any]:
    middles = {s.start + s.end for s in rated}
    if len(rated) < 6 or len(middles) < 2 or not span:
        return {"trend_slope": None, "trend_slope_se": None, "trend_label": "INSUFFICIENT"}
    u = [((s.start + s.end) / 2 - t0) / span for s in rated]
    e = [s.e for s in rated]
    mean_u, mean_e = fmean(u), fmean(e)
    sxx = math.fsum((x - mean_u) ** 2 for x in u)
    slope = math.fsum((x - mean_u) * (y - mean_e) for x, y in zip(u, e, strict=True)) / sxx
    rest = math.fsum((y - mean_e - slope * (x - mean_u)) ** 2 for x, y in zip(u, e, strict=True))
    se = math.sqrt(rest / (len(e) - 2) / sxx)
    label = "STABLE"
    if round(abs(slope), 12) >= 0.2 and abs(slope) > _Z * se:
        label = "IMPROVING" if slope > 0 else "DECLINING"
    return {"trend_slope": slope, "trend_slope_se": se, "trend_label": label}


def _windows(rated: Sequence[_Sentence]) -> dict[str, Any]:
    means = [round(fmean(s.e for s in rated[i : i + 5]), 12) for i in range(len(rated) - 4)]
    names = ("worst_window_score", "worst_window_start_ms", "worst_window_end_ms", "recovery")
    if not means:
        return dict.fromkeys(names)
    first = means.index(min(means))
    window = rated[first : first + 5]
    apart = len(rated) >= 10 and first + 5 <= len(rated) - 5
    recovery = fmean(s.e for s in rated[-5:]) - means[first] if apart else None
    found = (means[first], window[0].start, max(s.end for s in window), recovery)
    return dict(zip(names, found, strict=True))


def _longest_run(signs: Sequence[int], sign: int) -> int:
    longest = run = 0
    for found in signs:
        run = run + 1 if found == sign else 0
        longest = max(longest, run)
    return longest


def _figures(sentences: Sequence[_Sentence], t0: int, span: int) -> dict[str, Any]:
    rated = [s for s in sentences if s.rated]
    n, m = len(sentences), len(rated)
    counts = {sign: sum(s.sign == sign for s in sentences) for sign in (1, 0, -1)}
    d, rated_d = sum(s.d for s in sentences), sum(s.d for s in rated)
    quarters: list[list[float]] = [[], [], [], []]
    for s in rated:
        if span:
            quarters[min(3, 2 * (s.start + s.end - 2 * t0) // span)].append(s.e)
    q = [_mean(values) for values in quarters]
    shrunk = _shrunk(rated)
    return {
        "sentence_count": n,
        "positive_count": counts[1],
        "neutral_count": counts[0],
        "negative_count": counts[-1],
        "confidence_missing_count": n - m,
        "net_sentiment": (counts[1] - counts[-1]) / n,
        "sentiment_score": _mean([s.e for s in rated]),
        "sentiment_score_weighted": math.fsum(s.d * s.e for s in rated) / rated_d if rated_d else None,
        "positive_time_share": sum(s.d for s in sentences if s.sign == 1) / d if d else None,
        "negative_time_share": sum(s.d for s in sentences if s.sign == -1) / d if d else None,
        **shrunk,
        "label": _label(shrunk["score_shrunk"], m, sentences),
        **{f"q{i}_score": value for i, value in enumerate(q, start=1)},
        "sentiment_change": q[3] - q[0] if q[0] is not None and q[3] is not None else None,
        **_trend(rated, t0, span),
        **_windows(rated),
        "longest_negative_run": _longest_run([s.sign for s in sentences], -1),
        "mean_confidence": _mean([s.confidence for s in rated]),
        "low_confidence_share": sum(s.confidence < 0.6 for s in rated) / m if m else None,
        "talk_time_ms": _union(sentences)[0],
        "value_sum": math.fsum(s.e for s in rated) if m else None,
    }


def expected(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The figures of a call and of each of its speakers; none for a call without a valid sentence."""
    sentences = [_Sentence(row) for row in rows if _valid(row)]
    # Python's sort is stable, so equal times stay in the order of their positions.
    sentences.sort(key=lambda s: (s.start, s.end))
    if not sentences:
        return {}, {}
    t0 = sentences[0].start
    span = max(s.end for s in sentences) - t0
    call = _figures(sentences, t0, span)
    keys = {s.speaker for s in sentences}
    speakers = {key: _figures([s for s in sentences if s.speaker == key], t0, span) for key in keys}
    together = sum(speaker["talk_time_ms"] for speaker in speakers.values())
    for speaker in speakers.values():
        speaker["talk_share"] = speaker["talk_time_ms"] / together if together else None
    talk, gaps = _union(sentences)
    long = [gap for gap in gaps if gap > 3000]
    low_share, high = call["low_confidence_share"], call["score_high"]
    call |= {
        "invalid_count": len(rows) - len(sentences),
        "span_ms": span,
        "silence_ms": span - talk,
        "long_silence_ms": sum(long),
        "long_silence_count": len(long),
        "crosstalk_ms": together - talk,
        "needs_review": (
            call["label"] in ("INSUFFICIENT", "NONE", "MIXED")
            or (low_share is not None and low_share > 0.40)
            or call["confidence_missing_count"] > 0
            or len(rows) > len(sentences)
            or (call["label"].endswith("NEGATIVE") and high >= 0)
        ),
    }
    return call, speakers
