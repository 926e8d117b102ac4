"""Recordings and sidecars change at every moment: no audio is paid for twice, and no result is lost."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.files import set_at_rest
from tests.support.reliability.call_centre import CallCentre, content_sha256
from tests.support.workers import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.reliability.conftest import FaultRecorder

TAKES = {"first": b"the first take", "second": b"the second take, which is another"}
LARGE = b"a recording " * (4 << 20)


def _put(centre: CallCentre, name: str, audio: bytes, *, age_s: float = 3600.0, **sidecar: Any) -> str:
    """Write a recording that changed `age_s` ago, and a sidecar if it has fields; returns its address."""
    path = Path(centre.location, name)
    path.write_bytes(audio)
    set_at_rest(path, age_s=age_s)
    if sidecar:
        path.with_suffix(".json").write_text(json.dumps(sidecar))
    return str(path)


def _run(centre: CallCentre, times: int = 1) -> None:
    for _ in range(times):
        centre.workers.run_step("run", centre.location)


def _assert_scored(
    centre: CallCentre,
    faults: FaultRecorder,
    fault: str,
    expected: object,
    calls: Mapping[str, int],
    scored: tuple[bytes, ...],
) -> None:
    """Assert that one more run pays for nothing, and that these bytes are scored beside the other calls.

    :param calls: the calls that the test has added, each with the number of its recordings.
    """
    before = len(centre.vendor.charges())
    _run(centre)
    assert len(centre.vendor.charges()) == before
    centre.call_ids += calls
    centre.recording_counts.update(calls)
    faults.record(fault, centre.examine())
    results = centre.read_results()
    assert isinstance(expected, dict)
    assert expected.items() <= results.items()
    assert set(results) - set(expected) == set(map(content_sha256, scored))


def _states(centre: CallCentre, call_id: str) -> list[str]:
    rows = centre.query(
        "SELECT state FROM call_sentiment.transcripts WHERE call_id = %s ORDER BY transcript_id", call_id
    )
    return [row["state"] for row in rows]


def _position(process_id: int, path: str) -> int | None:
    """How far a process has read an open file; None: it is not open."""
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        try:
            if os.readlink(descriptor) == path:
                fields = Path(f"/proc/{process_id}/fdinfo/{descriptor.name}").read_text()
                return int(fields.split(maxsplit=2)[1])
        except FileNotFoundError:
            continue  # it was closed in the meantime
    return None


@pytest.mark.faults
def test_a_recording_that_grows_while_it_is_uploaded_is_sent_whole(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    address = _put(centre, "growing.mp3", LARGE)
    centre.workers.run_step("discover", centre.location)
    with centre.workers.start_step("submit", [*centre.call_ids, address]) as process:
        assert process.pid
        pid = process.pid
        wait_until(lambda: _position(pid, address) is not None, "the recording is being read")
        os.kill(pid, signal.SIGSTOP)
        position = _position(pid, address)
        assert position is not None, "the upload ended before the recording could grow"
        assert position < len(LARGE), "the upload ended before the recording could grow"
        with open(address, "ab") as file:
            file.write(b"and its end")
        os.kill(pid, signal.SIGCONT)
        process.join(60)
        assert process.exitcode == 0
    _run(centre)
    whole = LARGE + b"and its end"
    _assert_scored(centre, faults, "recording-grows", expected, {address: 1}, (whole,))


@pytest.mark.faults
def test_a_recording_that_is_still_being_written_waits_for_its_end(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    address = _put(centre, "late.mp3", b"the first half", age_s=0)
    _run(centre)
    assert _states(centre, address) == []
    _put(centre, "late.mp3", b"the first half and the second")
    _run(centre)
    _assert_scored(
        centre, faults, "recording-unfinished", expected, {address: 1}, (b"the first half and the second",)
    )


@pytest.mark.faults
def test_an_empty_recording_is_transcribed_when_it_is_filled(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    address = _put(centre, "filled.mp3", b"")
    _run(centre, times=2)
    assert _states(centre, address) == ["failed"]
    _put(centre, "filled.mp3", TAKES["first"], age_s=600)
    _run(centre)
    _assert_scored(centre, faults, "recording-filled", expected, {address: 2}, (TAKES["first"],))


@pytest.mark.parametrize("name", ["path", pytest.param("call id", marks=pytest.mark.faults)])
def test_a_replaced_recording_is_paid_for_and_the_first_one_kept(
    centre: CallCentre, faults: FaultRecorder, expected: object, name: str
) -> None:
    sidecar = {"call_id": "4711"} if name == "call id" else {}
    address = _put(centre, "replaced.mp3", TAKES["first"], **sidecar)
    _run(centre)
    _put(centre, "replaced.mp3", TAKES["second"], age_s=600)
    _run(centre)
    new = f"{address}#{content_sha256(TAKES['second'])[:12]}"
    if sidecar:
        calls, shown = {"4711": 2}, (TAKES["second"],)
        assert _states(centre, "4711") == ["scored", "scored"]
    else:
        calls, shown = {address: 1, new: 1}, tuple(TAKES.values())
    _assert_scored(centre, faults, "recording-replaced", expected, calls, shown)


def test_recordings_that_take_each_others_names_keep_their_calls(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    first, second = (_put(centre, f"msg{n}.mp3", take) for n, take in enumerate(TAKES.values()))
    _run(centre)
    _put(centre, "msg0.mp3", TAKES["second"], age_s=600)
    _put(centre, "msg1.mp3", b"a third one", age_s=600)
    _run(centre)
    third = f"{second}#{content_sha256(b'a third one')[:12]}"
    calls = {first: 1, second: 1, third: 1}
    _assert_scored(centre, faults, "recording-renumbered", expected, calls, (*TAKES.values(), b"a third one"))


@pytest.mark.faults
def test_a_recording_that_comes_back_is_transcribed(
    centre: CallCentre, faults: FaultRecorder, expected: object
) -> None:
    address = _put(centre, "gone.mp3", TAKES["first"])
    centre.workers.run_step("discover", centre.location)
    hidden = Path(centre.location).parent / "gone.mp3"
    Path(address).rename(hidden)
    centre.workers.run_step("submit", [*centre.call_ids, address])
    _run(centre)
    assert _states(centre, address) == ["failed"]
    hidden.rename(address)
    _run(centre)
    _assert_scored(centre, faults, "recording-gone", expected, {address: 2}, (TAKES["first"],))


@pytest.mark.faults
@pytest.mark.parametrize("sidecar", [{"queue": "billing"}, {"queue": "billing", "call_id": "4711"}])
def test_a_late_sidecar_costs_nothing(
    centre: CallCentre, faults: FaultRecorder, expected: object, sidecar: Mapping[str, str]
) -> None:
    address = _put(centre, "late.mp3", TAKES["first"])
    _run(centre)
    Path(address).with_suffix(".json").write_text(json.dumps(sidecar))
    _run(centre)
    call_id = sidecar.get("call_id", address)
    _assert_scored(centre, faults, "sidecar-late", expected, {call_id: 1}, (TAKES["first"],))
    (row,) = centre.query("SELECT queue FROM call_sentiment.calls WHERE call_id = %s", call_id)
    assert row["queue"] == "billing"


@pytest.mark.faults
@pytest.mark.parametrize("bad_at_first", [True, False])
def test_a_bad_sidecar_delays_its_call_or_leaves_it_unchanged(
    centre: CallCentre, faults: FaultRecorder, expected: object, bad_at_first: bool
) -> None:
    address = _put(centre, "bad.mp3", TAKES["first"], queue="billing")
    sidecar = Path(address).with_suffix(".json")
    good = sidecar.read_text()
    if bad_at_first:
        sidecar.write_text("{")
    _run(centre)
    assert _states(centre, address) == ["failed" if bad_at_first else "scored"]
    sidecar.write_text(good if bad_at_first else "{")
    _run(centre)
    _assert_scored(centre, faults, "sidecar-bad", expected, {address: 1}, (TAKES["first"],))
    (row,) = centre.query("SELECT queue FROM call_sentiment.calls WHERE call_id = %s", address)
    assert row["queue"] == "billing"
