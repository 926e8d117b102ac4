"""Makes any text and any JSON value storable in PostgreSQL, losing only what it cannot hold."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DEPTH = 64
_MAX_INTEGER_BITS = 4096


def clean_text(text: str) -> str:
    """`text` with NUL and lone surrogates, which PostgreSQL refuses, replaced by U+FFFD."""
    # Fast: Python stores whether a text is ASCII.
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def dump_json(value: Any) -> str:
    """`value` as JSON that jsonb takes.

    NaN and the infinities become the strings "NaN", "Infinity" and "-Infinity", integers of over a thousand
    digits their hexadecimal text, values nested deeper than 64 levels the string "(nested too deeply)", and
    anything that is not JSON its `repr`.
    """
    return json.dumps(_storable(value, 0), separators=(",", ":"))


def _storable(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return "(nested too deeply)"
    if isinstance(value, dict):
        return {clean_text(str(key)): _storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item, depth + 1) for item in value]
    return _storable_scalar(value)


def _storable_scalar(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > _MAX_INTEGER_BITS:
        return hex(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean_text(repr(value))
