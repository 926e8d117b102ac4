"""Content moderation by a list of words. The labels are the service's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from assemblyai_sandbox.understanding.tokens import bare_words, timestamp

# Word: how severe it is, from 0 to 1.
_WORDS: Mapping[str, Mapping[str, float]] = {
    "profanity": {
        **dict.fromkeys(("damn", "damned", "crap", "bloody"), 0.2),
        **dict.fromkeys(("shit", "bullshit", "asshole", "bastard"), 0.6),
        **dict.fromkeys(("fuck", "fucking", "fucked"), 0.9),
    },
    "hate_speech": {
        **dict.fromkeys(("idiot", "idiots", "moron", "stupid"), 0.2),
        **dict.fromkeys(("scum", "vermin"), 0.7),
    },
    "crime_violence": {
        **dict.fromkeys(("police", "stolen", "thief", "fraud", "scam"), 0.3),
        **dict.fromkeys(("attack", "attacked", "threaten", "threatened", "assault"), 0.6),
        **dict.fromkeys(("kill", "killed", "murder"), 0.9),
    },
    "weapons": dict.fromkeys(("gun", "guns", "knife", "rifle", "bomb"), 0.5),
    "accidents": dict.fromkeys(("accident", "accidents", "crash", "crashed"), 0.4),
    "disasters": dict.fromkeys(("flood", "flooded", "wildfire", "wildfires", "earthquake", "hurricane"), 0.5),
    "health_issues": dict.fromkeys(
        ("hospital", "injured", "injury", "sick", "illness", "disease", "surgery"), 0.4
    ),
    "alcohol": dict.fromkeys(("beer", "wine", "whiskey", "vodka", "drunk", "alcohol"), 0.3),
    "drugs": dict.fromkeys(("cocaine", "heroin", "marijuana", "drugs"), 0.6),
    "gambling": dict.fromkeys(("casino", "gambling", "betting", "lottery"), 0.3),
}
_CONFIDENCES = (0.6, 0.8, 0.95)
"""With one, two and more words of a label in a sentence."""


def content_safety(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's `content_safety_labels`; each sentence with a label is a section.

    Labels less sure than `content_safety_confidence` percent are left out.
    """
    least = (request.get("content_safety_confidence") or 50) / 100
    results = []
    for at, sentence in enumerate(sentences):
        labels = [label for label in _labels(bare_words(sentence)) if label["confidence"] >= least]
        if labels:
            results.append(
                {
                    "text": sentence["text"],
                    "labels": labels,
                    "sentences_idx_start": at,
                    "sentences_idx_end": at,
                    "timestamp": timestamp(sentence["words"]),
                }
            )
    return {"status": "success", "results": results, **_summaries(results, len(sentences))}


def _labels(words: Sequence[str]) -> list[dict[str, Any]]:
    labels = []
    for label, severities in _WORDS.items():
        found = [severities[word] for word in words if word in severities]
        if found:
            confidence = _CONFIDENCES[min(len(found), len(_CONFIDENCES)) - 1]
            labels.append({"label": label, "confidence": confidence, "severity": max(found)})
    return labels


def _summaries(results: Sequence[Mapping[str, Any]], total: int) -> dict[str, Any]:
    by_label: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for section in results:
        for label in section["labels"]:
            by_label[label["label"]].append(label)
    summary, severities = {}, {}
    for name, labels in by_label.items():
        summary[name] = round(fmean(label["confidence"] for label in labels) * len(labels) / total, 6)
        levels = ["low" if at < 1 / 3 else "medium" if at < 2 / 3 else "high" for at in _severities(labels)]
        severities[name] = {
            level: round(levels.count(level) / len(levels), 6) for level in ("low", "medium", "high")
        }
    return {"summary": summary, "severity_score_summary": severities}


def _severities(labels: Sequence[Mapping[str, Any]]) -> list[float]:
    return [float(label["severity"]) for label in labels]
