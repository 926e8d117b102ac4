"""The sentiment of a sentence's words, by VADER's lexicon."""

from __future__ import annotations

from functools import cache
from math import sqrt

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

# Polite words are the furniture of a call: "please" alone scores 0.32 and "help" 0.40, and neither is praise.
POSITIVE_FROM = 0.45
NEGATIVE_FROM = -0.05


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def sentiment_of(text: str) -> tuple[str, float]:
    """The label and a confidence between 1/3 (a toss-up of three) and 1, from how far VADER's compound score
    lies from the border of its label. It is a ranking, not a probability."""
    compound = float(_analyzer().polarity_scores(text)["compound"])
    if compound >= POSITIVE_FROM:
        label, distance = "POSITIVE", sqrt((compound - POSITIVE_FROM) / (1 - POSITIVE_FROM))
    elif compound <= NEGATIVE_FROM:
        label, distance = "NEGATIVE", sqrt((NEGATIVE_FROM - compound) / (1 + NEGATIVE_FROM))
    else:
        border = POSITIVE_FROM if compound >= 0 else NEGATIVE_FROM
        label, distance = "NEUTRAL", 0.9 * (1 - compound / border)
    return label, round(1 / 3 + 2 / 3 * distance, 7)
