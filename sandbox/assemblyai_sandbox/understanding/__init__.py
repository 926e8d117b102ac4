"""Results that are found in the words of a transcript, by word lists and patterns.

They have the shapes of the service and none of its quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assemblyai_sandbox.understanding.content import content_safety
from assemblyai_sandbox.understanding.entities import entities
from assemblyai_sandbox.understanding.phrases import key_phrases, topics
from assemblyai_sandbox.understanding.summaries import chapters, summary

Sentences = Sequence[Mapping[str, Any]]

# Request option: the field of its result, and who makes it.
_ADD_ONS: Mapping[str, tuple[str, Callable[[Sentences, Mapping[str, Any]], Any]]] = {
    "auto_chapters": ("chapters", chapters),
    "auto_highlights": ("auto_highlights_result", key_phrases),
    "content_safety": ("content_safety_labels", content_safety),
    "entity_detection": ("entities", entities),
    "iab_categories": ("iab_categories_result", topics),
    "summarization": ("summary", summary),
}


def add_ons(sentences: Sentences, request: Mapping[str, Any]) -> dict[str, Any]:
    """The result fields of all add-ons that were requested.

    :param sentences: with their words; times in milliseconds.
    """
    return {
        name: make(sentences, request) for option, (name, make) in _ADD_ONS.items() if request.get(option)
    }
