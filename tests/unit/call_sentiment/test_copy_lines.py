from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.loading.copy_lines import copy_lines
from call_sentiment.loading.sentences import Sentence

some_text = st.one_of(
    st.none(),
    st.text('aé\\"\t\n\r\x0b\x7f\x85\u2028,[]', max_size=6),
    st.sampled_from(["null", "]", '"', r"\n", r"\."]),
)
some_ms = st.none() | st.integers(-(10**12), 10**12)
rows = st.lists(
    st.builds(
        Sentence,
        position=st.integers(0, 9),
        start_ms=some_ms,
        end_ms=some_ms,
        sentiment=some_text,
        confidence=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        speaker=some_text,
        channel=some_text,
        role=some_text,
        text=some_text,
        raw=some_text,
    )
)


# As PostgreSQL's documentation tells to read CSV with this quote and escape: a field and what ends it.
FIELD = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\["\\])*)"|(?P<bare>[^",\n]*))(?P<end>[,\n])')


def _read(lines: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = [[]]
    place = 0
    while place < len(lines):
        field = FIELD.match(lines, place)
        assert field
        quoted, bare, end = field.group("quoted", "bare", "end")
        rows[-1].append(re.sub(r"\\(.)", r"\1", quoted) if bare is None else None if bare == "null" else bare)
        place = field.end()
        if end == "\n":
            rows.append([])
    assert rows.pop() == []
    return rows


def _is(field: str | None, value: str | float | None) -> bool:
    return field == value if value is None or isinstance(value, str) else type(value)(field or "") == value


@settings(max_examples=300)
@given(rows)
def test_every_field_comes_out_as_it_went_in(sentences: list[Sentence]) -> None:
    for sentence, fields in zip(sentences, _read(copy_lines(7, sentences).decode()), strict=True):
        assert all(map(_is, fields, (7, *sentence)))
        assert len(fields) == 1 + len(sentence)
