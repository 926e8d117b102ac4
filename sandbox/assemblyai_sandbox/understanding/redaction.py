"""Takes entities out of the words, by the policies of the request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assemblyai_sandbox.understanding.entities import spans


def redacted(sentence: Mapping[str, Any], request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sentence as the answer has it: unchanged without `redact_pii`.

    With `hash` each letter and digit becomes `#`; with `entity_name` an entity becomes one word,
    `[PERSON_NAME]`.
    """
    if not request.get("redact_pii"):
        return sentence
    policies = request.get("redact_pii_policies") or ()
    words: list[Mapping[str, Any]] = []
    done = 0
    for kind, start, end in spans(sentence):
        if kind in policies:
            words += [*sentence["words"][done:start], *_replaced(kind, sentence["words"][start:end], request)]
            done = end
    if not done:
        return sentence
    words += sentence["words"][done:]
    return {**sentence, "words": words, "text": " ".join(str(word["text"]) for word in words)}


def _replaced(kind: str, words: list[dict[str, Any]], request: Mapping[str, Any]) -> list[dict[str, Any]]:
    if request.get("redact_pii_sub") != "entity_name":
        return [{**word, "text": re.sub(r"\w", "#", word["text"])} for word in words]
    ending = re.search(r"[.,!?;:]*$", words[-1]["text"])
    name = f"[{kind.upper()}]{ending[0] if ending else ''}"
    return [{**words[0], "text": name, "end": words[-1]["end"]}]
