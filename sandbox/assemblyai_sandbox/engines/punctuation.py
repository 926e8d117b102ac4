"""Writes recognised words as a sentence."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_QUESTION_STARTS = _words(
    "what when where who whose why how which is are was were do does did can could would should may"
)
_QUESTION_PARTS = ("how can i help", "how may i help", "can i help you", "could you tell me", "what can i do")
_CAPITALS = _words(
    """i i'm i'll i've i'd monday tuesday wednesday thursday friday saturday sunday
    january february april june july august september october november december"""
)


def written(words: list[str]) -> list[str]:
    """The words with a capital at the start and a full stop or question mark at the end."""
    texts = [
        word.capitalize() if number == 0 or word in _CAPITALS else word for number, word in enumerate(words)
    ]
    spoken = " ".join(words)
    asks = words[0] in _QUESTION_STARTS or any(part in spoken for part in _QUESTION_PARTS)
    texts[-1] += "?" if asks else "."
    return texts
