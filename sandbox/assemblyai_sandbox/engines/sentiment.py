"""The sentiment of a sentence's words, by VADER's lexicon."""

from __future__ import annotations

from functools import cache
from math import sqrt

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

# Polite words are not praise, although "please" alone scores 0.32 and "help" 0.40.
POSITIVE_FROM = 0.45
NEGATIVE_FROM = -0.05


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def sentiment_of(text: str) -> tuple[str, float]:
    """The label of a text, and a confidence between 1/3 and 1.

    The confidence grows with the distance of VADER's compound score from the border of the label. It is a
    ranking, not a probability.
    """
    compound = float(_analyzer().polarity_scores(text)["compound"])
    if compound >= POSITIVE_FROM:
        label, distance = "POSITIVE", sqrt((compound - POSITIVE_FROM) / (1 - POSITIVE_FROM))
    elif compound <= NEGATIVE_FROM:
        label, distance = "NEGATIVE", sqrt((NEGATIVE_FROM - compound) / (1 + NEGATIVE_FROM))
    else:
        border = POSITIVE_FROM if compound >= 0 else NEGATIVE_FROM
        label, distance = "NEUTRAL", 0.9 * (1 - compound / border)
    return label, round(1 / 3 + 2 / 3 * distance, 7)
