"""The transcript options of runs that are started without any."""

from __future__ import annotations

import json
from typing import Any

VARIABLE = "CALL_SENTIMENT_TRANSCRIPT_OPTIONS"


def read_default_options(text: str) -> dict[str, Any]:
    """The options in a JSON object; none for an empty text.

    Raises ValueError with the variable and the cure.
    """
    try:
        options = json.loads(text or "{}")
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise ValueError(
            f"Environment variable {VARIABLE}: is not a JSON object. Write one, such as"
            ' {"content_safety": true}.'
        )
    return options
