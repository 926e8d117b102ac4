from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.channels import (
    compare_channels,
    find_key,
    notice_roles,
    read_channels,
)
from call_sentiment.exceptions import ChannelsError
from tests.unit.call_sentiment.test_sidecars import any_json

BOTH = {"1": "agent", "2": "customer"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (BOTH, BOTH),
        ({" 1 ": " Agent", "02": "CUSTOMER "}, BOTH),
        ({1: "agent", 2: "customer"}, BOTH),
        ({"agent": "1", "customer": 2}, BOTH),
        ({"Agent": " 01 ", "customer": "2", "supervisor": ""}, BOTH),
        ({"1": "agent", "2": "customer", "3": " ", "4": None}, BOTH),
        ({"a": "agent", "B": "customer"}, {"A": "agent", "B": "customer"}),
        ({"agent": "b", "customer": "a"}, {"B": "agent", "A": "customer"}),
        ({"1a": "agent", "02 B": "customer"}, {"1A": "agent", "2B": "customer"}),
        ({"agent": "1a"}, {"1A": "agent"}),
        ({"10": "agent"}, {"10": "agent"}),
        ({"1": "x" * 100}, {"1": "x" * 100}),
        ({"1": "  "}, None),
        ({}, None),
        ([], None),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_what_has_one_meaning_is_read(written: Any, read: Any) -> None:
    assert read_channels(written) == read


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ({"left": "agent", "right": "customer"}, '"left" is neither .* the left one, 2 the right'),
        ({"agent": "left", "customer": "right"}, '"agent" is neither'),
        ({"left": "1", "right": "2"}, '"left" is neither'),
        ({"L": "agent", "R": "customer"}, "the left one, 2 the right"),
        ({"ch1": "agent"}, '"ch1" is neither'),
        ({"channel 1": "agent"}, '"channel 1" is neither'),
        # With the key unreadable, its role must not be taken for a speaker label.
        ({"channel 1": "a", "channel 2": "c"}, '"channel 1" is neither'),
        ({"speaker A": "agent"}, '"speaker A" is neither'),
        ({"track": "B"}, '"track" is neither'),
        ({"0": "agent", "1": "customer"}, "channels count from 1, the left one is 1"),
        ({"00A": "agent"}, "channels count from 1"),
        ({"agent": 0, "customer": 1}, "channels count from 1"),
        ({"1": "agent", "A": "customer"}, "different kinds"),
        ({"1": "agent", "2B": "customer"}, "different kinds"),
        ({"agent": "1", "customer": "B"}, "different kinds"),
        ({"1": "agent", "01": "customer"}, "named twice"),
        ({"a": "agent", "A": ""}, "named twice"),
        ({"agent": "1", "customer": 1}, "named twice"),
        ({"1": "2", "2": "1"}, '"2" is no role'),
        ({"1": "A"}, '"A" is no role'),
        ({"1": "\u212a"}, "is no role"),
        ({"A": "1"}, '"1" is no role'),
        ({"1": 7}, '"7" is no role'),
        ({"1": True}, "is no role"),
        ({"1": ["agent"]}, "is no role"),
        ({"agent": ["1", "2"]}, 'name each: {"1": "agent", "2": "agent"}'),
        ({"agent": True}, '"agent" is neither'),
        ({"agent": ""}, '"agent" is neither'),
        ({"": "agent"}, '"" is neither'),
        ({"-1": "agent"}, '"-1" is neither'),
        ({"\u0661": "agent"}, "is neither"),
        ({"100": "agent"}, '"100" is neither'),
        ({"AB": "agent"}, '"AB" is neither'),
        ({"1": "x" * 101}, "longer than 100"),
        ({"https://x.example/?sig=secret": "agent"}, '"https://x.example/" is neither'),
        (["agent", "customer"], "must map"),
        ("agent", "must map"),
        (0, "must map"),
        (False, "must map"),
        (2, "must map"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_cure(written: Any, cure: str) -> None:
    with pytest.raises(ChannelsError, match=cure) as refused:
        read_channels(written)
    assert "secret" not in str(refused.value)


near_keys = st.sampled_from(["1", "2", " 01", "0", "10", "A", "b", "1A", "2 b", "left", "ch1", "agent", ""])
roles = st.sampled_from(["agent", "Customer ", "", "1", "A", "lead", "channel 1", "\u212a", "ẞ"])
words = near_keys | roles | st.integers(-1, 11) | any_json


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(near_keys | roles | st.text(max_size=3), words, max_size=4) | any_json)
def test_whatever_is_in_it_is_read_or_refused_and_once_read_stays_so(written: Any) -> None:
    try:
        channels = read_channels(written)
    except ChannelsError:
        return
    assert read_channels(channels) == channels


named = st.sampled_from([["1", "2", "3"], ["A", "B", "C"], ["1A", "1B", "2A"]]).flatmap(
    lambda keys: st.dictionaries(
        st.sampled_from(keys), st.sampled_from(["agent", "customer", "call lead"]), min_size=1
    )
)
spaced = st.sampled_from(["{}", " {}", "{} ", "\t{}\n"])


@settings(max_examples=200, deadline=None)
@given(named, st.data())
def test_however_it_is_written_no_role_changes_its_place(
    channels: dict[str, str], data: st.DataObject
) -> None:
    written = {}
    for key, role in channels.items():
        zeros = data.draw(st.sampled_from(["", "0"])) if key[0].isdigit() else ""
        mangled = data.draw(spaced).format(zeros + data.draw(st.sampled_from([key, key.lower()])))
        written[mangled] = data.draw(spaced).format(data.draw(st.sampled_from([role, role.title()])))
    assert read_channels(written) == channels
    turned = {role: key for key, role in written.items()}
    if len(turned) == len(written):
        assert read_channels(turned) == channels


@pytest.mark.parametrize(
    ("channels", "parts"),
    [
        (BOTH, []),
        ({"1": "agent"}, []),
        ({"1": "agent", "2": "customer", "3": "agent"}, []),
        ({"1": "agent", "2": "client"}, ['"client" is neither agent nor customer']),
        ({"1": "caller", "2": "callee"}, ['"caller" is neither', '"callee" is neither']),
        ({"1": "agent", "2": "agent"}, ["channel 1, channel 2 have the same role: customer_score is empty"]),
        ({"A": "customer", "C": "customer"}, ["speaker A, speaker C have the same role: agent_score is"]),
    ],
)
def test_roles_that_may_not_be_meant_are_told(channels: Mapping[str, str], parts: list[str]) -> None:
    notices = notice_roles(channels)
    assert len(notices) == len(parts)
    assert all(part in notice for part, notice in zip(parts, notices, strict=True))


@pytest.mark.parametrize(
    ("channels", "channel", "speaker", "key"),
    [
        (BOTH, "1", "1", "1"),
        (BOTH, "2", "2B", "2"),
        (BOTH, "3", "1A", None),
        (BOTH, None, "1A", "1"),
        (BOTH, None, "12A", None),
        (BOTH, "1", None, "1"),
        ({"A": "agent"}, None, "A", "A"),
        ({"A": "agent"}, "1", "1A", None),
        ({"1A": "agent"}, "1", "1A", "1A"),
        ({"1A": "agent"}, "1", "1B", None),
        ({"1A": "agent"}, "1", "A", "1A"),
        ({"1A": "agent"}, "1", "1", None),
        ({"12A": "agent"}, "1", "2A", None),
        (BOTH, None, None, None),
        (BOTH, "", "", None),
    ],
)
def test_a_sentence_belongs_to_its_channel_its_label_or_both(
    channels: Mapping[str, str], channel: str | None, speaker: str | None, key: str | None
) -> None:
    assert find_key(channel, speaker, channels) == key


label = st.none() | st.text(max_size=5) | st.sampled_from(["1", "2", "A", "B", "1A", "2B", "Jane Doe"])


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(near_keys, st.text(max_size=5), min_size=1),
    st.sets(st.tuples(label, label), min_size=1),
    st.none() | st.floats(allow_nan=False),
)
def test_any_channels_are_compared_in_at_most_one_sentence(
    channels: dict[str, str], heard: set[tuple[str | None, str | None]], audio_channels: float | None
) -> None:
    notices = compare_channels(channels, heard, audio_channels)
    keys = {find_key(*pair, channels) for pair in heard}
    assert len(notices) == (keys != set(channels))
    assert all(len(notice) < 2000 for notice in notices)
    assert "Jane" not in "".join(notices)
