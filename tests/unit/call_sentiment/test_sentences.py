from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_sentiment.loading.sentences import read_sentences

CHANNELS = {"1": "agent", "2": "customer", "A": "agent"}
GOOD = {
    "text": "Hello.",
    "start": 10,
    "end": 20,
    "sentiment": "NEUTRAL",
    "confidence": 0.5,
    "speaker": None,
    "channel": None,
}

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
sentence_like = st.fixed_dictionaries({}, optional={key: any_json for key in GOOD})


def one(**changes: Any) -> Any:
    (sentence,) = read_sentences({"sentiment_analysis_results": [{**GOOD, **changes}]}, CHANNELS)
    return sentence


def test_a_good_sentence_is_read_as_it_is() -> None:
    assert one()._asdict() == {
        "position": 0,
        "start_ms": 10,
        "end_ms": 20,
        "sentiment": "NEUTRAL",
        "confidence": 0.5,
        "speaker": None,
        "channel": None,
        "role": None,
        "text": "Hello.",
        "raw": None,
    }


@pytest.mark.parametrize(
    ("field", "value", "column", "read"),
    [
        ("sentiment", "positive", "sentiment", "POSITIVE"),
        ("start", 10.0, "start_ms", 10),
        ("confidence", 1, "confidence", 1.0),
        ("confidence", None, "confidence", None),
        ("confidence", 7.5, "confidence", 7.5),
        ("speaker", 1, "speaker", "1"),
        ("text", None, "text", None),
        ("text", "a\x00\ud800", "text", "a\ufffd\ufffd"),
    ],
)
def test_what_can_be_understood_is_no_loss(field: str, value: Any, column: str, read: Any) -> None:
    sentence = one(**{field: value})
    assert (getattr(sentence, column), sentence.raw) == (read, None)


@pytest.mark.parametrize(
    ("field", "value", "column", "read"),
    [
        ("sentiment", "ANGRY", "sentiment", "ANGRY"),
        ("sentiment", None, "sentiment", None),
        ("sentiment", 1, "sentiment", None),
        ("start", None, "start_ms", None),
        ("start", "10", "start_ms", None),
        ("start", True, "start_ms", None),
        ("end", 10**13, "end_ms", None),
        ("end", 10**400, "end_ms", None),
        ("end", float("nan"), "end_ms", None),
        ("confidence", "0.5", "confidence", None),
        ("confidence", float("nan"), "confidence", None),
        ("confidence", 10**400, "confidence", None),
        ("speaker", ["A"], "speaker", None),
        ("text", 5, "text", None),
    ],
)
def test_what_cannot_be_understood_is_kept_as_it_came(field: str, value: Any, column: str, read: Any) -> None:
    sentence = one(**{field: value})
    assert getattr(sentence, column) == read
    assert field in json.loads(sentence.raw)


def test_what_is_no_sentence_keeps_its_place() -> None:
    results = [None, "x", GOOD]
    rows = list(read_sentences({"sentiment_analysis_results": results}, None))
    assert [(row.position, row.raw, row.text) for row in rows] == [
        (0, "null", None),
        (1, '"x"', None),
        (2, None, "Hello."),
    ]


@pytest.mark.parametrize(
    ("channel", "speaker", "role"),
    [
        ("1", "A", "agent"),
        ("2", "1", "customer"),
        (None, "2", "customer"),
        (None, "2B", "customer"),
        (None, "12B", None),
        ("3", "A", "agent"),
        (None, "B", None),
        (1, None, "agent"),
    ],
)
def test_the_role_comes_from_the_channel_or_the_speaker(channel: Any, speaker: Any, role: str | None) -> None:
    assert one(channel=channel, speaker=speaker).role == role


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", 10**12),
        ("start", 10**12 + 1),
        ("start", -(10**12)),
        ("start", 5.0),
        ("end", True),
        ("end", None),
        ("sentiment", "neutral"),
        ("sentiment", "\ud800"),
        ("confidence", 1),
        ("confidence", 2**70),
        ("confidence", 10**400),
        ("confidence", 1e301),
        ("confidence", float("nan")),
        ("confidence", float("-inf")),
        ("confidence", "0.5"),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("text", None),
        ("text", 5),
        ("speaker", "1B"),
        ("speaker", "A" * 200),
        ("speaker", "A" * 201),
        ("speaker", "a\0"),
        ("channel", "2"),
        ("channel", "\udc00"),
        ("channel", 2),
        ("\ud800", None),
        ("more", {"words": [10**400]}),
    ],
)
def test_a_sentence_is_read_alike_among_plain_and_strange_ones(field: str, value: Any) -> None:
    item = {**GOOD, field: value}
    (alone,) = read_sentences({"sentiment_analysis_results": [item]}, CHANNELS)
    among, _ = read_sentences({"sentiment_analysis_results": [item, None]}, CHANNELS)
    assert repr(alone) == repr(among)


@given(sentence_like)
def test_any_sentence_is_read_alike_by_the_fast_and_the_plain_way(changes: dict[str, Any]) -> None:
    item = {**GOOD, **changes}
    (alone,) = read_sentences({"sentiment_analysis_results": [item]}, CHANNELS)
    among, _ = read_sentences({"sentiment_analysis_results": [item, None]}, CHANNELS)
    assert repr(alone) == repr(among)


FIRST_READERS = """
import importlib, sys, threading
from call_sentiment.loading import fast_path, sentences

sys.setswitchinterval(1e-6)
answer = {sentences.RESULTS: [{"start": 1, "end": 2, "sentiment": "NEUTRAL", "text": "x"}] * 50}
for _ in range(1000):
    importlib.reload(fast_path)
    importlib.reload(sentences)
    ready = threading.Barrier(8)

    def read():
        ready.wait()
        assert len(list(sentences.read_sentences(answer, None))) == 50

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
"""


def test_threads_reading_the_first_sentences_do_not_crash_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_READERS], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
