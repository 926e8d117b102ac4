"""The fast path for JSON, compared with Python's own `json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assemblyai_provider._client.lazy_json import read_json

REFUSED = "(refused)"

space = st.sampled_from(["", "", "", " ", "\t", "\r\n"])
number = st.from_regex(
    r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
) | st.floats().map(json.dumps)
constant = st.sampled_from(
    [
        *("true", "false", "null", "NaN", "Infinity", "-Infinity", "-0", "-0.0", "1e400", "-1e400", "5e-324"),
        *(str(sign * 2**bits + more) for bits in (53, 63, 64) for sign in (1, -1) for more in (-1, 0, 1)),
    ]
)
# Texts between quotes; surrogates may be alone or in pairs.
piece = st.one_of(
    st.characters(exclude_categories=(), exclude_characters='"\\', min_codepoint=32),
    st.sampled_from(
        [r"\n", r"\"", r"\\", r"\/", r"\u0000", r"\ud83d", r"\uDE00", r"\u00e9", "\ud83d", "\ude00"]
    ),
)
string = st.lists(piece, max_size=6).map(lambda pieces: f'"{"".join(pieces)}"')
key = st.sampled_from(['"a"', '"b"', r'"\u0061"', '""']) | string


def _array(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(space, items, space).map("".join), max_size=4).map(lambda i: f"[{','.join(i)}]")


def _object(items: st.SearchStrategy[str], size: int = 4) -> st.SearchStrategy[str]:
    member = st.tuples(space, key, space, st.just(":"), space, items, space).map("".join)
    return st.lists(member, max_size=size).map(lambda members: f"{{{','.join(members)}}}")


value = st.recursive(number | constant | string, lambda inner: _array(inner) | _object(inner), max_leaves=8)
text = st.tuples(space, _object(value, 6) | value, space).map("".join)
encoding = st.sampled_from([*["utf-8"] * 8, "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
body = st.builds(lambda content, code: content.encode(code, "surrogatepass"), text, encoding)


def by_json(given_body: bytes) -> str:
    """What `json` reads, as text: 1, 1.0 and True differ there, as do -0.0 and 0.0, and NaN equals NaN."""
    try:
        return repr(json.loads(given_body))
    except ValueError:
        return REFUSED


def lazily(given_body: bytes) -> str:
    """What reading every value makes of it."""
    try:
        read = read_json(given_body)
    except ValueError:
        return REFUSED
    return repr(dict(read) if isinstance(read, Mapping) else read)


@settings(max_examples=200, deadline=None)
@given(body)
@example(b'{"a": [1e400, -1e400]}')
@example(b'{"a": "\xed\xa0\x80"}')
def test_every_value_is_the_one_json_reads(given_body: bytes) -> None:
    assert lazily(given_body) == by_json(given_body) != REFUSED


@settings(max_examples=200, deadline=None)
@given(body, st.integers(0, 200), st.binary(max_size=2) | st.sampled_from([b'"', b",", b"\\", b"0", b"}"]))
@example(b'{"a": "xx"}', 7, b"\xff")
@example(b'{"a": "xx"}', 7, b"\n")
def test_a_damaged_body_is_refused_when_json_refuses_it(given_body: bytes, place: int, junk: bytes) -> None:
    damaged = given_body[:place] + junk + given_body[place + 1 :]
    assert lazily(damaged) == by_json(damaged)


@settings(max_examples=200, deadline=None)
@given(body, st.integers(0, 200))
def test_a_truncated_body_is_refused_when_json_refuses_it(given_body: bytes, length: int) -> None:
    assert lazily(given_body[:length]) == by_json(given_body[:length])


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b'{"id": "t", "words": [1, 2',
        b'{"id": "t", "words": [1, 2,]}',
        b'{"id": "t", "words": {"a" 1}}',
        b'{"id": "t", "words": [01]}',
        b'{"id": "t", "text": "line\nbreak"}',
        b'{"id": "t", "text": "\\q"}',
        b'{"id": "t", "text": "\\u12"}',
        b'{"id": "t", "text": "\xff"}',
        b'{"id": "t", "text": "\xc0\x80"}',
        b'{"id": "t", "text": "\xe2\x82"}',
        b'{"id": "t", "words": [], "words": tru}',
        b'{"id": "t"} {}',
        b"[" * 100_000,
        b'{"words": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_a_fault_anywhere_is_raised_before_anything_is_read(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(broken)


def test_deeply_nested_members_can_be_read_from_deeper_in_the_program() -> None:
    def from_deeper(calls: int, answer: Mapping[str, Any]) -> Any:
        return from_deeper(calls - 1, answer) if calls else answer["a"]

    read = 0
    for depth in range(100, 1100, 7):
        nested = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
        try:
            answer = read_json(nested)
        except ValueError:
            continue
        innermost = from_deeper(50, answer)
        for _ in range(depth - 1):
            (innermost,) = innermost
        assert innermost == []
        read += 1
    assert read > 50


@pytest.mark.parametrize("digits", [4300, 4301, 100_000])
def test_an_integer_that_python_does_not_convert_does_not_cost_the_answer(digits: int) -> None:
    long = b"-" + b"9" * digits
    read = int(long) if digits <= 4300 else float("-inf")
    assert read_json(b'{"a": [%s], "b": 1}' % long) == {"a": [read], "b": 1}
    assert read_json(b'{"a": [%s], "b": Infinity}' % long) == {"a": [read], "b": float("inf")}


def test_a_member_that_is_not_read_is_not_decoded() -> None:
    words = [{"text": "word", "start": number, "end": number + 1} for number in range(20_000)]
    long = json.dumps({"id": "t1", "words": words, "utterances": [{"words": words}]}).encode()
    before = sys.getallocatedblocks()
    answer = read_json(long)
    assert answer["id"] == "t1"
    assert "words" in answer
    assert list(answer) == ["id", "words", "utterances"]
    assert sys.getallocatedblocks() - before < 1000
    assert answer["words"] == words


def test_a_member_is_decoded_once() -> None:
    answer = read_json(b'{"a": [1]}')
    assert answer["a"] is answer["a"]


def test_an_object_is_like_the_dict_it_stands_for() -> None:
    answer = read_json(b'{"b": [1], "a": null, "b": 2}')
    assert answer == {"b": 2, "a": None}
    assert list(answer.items()) == [("b", 2), ("a", None)]
    assert (len(answer), answer.get("c", 7), "a" in answer, "c" in answer) == (2, 7, True, False)
    with pytest.raises(KeyError):
        answer["c"]


def test_the_repr_of_an_object_shows_no_text() -> None:
    assert "secret" not in repr(read_json(b'{"text": "secret"}'))
