from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call_sentiment.sidecars import CallFacts, SidecarError, read_facts

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = st.sampled_from(
    ["call_id", "started_at", "queue", "agent_id", "channels", "language_code", "anything"]
)


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
