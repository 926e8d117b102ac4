from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.jsontext import clean_text, dump_json

any_text = st.text(st.characters(exclude_categories=()))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | any_text
any_json = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(any_text, inner))


def test_text_keeps_everything_but_nul_and_lone_surrogates() -> None:
    assert clean_text("a\x00b\ud800c\U0001f600é") == "a\ufffdb\ufffdc\U0001f600é"


@settings(max_examples=50, deadline=None)
@given(any_json)
def test_any_value_becomes_strict_json(value: Any) -> None:
    text = dump_json(value)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(text, parse_constant=refuse)
    assert "\\u0000" not in text.replace("\\\\", "")


def test_what_json_cannot_hold_is_told_in_text() -> None:
    assert json.loads(dump_json([float("nan"), float("-inf"), {1: b"x"}])) == [
        "NaN",
        "-Infinity",
        {"1": "b'x'"},
    ]
    assert json.loads(dump_json(16**5000)).startswith("0x1000")


def test_bottomless_nesting_ends_somewhere() -> None:
    value: list[Any] = []
    for _ in range(500):
        value = [value]
    assert "(nested too deeply)" in dump_json(value)
