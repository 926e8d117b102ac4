"""A fast path: reads JSON, but decodes only the members that are read.

What it buys: most readers need none of the words, nine tenths of a long answer. For an hour's call (1.9 MB)
`json.loads` takes 25 ms; this takes 1.8 ms to check the answer and 0.4 ms to decode the sentences
(docs/performance.md, "Loading"). How it is checked: tests/unit/assemblyai_provider/test_lazy_json.py compares
it with `json` on generated, damaged and truncated texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_value = msgspec.json.Decoder().decode
# A member may be decoded this many calls deeper in the program than `read_json` was called.
_HEADROOM_CALLS = 100


class LazyObject(Mapping[str, Any]):
    """A JSON object whose members are decoded when they are first read.

    :param values: by key, either decoded or as valid JSON.
    """

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if isinstance(value, msgspec.Raw):
            value = self._values[key] = _decode(value)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read_json(body: bytes) -> Any:
    """The value of a JSON text, an object as a Mapping. Raises ValueError.

    The whole text is checked here, so that reading a member later raises nothing. As with `json`, encodings
    other than UTF-8, NaN and infinities, lone surrogates and repeated keys (the last counts) are accepted. An
    integer of more digits than Python converts becomes an infinity.
    """
    try:
        if not body.isascii():
            # The split checks everything in a string but its encoding.
            body.decode()
        return LazyObject(_split_deeper(body, _HEADROOM_CALLS))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not an object, or nested very deeply, or one of the texts that `json` accepts and msgspec does not.
        return _load(body)


def _split_deeper(body: bytes, calls: int) -> dict[str, Any]:
    """The members of an object as valid JSON, split this many calls deeper.

    How deeply nested a text msgspec accepts depends on the stack that is left. What it accepts here, it also
    accepts when a member is decoded later.
    """
    return _split_deeper(body, calls - 1) if calls else _split_object(body)


def _decode(value: msgspec.Raw) -> Any:
    try:
        return _read_value(value)
    except msgspec.DecodeError:
        # A number out of range, which the split does not check.
        return _load(bytes(value))


def _load(text: bytes) -> Any:
    try:
        return json.loads(text, parse_int=_read_integer)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _read_integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)
