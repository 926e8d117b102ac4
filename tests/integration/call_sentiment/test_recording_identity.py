"""A recording is its bytes: whole runs of the Dag's steps over folders whose files change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from assemblyai_sandbox.testing import SandboxServer
from call_sentiment import ASSEMBLYAI_CONN_ID, RESULTS_CONN_ID
from call_sentiment.database import connect_dsn
from tests.support import dag_steps
from tests.support.files import set_at_rest
from tests.support.ledgers import call, rows
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class Centre:
    """A folder of recordings, the vendor, and the results."""

    def __init__(self, folder: Path, vendor: SandboxServer, connection: Connection) -> None:
        self.folder, self.vendor, self.db = folder, vendor, connection

    def put(self, name: str, audio: str, age_s: float = 3600.0, **sidecar: Any) -> str:
        """Write a recording of its own time of change, and its sidecar if there is one; its address."""
        path = self.folder / name
        path.write_bytes(audio.encode())
        set_at_rest(path, age_s=age_s)
        if sidecar:
            path.with_suffix(".json").write_text(json.dumps(sidecar))
        return str(path)

    def run(self) -> dict[str, float]:
        return dag_steps.run(str(self.folder))

    def uploads(self) -> list[str]:
        return [entry["body_sha256"] for entry in self.vendor.journal("upload")]

    def overview(self) -> dict[str, str]:
        found = query(self.db, "SELECT call_id, status FROM call_sentiment.call_overview ORDER BY call_id")
        return {row["call_id"]: row["status"] for row in found}

    def charged(self) -> int:
        return len(self.vendor.charges())


@pytest.fixture
def centre(
    tmp_path: Path, results_dsn: str, airflow_results_conn: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Centre]:
    folder = tmp_path / "in"
    folder.mkdir()
    with SandboxServer(clock="real") as vendor, closing(connect_dsn(results_dsn)) as connection:
        fields = {"conn_type": "assemblyai", "host": vendor.url, "password": vendor.api_key}
        extra = {"poll_interval_s": 0.2, "reconcile_s": 1}
        monkeypatch.setenv("AIRFLOW_CONN_ASSEMBLYAI_DEFAULT", json.dumps({**fields, "extra": extra}))
        sentence = {"text": "Good.", "start": 0, "end": 900, "sentiment": "POSITIVE", "confidence": 0.9}
        vendor.script("*", {"processing_s": 0.1, "sentences": [{**sentence, "speaker": "A"}]})
        yield Centre(folder, vendor, connection)


def digest(audio: str) -> str:
    return sha256(audio.encode()).hexdigest()


def test_an_empty_file_that_is_filled_later_is_transcribed(centre: Centre) -> None:
    address = centre.put("a.mp3", "")
    centre.run()
    centre.run()
    assert [row["state"] for row in rows(centre.db, address)] == ["failed"]
    centre.put("a.mp3", "a good recording", age_s=1800)
    centre.run()
    assert [row["state"] for row in rows(centre.db, address)] == ["failed", "scored"]
    assert (centre.overview(), centre.charged()) == ({address: "ok"}, 1)


def test_a_file_that_is_no_audio_yet_is_sent_again_when_it_changes(centre: Centre) -> None:
    centre.vendor.script(
        digest("RIFF header"), {"status": "error", "error": "File does not appear to contain audio."}
    )
    address = centre.put("a.wav", "RIFF header")
    centre.run()
    centre.run()
    assert [row["state"] for row in rows(centre.db, address)] == ["failed"]
    centre.put("a.wav", "RIFF header and what was said", age_s=1800)
    centre.run()
    assert [row["state"] for row in rows(centre.db, address)] == ["failed", "scored"]
    # Touched, it is read again and found to be the same.
    set_at_rest(centre.folder / "a.wav", age_s=900)
    centre.run()
    assert len(centre.uploads()) == 2


def test_a_failed_recording_that_was_only_touched_is_not_sent_again(centre: Centre) -> None:
    centre.vendor.script("*", {"status": "error", "error": "Audio duration is too short."})
    address = centre.put("a.mp3", "short")
    centre.run()
    set_at_rest(centre.folder / "a.mp3", age_s=60)
    centre.run()
    assert [row["state"] for row in rows(centre.db, address)] == ["failed"]
    assert len(centre.uploads()) == 1


@pytest.mark.parametrize("kind", ["missing", "unreadable"])
def test_a_file_that_could_not_be_read_is_sent_when_it_can_be(centre: Centre, kind: str) -> None:
    address, path = centre.put("a.mp3", "a good recording"), centre.folder / "a.mp3"
    (batch,) = dag_steps.discover(str(centre.folder))
    hidden = centre.folder.parent / "a.mp3"
    path.rename(hidden)
    if kind == "unreadable":
        # Whoever is root reads anything but a folder.
        path.mkdir()
    dag_steps.submit(batch)
    assert rows(centre.db, address)[-1]["state"] == "failed"
    centre.run()
    assert len(rows(centre.db, address)) == 1
    if kind == "unreadable":
        path.rmdir()
    # Back with the very size and time it had.
    hidden.rename(path)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({address: "ok"}, 1)


@pytest.mark.parametrize("age_s", [0.0, 20.0])
def test_a_file_that_may_still_be_written_waits(
    centre: Centre, age_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    address = centre.put("a.mp3", "the first half", age_s=age_s)
    centre.put("b.mp3", "whole")
    centre.run()
    assert set(centre.overview()) == {str(centre.folder / "b.mp3")}
    assert "1 recordings left for the next run, because they changed just now" in caplog.text
    assert f"may still be written: {address}" in caplog.text
    centre.put("a.mp3", "the first half and the second", age_s=40)
    centre.run()
    assert digest("the first half and the second") in centre.uploads()
    assert (centre.overview()[address], centre.charged()) == ("ok", 2)


def test_a_time_to_come_does_not_hold_a_recording_for_ever(centre: Centre) -> None:
    address = centre.put("a.mp3", "whole", age_s=-(10**8))
    assert dag_steps.tasks.discover_calls(
        RESULTS_CONN_ID,
        {**dag_steps.PARAMS, "recordings": str(centre.folder), "min_unchanged_s": 0},
        dag_steps.AssemblyAIHook(ASSEMBLYAI_CONN_ID).get_transcript,
    ) == [[address]]


def test_other_audio_under_a_name_becomes_a_call_of_its_own(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    address = centre.put("msg0000.mp3", "the first message")
    centre.run()
    before = rows(centre.db, address)
    centre.put("msg0000.mp3", "another message", age_s=60)
    centre.run()
    new = f"{address}#{digest('another message')[:12]}"
    assert (centre.overview(), centre.charged()) == ({address: "ok", new: "ok"}, 2)
    assert rows(centre.db, address) == before
    assert (call(centre.db, address)["recording_replaced"], call(centre.db, new)["recording"]) == (
        True,
        address,
    )
    assert "1 recordings were replaced by other audio" in caplog.text
    centre.run()
    assert centre.charged() == 2


def test_renumbered_messages_keep_their_calls_and_are_not_paid_again(centre: Centre) -> None:
    first, second = centre.put("msg0000.mp3", "one"), centre.put("msg0001.mp3", "two")
    centre.run()
    centre.put("msg0000.mp3", "two", age_s=900)
    centre.put("msg0001.mp3", "three", age_s=60)
    centre.run()
    third = f"{second}#{digest('three')[:12]}"
    assert (centre.overview(), centre.charged()) == ({first: "ok", second: "ok", third: "ok"}, 3)
    where = {name: call(centre.db, name) for name in (first, second, third)}
    assert {name: row["recording"] for name, row in where.items()} == {
        first: first,
        second: first,
        third: second,
    }
    assert [name for name, row in where.items() if row["recording_replaced"]] == [first]
    centre.run()
    assert centre.charged() == 3


def test_messages_that_make_room_for_a_new_one_keep_their_calls(centre: Centre) -> None:
    first, second = centre.put("msg0000.mp3", "one"), centre.put("msg0001.mp3", "two")
    centre.run()
    for number, audio in enumerate(("new", "one", "two")):
        centre.put(f"msg000{number}.mp3", audio, age_s=60 + number)
    centre.run()
    assert centre.charged() == 3
    assert set(centre.overview()) == {first, second, f"{first}#{digest('new')[:12]}"}
    assert call(centre.db, first)["recording"] == second
    assert call(centre.db, second)["recording"] == str(centre.folder / "msg0002.mp3")


def test_other_audio_of_a_named_call_is_its_new_recording(centre: Centre) -> None:
    centre.put("a.mp3", "first take", call_id="4711", queue="sales")
    centre.run()
    centre.put("a.mp3", "second take", age_s=60)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({"4711": "ok"}, 2)
    assert [(row["state"], row["recording_number"]) for row in rows(centre.db, "4711")] == [
        ("scored", 1),
        ("scored", 2),
    ]
    shown = query(centre.db, "SELECT transcript_id FROM call_sentiment.call_overview")
    assert shown == [{"transcript_id": rows(centre.db, "4711")[-1]["transcript_id"]}]
    # Back to what it was: nothing to pay, and the first transcript speaks for the call again.
    centre.put("a.mp3", "first take", age_s=50)
    centre.run()
    shown = query(centre.db, "SELECT transcript_id FROM call_sentiment.call_overview")
    assert shown == [{"transcript_id": rows(centre.db, "4711")[0]["transcript_id"]}]
    assert centre.charged() == 2


def test_a_named_call_that_gets_the_audio_of_another_is_its_duplicate(centre: Centre) -> None:
    centre.put("a.mp3", "first take", call_id="A")
    centre.put("b.mp3", "other call", call_id="B")
    centre.run()
    centre.put("a.mp3", "other call", age_s=60)
    centre.run()
    # Not the score of the audio that it has no more.
    assert (centre.overview(), centre.charged()) == ({"A": "duplicate", "B": "ok"}, 2)
    centre.put("a.mp3", "first take", age_s=50)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({"A": "ok", "B": "ok"}, 2)


def test_named_calls_that_exchange_their_audio_exchange_their_scores(centre: Centre) -> None:
    for name in "abc":
        centre.put(f"{name}.mp3", f"audio {name}", call_id=name.upper())
    centre.run()
    scored = {row["call_id"]: row["transcript_id"] for row in rows(centre.db)}
    for name, audio in zip("abc", "bca", strict=True):
        centre.put(f"{name}.mp3", f"audio {audio}", age_s=60)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({"A": "ok", "B": "ok", "C": "ok"}, 3)
    shown = query(centre.db, "SELECT call_id, transcript_id FROM call_sentiment.call_overview")
    assert {row["call_id"]: row["transcript_id"] for row in shown} == {
        "A": scored["B"],
        "B": scored["C"],
        "C": scored["A"],
    }
    centre.run()
    assert (len(centre.uploads()), centre.charged()) == (3, 3)


def test_a_recording_that_went_on_is_the_same_call(centre: Centre) -> None:
    address = centre.put("a.mp3", "the first half")
    centre.run()
    centre.put("a.mp3", "the first half and the second", age_s=60)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({address: "ok"}, 2)
    assert [row["recording_number"] for row in rows(centre.db, address)] == [1, 2]


def test_a_recording_that_was_emptied_keeps_its_scores(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    address = centre.put("a.mp3", "a good recording")
    centre.run()
    centre.put("a.mp3", "", age_s=60)
    centre.run()
    assert (centre.overview(), centre.charged()) == ({address: "ok"}, 1)
    assert f"{address} is empty now" in caplog.text


def test_a_file_is_moved_where_its_bytes_are_the_same(centre: Centre) -> None:
    centre.put("a.mp3", "audio", call_id="A")
    centre.run()
    for suffix in (".mp3", ".json"):
        (centre.folder / f"a{suffix}").rename(centre.folder / f"renamed{suffix}")
    centre.run()
    assert call(centre.db, "A")["recording"] == str(centre.folder / "renamed.mp3")
    assert (centre.overview(), centre.charged()) == ({"A": "ok"}, 1)


def test_a_call_id_of_a_file_that_is_gone_does_not_cover_other_bytes(centre: Centre) -> None:
    centre.put("x/a.mp3".replace("x/", ""), "audio", call_id="A")
    centre.run()
    (centre.folder / "a.mp3").unlink()
    (centre.folder / "a.json").unlink()
    (centre.folder / "b").mkdir()
    address = centre.put("b/a.mp3", "other audio", call_id="A")
    centre.run()
    assert centre.overview() == {"A": "ok", address: "failed"}
    (refused,) = rows(centre.db, address)
    assert f"call id A belongs to {centre.folder}/a.mp3 already" in refused["error"]
    assert address in refused["error"]
    assert centre.charged() == 1


def test_facts_that_come_late_are_taken_over_for_nothing(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    address = centre.put("a.mp3", "audio")
    centre.run()
    facts = {"queue": "billing", "agent_id": "7", "started_at": "2026-11-16T09:00:00Z", "note": "n"}
    (centre.folder / "a.json").write_text(json.dumps(facts))
    centre.run()
    row = call(centre.db, address)
    assert (row["queue"], row["agent_id"], row["metadata"]) == ("billing", "7", {"note": "n"})
    assert row["started_at"].isoformat().startswith("2026-11-16")
    assert "1 transcribed calls take over changed facts" in caplog.text
    # Changed, and gone: what is not said any more stays.
    (centre.folder / "a.json").write_text(json.dumps({"queue": "sales"}))
    centre.run()
    (centre.folder / "a.json").unlink()
    centre.run()
    row = call(centre.db, address)
    assert (row["queue"], row["agent_id"], row["metadata"]) == ("sales", "7", {"note": "n"})
    assert centre.charged() == 1


def test_a_call_takes_the_name_that_its_sidecar_brings_late(centre: Centre) -> None:
    address = centre.put("a.mp3", "audio")
    centre.run()
    centre.put("copy.mp3", "audio")
    centre.run()
    (centre.folder / "a.json").write_text(json.dumps({"call_id": "4711", "queue": "billing"}))
    centre.run()
    assert centre.overview() == {"4711": "ok", str(centre.folder / "copy.mp3"): "duplicate"}
    assert rows(centre.db, str(centre.folder / "copy.mp3"))[0]["duplicate_of"] == "4711"
    assert (call(centre.db, "4711")["queue"], call(centre.db, "4711")["recording"]) == ("billing", address)
    # A name that is another's is not taken.
    (centre.folder / "copy.json").write_text(json.dumps({"call_id": "4711"}))
    centre.run()
    assert set(centre.overview()) == {"4711", str(centre.folder / "copy.mp3")}
    (notice,) = call(centre.db, str(centre.folder / "copy.mp3"))["notices"]
    assert notice == f"the sidecar's call_id 4711 is not used: it belongs to {address}"
    assert centre.charged() == 1


def test_channels_that_come_before_the_submission_are_asked_for(centre: Centre) -> None:
    address = centre.put("a.mp3", "audio")
    dag_steps.discover(str(centre.folder))
    (centre.folder / "a.json").write_text(json.dumps({"channels": {"1": "agent", "2": "customer"}}))
    centre.run()
    (row,) = rows(centre.db, address)
    assert (row["state"], row["options"]["multichannel"], row["request"]["multichannel"]) == (
        "scored",
        True,
        True,
    )


def test_channels_that_come_after_it_are_named_in_a_notice(centre: Centre) -> None:
    address = centre.put("a.mp3", "audio")
    centre.run()
    (centre.folder / "a.json").write_text(json.dumps({"channels": {"1": "agent"}, "language_code": "en"}))
    centre.run()
    row = call(centre.db, address)
    assert (row["channels"], row["language_code"]) == (None, None)
    assert [notice.split(" was added or changed")[0] for notice in row["notices"]] == [
        "channels",
        "language_code",
    ]
    assert all("retranscribe" in notice for notice in row["notices"])


def test_a_sidecar_that_goes_bad_leaves_its_call_alone(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    centre.put("a.mp3", "audio", call_id="A", queue="sales")
    centre.run()
    (centre.folder / "a.json").write_text("{")
    centre.run()
    assert (centre.overview(), call(centre.db, "A")["queue"]) == ({"A": "ok"}, "sales")
    assert "is not JSON" in caplog.text
    assert "call A keeps its facts" in caplog.text


def test_known_recordings_of_an_older_release_are_taken_as_they_are(centre: Centre) -> None:
    address = centre.put("a.mp3", "audio", queue="sales")
    centre.run()
    query(centre.db, "UPDATE call_sentiment.calls SET recording_version = NULL, sidecar_version = NULL")
    centre.run()
    assert call(centre.db, address)["recording_version"] is not None
    centre.put("a.mp3", "other audio", age_s=60)
    centre.run()
    assert centre.charged() == 2


def test_recordings_that_did_not_change_are_not_opened(centre: Centre) -> None:
    address = centre.put("a.mp3", "audio", queue="sales")
    centre.run()
    # Other bytes of the same size and time go unnoticed, which shows that nobody read them.
    moment = os.stat(address).st_mtime_ns
    for name, other in (("a.mp3", "other"), ("a.json", '{"queue": "sorry"}')):
        path = centre.folder / name
        times = (moment, path.stat().st_mtime_ns)
        path.write_text(other)
        os.utime(path, ns=(times[1], times[1]))
    centre.run()
    assert (call(centre.db, address)["queue"], centre.charged()) == ("sales", 1)


@pytest.mark.parametrize("form", ["file://{}", "file://{}/", "{}/", "{}//"])
def test_a_folder_is_known_however_it_is_written(centre: Centre, form: str) -> None:
    folder = centre.folder / "who? 100%"
    folder.mkdir()
    (folder / "a.mp3").write_bytes(b"audio")
    set_at_rest(folder / "a.mp3")
    location = form.format(quote(str(folder)) if "file" in form else folder)
    for _ in range(2):
        dag_steps.run(location)
    assert list(centre.overview().values()) == ["ok"]
    assert len(centre.uploads()) == 1
    version = query(centre.db, "SELECT recording_version FROM call_sentiment.calls")
    assert version != [{"recording_version": None}]
    # A second look claims nothing and reads nothing.
    assert dag_steps.discover(location) == []
