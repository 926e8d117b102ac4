"""Reads JSON bodies: what Python's `json` reads, with the same values, but building only what is asked for.

Nine tenths of a long transcript's answer are its words, listed twice, and most readers want none of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_value = msgspec.json.Decoder().decode
# Calls. A value may be read later from so much deeper in the program than its body was.
_HEADROOM = 100


class LazyObject(Mapping[str, Any]):
    """A JSON object whose values are built when they are first asked for, and then remembered.

    :param values: by key, each as it is or as the valid JSON that stands for it.
    """

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if isinstance(value, msgspec.Raw):
            value = self._values[key] = _build(value)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read_json(body: bytes) -> Any:
    """The value of a JSON text; an object comes as a Mapping. Raises ValueError if it is none.

    All of it is checked here: reading a value of the object later raises nothing. As with `json`, encodings
    other than UTF-8, NaN and infinities, lone surrogates and repeated keys (the last counts) are accepted. An
    integer of more digits than Python converts becomes an infinity.
    """
    try:
        if not body.isascii():
            # The split looks at everything in a string but its encoding.
            body.decode()
        return LazyObject(_split(body, _HEADROOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # What msgspec refuses is not always refused by `json`, or is no object, or nested very deeply.
        return _load(body)


def _split(body: bytes, deeper: int) -> dict[str, Any]:
    """The values of an object as the bytes they are made of, which are valid JSON."""
    return _split(body, deeper - 1) if deeper else _split_object(body)


def _build(value: msgspec.Raw) -> Any:
    try:
        return _read_value(value)
    except msgspec.DecodeError:
        # A number beyond the range of its type.
        return _load(bytes(value))


def _load(text: bytes) -> Any:
    try:
        return json.loads(text, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)
