"""Key phrases by how often they are said, and topics by word lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from assemblyai_sandbox.understanding.tokens import bare_words, runs, timestamp, vocabulary

MAX_PHRASES = 10
_COMMON = vocabulary(
    """a about all am an and any are as at be been but by can cannot could did do does for from get
    give good had has have hello help here how i if in is it its just know let like may me more my
    never next no not now of oh on one or our out please right said say see send she so some sorry
    thank thanks that the their them then there they thing this time to today tomorrow two up us
    very want was we well were what when which who will with would yes yesterday you your he his her"""
)
# Names of the IAB Content Taxonomy, as the service writes them.
_TOPICS: Mapping[str, frozenset[str]] = {
    "BusinessAndFinance>Business>BusinessAdministration": vocabulary(
        "account contract invoice customer company office"
    ),
    "PersonalFinance>FinancialPlanning": vocabulary(
        "bill charge money pay payment price refund cost bank card"
    ),
    "Shopping>SalesAndPromotions": vocabulary("order delivery package shop store product box"),
    "TechnologyAndComputing>Computing>Internet": vocabulary(
        "internet password email website online router login"
    ),
    "Travel>TravelType>HotelsAndMotels": vocabulary("hotel room booking reservation breakfast"),
    "MedicalHealth": vocabulary("doctor hospital medicine patient appointment"),
}


def key_phrases(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's `auto_highlights_result`: words that are not common, and runs of them."""
    times: dict[str, list[dict[str, int]]] = defaultdict(list)
    for sentence in sentences:
        words = bare_words(sentence)
        for start, end in runs([bool(word) and word not in _COMMON for word in words]):
            times[" ".join(words[start:end])].append(timestamp(sentence["words"][start:end]))
    best = sorted(times, key=lambda text: (-len(times[text]) * len(text.split()), text))[:MAX_PHRASES]
    most = max((len(times[text]) * len(text.split()) for text in best), default=1)
    results = [
        {
            "count": len(times[text]),
            "rank": round(0.1 * len(times[text]) * len(text.split()) / most, 4),
            "text": text,
            "timestamps": times[text],
        }
        for text in best
    ]
    return {"status": "success", "results": results}


def topics(sentences: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's `iab_categories_result`; each sentence with a topic is a section."""
    results, totals = [], dict.fromkeys(_TOPICS, 0)
    for sentence in sentences:
        words = bare_words(sentence)
        counts = {topic: sum(word in known for word in words) for topic, known in _TOPICS.items()}
        found = sorted((topic for topic, count in counts.items() if count), key=lambda topic: -counts[topic])
        if found:
            labels = [{"relevance": round(counts[topic] / len(words), 6), "label": topic} for topic in found]
            results.append(
                {"text": sentence["text"], "labels": labels, "timestamp": timestamp(sentence["words"])}
            )
        for topic in found:
            totals[topic] += counts[topic]
    most = max(totals.values(), default=0)
    summary = {topic: round(count / most, 6) for topic, count in totals.items() if count}
    return {"status": "success", "results": results, "summary": summary}
