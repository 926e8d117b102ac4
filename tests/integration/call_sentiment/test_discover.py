from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg2.errors import UniqueViolation

from call_sentiment.database import connect_dsn
from call_sentiment.discovery import discover as ledger
from call_sentiment.exceptions import LocationError
from tests.support.ledgers import (
    call,
    discover,
    manifest,
    put_into,
    record,
    rows,
    states,
)
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def test_new_calls_are_claimed_once_and_returned_until_they_are_over(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", "b", "c")
    a, b, c = (f"{tmp_path}/{name}.mp3" for name in "abc")
    assert discover(db, tmp_path) == [a, b, c]
    put_into(db, a, "scored")
    put_into(db, b, "submitted")
    record(tmp_path, "d")
    assert discover(db, tmp_path) == [b, c, f"{tmp_path}/d.mp3"]
    put_into(db, b, "loaded")
    put_into(db, c, "duplicate", duplicate_of=a)
    assert discover(db, tmp_path) == [b, f"{tmp_path}/d.mp3"]
    assert len(rows(db)) == 4


def test_calls_are_cut_into_batches_up_to_a_number_of_them(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, *"abcde")
    batches = ledger.discover(db, str(tmp_path), {}, batch_size=2)
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert ledger.discover(db, str(tmp_path), {}, batch_size=2, max_batches=2) == batches[:2]
    assert ledger.discover(db, str(tmp_path), {}, batch_size=2, max_batches=0) == []


def test_calls_that_gave_trouble_go_last(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", "b")
    discover(db, tmp_path)
    put_into(db, f"{tmp_path}/a.mp3", "intent", error="unreadable just now")
    assert discover(db, tmp_path) == [f"{tmp_path}/b.mp3", f"{tmp_path}/a.mp3"]


def test_processes_that_discover_at_once_claim_each_call_once(results_dsn: str, tmp_path: Path) -> None:
    record(tmp_path, *(f"call-{number}" for number in range(30)))

    def start(_: int) -> int:
        with closing(connect_dsn(results_dsn)) as connection:
            return len(discover(connection, tmp_path))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [30] * 4
    with closing(connect_dsn(results_dsn)) as connection:
        assert len(rows(connection)) == 30


def test_the_sidecar_is_stored_and_shapes_the_order(db: Connection, tmp_path: Path) -> None:
    record(
        tmp_path,
        "a",
        call_id="A",
        started_at="2026-11-16T09:00:00Z",
        queue="sales",
        agent_id="7",
        channels={"1": "agent"},
        language_code="en",
        campaign="x\x00",
    )
    options = {"language_detection": True, "speakers_expected": 2, "webhook_auth_header_value": "secret"}
    assert discover(db, tmp_path, options=options) == ["A"]
    stored = call(db, "A")
    assert (stored["queue"], stored["agent_id"], stored["channels"]) == ("sales", "7", {"1": "agent"})
    assert (stored["started_at"].isoformat()[:13], stored["metadata"]) == (
        "2026-11-16T09",
        {"campaign": "x\ufffd"},
    )
    assert rows(db, "A")[0]["options"] == {
        "multichannel": True,
        "speakers_expected": 2,
        "language_code": "en",
    }


def test_what_the_caller_orders_goes_before_what_the_sidecar_suggests(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A", channels={"1": "agent"})
    record(tmp_path, "b", call_id="B", channels={"A": "agent"})
    discover(db, tmp_path, options={"multichannel": False, "speaker_labels": None})
    (a,), (b,) = rows(db, "A"), rows(db, "B")
    assert a["options"] == b["options"] == {"multichannel": False, "speaker_labels": None}
    assert a["config_sha256"] == b["config_sha256"]


@pytest.mark.parametrize(
    ("channels", "options"),
    [
        ({"1": "agent"}, {"multichannel": True}),
        ({"A": "agent"}, {"speaker_labels": True}),
        ({"1A": "agent", "2A": "customer"}, {"multichannel": True, "speaker_labels": True}),
        ({"1": " "}, {}),
    ],
)
def test_the_keys_of_channels_decide_what_is_asked_for(
    db: Connection, tmp_path: Path, channels: dict[str, str], options: dict[str, bool]
) -> None:
    record(tmp_path, "a", call_id="A", channels=channels)
    discover(db, tmp_path)
    assert rows(db, "A")[0]["options"] == options


def test_an_order_by_channel_keeps_the_hash_it_always_had(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A", channels={"1": "agent", "2": "customer"})
    discover(db, tmp_path)
    assert rows(db, "A")[0]["config_sha256"] == hashlib.sha256(b'{"multichannel": true}').hexdigest()


def test_changed_options_do_not_pay_again_unless_asked_to(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    record(tmp_path, "b", call_id="B")
    discover(db, tmp_path)
    put_into(db, "A", "scored")
    put_into(db, "B", "submitted")
    changed = {"entity_detection": True}
    assert discover(db, tmp_path, options=changed) == ["B"]
    assert discover(db, tmp_path, options=changed, retranscribe=True) == ["B", "A"]
    assert [row["options"] for row in rows(db, "A")] == [{}, changed]
    assert len(rows(db, "B")) == 1
    put_into(db, "A", "scored", assemblyai_id="again")
    put_into(db, "B", "scored")
    assert discover(db, tmp_path, options=changed, retranscribe=True) == ["B"]
    assert discover(db, tmp_path, options={}, retranscribe=True) == ["B"]


def test_a_manifest_that_is_read_again_does_not_pay_again(db: Connection, tmp_path: Path) -> None:
    location = manifest(tmp_path, {"recording": "/a.mp3", "call_id": "A"})
    assert discover(db, location) == ["A"]
    put_into(db, "A", "scored")
    assert discover(db, location) == []
    assert discover(db, location, options={"entity_detection": True}) == []
    assert len(rows(db, "A")) == 1


def test_a_passing_failure_is_tried_three_times_and_no_more(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    for attempt in (1, 2, 3):
        assert discover(db, tmp_path) == ["A"]
        assert rows(db, "A")[-1]["attempt"] == attempt
        put_into(db, "A", "failed", retryable=True)
    assert discover(db, tmp_path) == []
    assert [row["state"] for row in rows(db, "A")] == ["failed"] * 3


def test_a_passing_failure_is_tried_again_wherever_the_run_looks(db: Connection, tmp_path: Path) -> None:
    record(tmp_path / "here", "a", call_id="A")
    record(tmp_path / "there", "b", call_id="B")
    discover(db, tmp_path / "here", options={"speakers_expected": 2})
    put_into(db, "A", "failed", retryable=True)
    assert discover(db, tmp_path / "there") == ["B", "A"]
    assert rows(db, "A")[-1]["options"] == {"speakers_expected": 2}


def test_a_lasting_failure_is_tried_again_only_with_another_order(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A", language_code="xx")
    discover(db, tmp_path)
    put_into(db, "A", "failed", error="no such language")
    assert discover(db, tmp_path) == []
    record(tmp_path, "a", call_id="A", language_code="en")
    assert discover(db, tmp_path) == ["A"]
    assert [row["options"] for row in rows(db, "A")] == [{"language_code": "xx"}, {"language_code": "en"}]
    put_into(db, "A", "failed")
    assert discover(db, tmp_path) == []
    assert discover(db, tmp_path, retranscribe=True) == ["A"]
    assert rows(db, "A")[-1]["attempt"] == 2


def test_a_bad_sidecar_is_told_once_and_taken_up_when_it_is_mended(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", "b")
    path = f"{tmp_path}/a.mp3"
    (tmp_path / "a.json").write_text("{")
    assert set(discover(db, tmp_path)) == {path, f"{tmp_path}/b.mp3"}
    (row,) = rows(db, path)
    assert (row["state"], row["retryable"], row["failed_in"]) == ("failed", False, "discover")
    assert row["error"].startswith("sidecar a.json: is not JSON")
    assert discover(db, tmp_path) == [f"{tmp_path}/b.mp3"]
    assert rows(db, path) == [row]
    (tmp_path / "a.json").write_text("[]")
    assert discover(db, tmp_path)[0] == path
    assert [r["error"] for r in rows(db, path)] == [
        "sidecar a.json: " + 'must be a JSON object, like {"call_id": "..."}'
    ]
    (tmp_path / "a.json").write_text('{"call_id": "A"}')
    assert set(discover(db, tmp_path)) == {"A", f"{tmp_path}/b.mp3"}
    assert set(states(db)) == {"A", f"{tmp_path}/b.mp3"}
    assert query(db, "SELECT call_id FROM call_sentiment.calls WHERE call_id = %s", path) == []


def test_two_recordings_with_one_call_id_are_told_apart(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a/1", "b/1", call_id="C")
    assert set(discover(db, tmp_path)) == {"C", f"{tmp_path}/b/1.mp3"}
    assert call(db, "C")["recording"] == f"{tmp_path}/a/1.mp3"
    (refused,) = rows(db, f"{tmp_path}/b/1.mp3")
    assert f"call id C belongs to {tmp_path}/a/1.mp3 already: give {tmp_path}/b/1.mp3" in refused["error"]
    # And so in a later run, when the first one is known and not looked at any more.
    put_into(db, "C", "scored")
    record(tmp_path, "0/1", call_id="C")
    assert discover(db, tmp_path) == [f"{tmp_path}/0/1.mp3"]
    assert states(db)["C"] == "scored"


def test_a_recording_that_moved_to_another_place_is_the_same_call(db: Connection, tmp_path: Path) -> None:
    record(tmp_path / "in", "a", "b", call_id=None)
    for name in "ab":
        (tmp_path / "in" / f"{name}.json").write_text(json.dumps({"call_id": name}))
    discover(db, tmp_path / "in")
    put_into(db, "a", "scored", content_sha256=sha256(b"audio of a").hexdigest())
    (tmp_path / "in").rename(tmp_path / "archive")
    assert discover(db, tmp_path / "archive") == ["b"]
    assert call(db, "b")["recording"] == f"{tmp_path}/archive/b.mp3"
    assert call(db, "a")["recording"] == f"{tmp_path}/archive/a.mp3"
    # Other bytes are another recording, whatever they are called.
    record(tmp_path / "new", "z", call_id="a")
    assert discover(db, tmp_path / "new") == [f"{tmp_path}/new/z.mp3", "b"]


def test_a_manifest_may_say_a_thing_twice_but_not_contradict_itself(db: Connection, tmp_path: Path) -> None:
    lines = [
        {"recording": "https://x.example/a.mp3?s=1", "call_id": "A"},
        {"recording": "https://x.example/a.mp3?s=1", "call_id": "A"},
        {"recording": "https://x.example/a.mp3?s=1", "call_id": "B"},
        {"recording": "https://x.example/a.mp3?s=2", "call_id": "A"},
        {"recording": "https://x.example/c.mp3"},
    ]
    location = manifest(tmp_path, *lines)
    assert set(discover(db, location)) == {"A", f"{location}:3", f"{location}:4", "https://x.example/c.mp3"}
    assert rows(db, f"{location}:3")[0]["error"] == (
        "https://x.example/a.mp3 is listed as call A already: remove one of the two"
    )
    assert "call id A belongs to https://x.example/a.mp3" in rows(db, f"{location}:4")[0]["error"]
    assert "s=" not in str([row["error"] for row in rows(db)])


def test_a_secret_query_is_kept_only_while_it_is_needed(db: Connection, tmp_path: Path) -> None:
    address = "https://x.example/a.mp3"
    location = manifest(tmp_path, {"recording": f"{address}?s=1"})
    assert discover(db, location) == [address]
    assert call(db, address)["recording"] == f"{address}?s=1"
    # A fresh signature replaces the old one as long as the call is to be submitted.
    manifest(tmp_path, {"recording": f"{address}?s=2"})
    discover(db, location)
    assert call(db, address)["recording"] == f"{address}?s=2"
    put_into(db, address, "failed", retryable=False)
    discover(db, location)
    assert (call(db, address)["recording"], call(db, address)["query_removed"]) == (address, True)
    # Then nobody tries again without an address that works, but with a new one.
    put_into(db, address, "failed", retryable=True)
    assert discover(db, tmp_path) == []
    assert discover(db, location) == [address]
    assert call(db, address)["recording"] == f"{address}?s=2"
    put_into(db, address, "scored")
    discover(db, location)
    discover(db, location, retranscribe=True)
    assert call(db, address)["recording"] == address


def test_the_ledger_itself_forbids_to_pay_twice(db: Connection, tmp_path: Path) -> None:
    record(tmp_path, "a", call_id="A")
    discover(db, tmp_path)
    put_into(db, "A", "scored", content_sha256="bytes")
    again = (
        "INSERT INTO call_sentiment.transcripts"
        " (call_id, config_sha256, options, attempt, state, content_sha256) SELECT"
        " %s, config_sha256 || %s, options, 1, 'intent', content_sha256"
        " FROM call_sentiment.transcripts LIMIT 1"
    )
    with pytest.raises(UniqueViolation, match="transcripts_live"):
        query(db, again, "A", "")
    query(db, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES ('B', 'b.mp3')")
    with pytest.raises(UniqueViolation, match="transcripts_live_content"):
        query(db, again, "B", "")
    query(db, again, "A", "other options")
    with pytest.raises(UniqueViolation, match="transcripts_open"):
        query(db, again, "A", "and others")


def test_a_missing_location_is_an_error_and_changes_nothing(db: Connection, tmp_path: Path) -> None:
    with pytest.raises(LocationError):
        discover(db, tmp_path / "missing")
    assert rows(db) == []


def test_a_secret_query_stays_for_what_is_submitted_again(db: Connection, tmp_path: Path) -> None:
    address = "https://x.example/a.mp3"
    location = manifest(tmp_path, {"recording": f"{address}?s=1"})
    discover(db, location)
    put_into(db, address, "scored")
    discover(db, location)
    assert call(db, address)["recording"] == address
    assert discover(db, location, options={"speakers_expected": 2}, retranscribe=True) == [address]
    assert call(db, address)["recording"] == f"{address}?s=1"
    # The next run, which pays for nothing, leaves it to the submission that is to come.
    discover(db, location)
    assert call(db, address)["recording"] == f"{address}?s=1"
    put_into(db, address, "submitted", assemblyai_id="again")
    discover(db, location)
    assert (call(db, address)["recording"], call(db, address)["query_removed"]) == (address, True)
