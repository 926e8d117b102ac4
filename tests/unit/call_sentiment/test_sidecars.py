from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.discovery.sidecars import CallFacts, read_facts, unique_fields
from call_sentiment.exceptions import SidecarError

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = st.sampled_from(
    ["call_id", "started_at", "queue", "agent_id", "channels", "language_code", "anything"]
)


# fmt: off
OTHER_FIELDS = [
    "campaign", "caller", "call_type", "called_number", "agent_name", "queue_wait_seconds", "start_time",
    "language_confidence", "status", "id", "recorded", "recording", "recordings", "cal", "", "\u5ba2",
]
# fmt: on


def test_a_full_sidecar_is_read_and_the_rest_is_metadata() -> None:
    facts = read_facts(
        {
            "call_id": "c-1",
            "started_at": "2026-11-16T09:00:00+01:00",
            "queue": "billing",
            "agent_id": 7,
            "channels": {"1": "agent", "2": "customer"},
            "language_code": "en",
            "campaign": {"name": "autumn"},
        }
    )
    assert facts == CallFacts(
        call_id="c-1",
        started_at=datetime(2026, 11, 16, 8, tzinfo=UTC),
        queue="billing",
        agent_id="7",
        channels={"1": "agent", "2": "customer"},
        language_code="en",
        metadata={"campaign": {"name": "autumn"}},
    )


def test_nothing_is_required() -> None:
    empty: dict[str, Any] = {
        "call_id": "",
        "started_at": None,
        "queue": None,
        "channels": {},
        "language_code": "",
    }
    assert read_facts(empty) == read_facts({}) == CallFacts()


def test_space_around_a_value_is_no_part_of_it_and_space_alone_is_nothing() -> None:
    blank = dict.fromkeys(["call_id", "started_at", "queue", "agent_id", "channels", "language_code"], " \n")
    assert read_facts(blank) == CallFacts()
    spaced = {"call_id": " 7\n", "started_at": " 2026-11-16 ", "queue": "\tbilling ", "agent_id": " a b "}
    assert read_facts(spaced) == CallFacts(
        call_id="7", started_at=datetime(2026, 11, 16, tzinfo=UTC), queue="billing", agent_id="a b"
    )


@pytest.mark.parametrize("written", ["en_us", "en-US", " EN_US ", "En-us"])
def test_a_language_is_read_as_assemblyai_writes_it(written: str) -> None:
    assert read_facts({"language_code": written}).language_code == "en_us"


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("Call_ID", "call_id"),
        ("callId", "call_id"),
        ("call-id", "call_id"),
        ("call id", "call_id"),
        ("call", "call_id"),
        ("startedAt", "started_at"),
        ("started", "started_at"),
        ("started_at_utc", "started_at"),
        ("AgentId", "agent_id"),
        ("agent", "agent_id"),
        ("Queue", "queue"),
        ("queues", "queue"),
        ("queue_name", "queue"),
        ("channel", "channels"),
        ("CHANELS", "channels"),
        ("language", "language_code"),
        ("languageCode", "language_code"),
        ("lang", "language_code"),
    ],
)
def test_a_field_that_is_nearly_a_known_one_is_told(written: str, field: str) -> None:
    facts = read_facts({written: "x"})
    assert facts.notices == (
        f'"{written}" looks like {field} and is not used: name it {field} if that is meant',
    )
    assert facts.metadata == {written: "x"}
    assert read_facts({written: "x", field: ""}).notices == facts.notices
    full = {"channels": {"1": "agent"}, "started_at": "2026-11-16"}
    assert read_facts({written: "x", field: full.get(field, "1")}).notices == ()


@pytest.mark.parametrize("name", OTHER_FIELDS)
def test_what_is_only_a_little_like_a_known_field_is_not_told(name: str) -> None:
    assert read_facts({name: "x"}).notices == ()


def test_a_field_that_the_caller_reads_is_known_too() -> None:
    assert read_facts({"recording": "a.mp3"}, ["recording"]).notices == ()
    assert read_facts({"recordings": "a.mp3"}, ["recording"]).notices == (
        '"recordings" looks like recording and is not used: name it recording if that is meant',
    )


def test_notices_are_few_short_and_without_the_query_of_a_url() -> None:
    many = {f"call_id{number}": 1 for number in range(9)}
    assert len(read_facts(many).notices) == 5
    # So like `channels` that it is told, and long.
    (notice,) = read_facts({"channels" + "?" * 500 + "\0": {"1": "agent"}}).notices
    assert len(notice) < 150
    assert read_facts({"call_id": "c", "https://x.example/?queue=secret": 1}).notices == ()


def test_a_role_that_no_score_counts_is_told() -> None:
    facts = read_facts({"channels": {"1": "agent", "2": "client"}})
    assert facts.channels == {"1": "agent", "2": "client"}
    assert "neither agent nor customer" in facts.notices[0]


def test_channels_that_name_nobody_are_told() -> None:
    facts = read_facts({"channels": {"1": "", "2": None}})
    assert (facts.channels, facts.notices) == (None, ("channels names no role and is not used",))


def test_a_field_given_twice_is_refused_unless_both_are_alike() -> None:
    twice = '{"call_id": "%s", "channels": {"1": "agent"}, "call_id": "%s"}'
    assert json.loads(twice % ("A", "A"), object_pairs_hook=unique_fields)["call_id"] == "A"
    for text in (twice % ("A", "B"), '{"channels": {"1": "agent", "1": "customer"}}'):
        with pytest.raises(SidecarError, match="is given twice, with different values: remove one"):
            json.loads(text, object_pairs_hook=unique_fields)


def test_a_time_without_a_zone_is_utc() -> None:
    assert read_facts({"started_at": "2026-11-16T09:00:00"}).started_at == datetime(
        2026, 11, 16, 9, tzinfo=UTC
    )


def test_a_call_id_never_holds_a_query() -> None:
    assert read_facts({"call_id": "https://x.example/a.mp3?signature=s"}).call_id == "https://x.example/a.mp3"


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        ([], "must be a JSON object"),
        ({"call_id": ["x"]}, "call_id must be a text"),
        ({"queue": True}, "queue must be a text"),
        ({"call_id": "x" * 1001}, "longer than 1000 bytes"),
        ({"started_at": "yesterday"}, "started_at must be a time like"),
        ({"started_at": 1763000000}, "started_at must be a time like"),
        ({"started_at": "9999-12-31T23:59:59-10:00"}, "started_at must be a time like"),
        ({"channels": ["agent"]}, "channels must map"),
        ({"channels": {"1": 7}}, "channels must map"),
        ({"channels": 2}, "channels must map"),
        ({"channels": {"left": "agent"}}, "1 is the left one"),
    ],
)
def test_a_bad_sidecar_is_told_what_to_change(content: Any, cure: str) -> None:
    with pytest.raises(SidecarError, match=cure):
        read_facts(content)


@settings(max_examples=50, deadline=None)
@given(any_json | st.dictionaries(FIELDS, any_json))
def test_whatever_is_in_it_is_read_or_refused(content: Any) -> None:
    try:
        facts = read_facts(content)
    except SidecarError:
        return
    assert facts.started_at is None or facts.started_at.tzinfo is not None
