"""Recordings and sidecars change at every moment; what was paid for is kept, and the rest is paid once."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.files import set_at_rest
from tests.support.reliability.world import World, content_sha256
from tests.support.workers import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.reliability.conftest import Trials

TAKES = {"first": b"the first take", "second": b"the second take, which is another"}
LARGE = b"a recording " * (4 << 20)


def _put(world: World, name: str, audio: bytes, *, age_s: float = 3600.0, **sidecar: Any) -> str:
    """Write a recording that changed `age_s` ago, and its sidecar if there is one; its address."""
    path = Path(world.location, name)
    path.write_bytes(audio)
    set_at_rest(path, age_s=age_s)
    if sidecar:
        path.with_suffix(".json").write_text(json.dumps(sidecar))
    return str(path)


def _run(world: World, times: int = 1) -> None:
    for _ in range(times):
        world.workers.run("run", world.location)


def _judge(
    world: World,
    trials: Trials,
    fault: str,
    undisturbed: object,
    calls: Mapping[str, int],
    scored: tuple[bytes, ...],
) -> None:
    """One more run changes nothing: the other calls have their scores, and just these bytes beside them.

    :param calls: the calls of the test's own, each with how many recordings it has been of.
    """
    before = len(world.vendor.charges())
    _run(world)
    assert len(world.vendor.charges()) == before
    world.call_ids += calls
    world.recording_counts.update(calls)
    trials.tried(fault, world.examine())
    results = world.results()
    assert isinstance(undisturbed, dict)
    assert undisturbed.items() <= results.items()
    assert set(results) - set(undisturbed) == set(map(content_sha256, scored))


def _states(world: World, call_id: str) -> list[str]:
    rows = world.query(
        "SELECT state FROM call_sentiment.transcripts WHERE call_id = %s ORDER BY transcript_id", call_id
    )
    return [row["state"] for row in rows]


def _position(process_id: int, path: str) -> int | None:
    """How far a process has read a file that it has open."""
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        try:
            if os.readlink(descriptor) == path:
                told = Path(f"/proc/{process_id}/fdinfo/{descriptor.name}").read_text()
                return int(told.split(maxsplit=2)[1])
        except FileNotFoundError:
            continue  # closed meanwhile
    return None


@pytest.mark.faults
def test_a_recording_that_grows_while_it_is_uploaded_is_sent_whole(
    world: World, trials: Trials, undisturbed: object
) -> None:
    address = _put(world, "growing.mp3", LARGE)
    world.workers.run("discover", world.location)
    with world.workers.started("submit", [*world.call_ids, address]) as process:
        assert process.pid
        pid = process.pid
        until(lambda: _position(pid, address) is not None, "the recording is being read")
        os.kill(pid, signal.SIGSTOP)
        position = _position(pid, address)
        assert position is not None, "the upload was over too soon to be met in the middle"
        assert position < len(LARGE), "the upload was over too soon to be met in the middle"
        with open(address, "ab") as file:
            file.write(b"and its end")
        os.kill(pid, signal.SIGCONT)
        process.join(60)
        assert process.exitcode == 0
    _run(world)
    whole = LARGE + b"and its end"
    _judge(world, trials, "recording-grows", undisturbed, {address: 1}, (whole,))


@pytest.mark.faults
def test_a_recording_that_is_still_being_written_waits_for_its_end(
    world: World, trials: Trials, undisturbed: object
) -> None:
    address = _put(world, "late.mp3", b"the first half", age_s=0)
    _run(world)
    assert _states(world, address) == []
    _put(world, "late.mp3", b"the first half and the second")
    _run(world)
    _judge(
        world, trials, "recording-unfinished", undisturbed, {address: 1}, (b"the first half and the second",)
    )


@pytest.mark.faults
def test_an_empty_recording_is_transcribed_when_it_is_filled(
    world: World, trials: Trials, undisturbed: object
) -> None:
    address = _put(world, "filled.mp3", b"")
    _run(world, times=2)
    assert _states(world, address) == ["failed"]
    _put(world, "filled.mp3", TAKES["first"], age_s=600)
    _run(world)
    _judge(world, trials, "recording-filled", undisturbed, {address: 2}, (TAKES["first"],))


@pytest.mark.parametrize("name", ["path", pytest.param("call id", marks=pytest.mark.faults)])
def test_other_audio_in_the_place_of_a_recording_is_paid_and_the_first_kept(
    world: World, trials: Trials, undisturbed: object, name: str
) -> None:
    sidecar = {"call_id": "4711"} if name == "call id" else {}
    address = _put(world, "replaced.mp3", TAKES["first"], **sidecar)
    _run(world)
    _put(world, "replaced.mp3", TAKES["second"], age_s=600)
    _run(world)
    new = f"{address}#{content_sha256(TAKES['second'])[:12]}"
    if sidecar:
        calls, shown = {"4711": 2}, (TAKES["second"],)
        assert _states(world, "4711") == ["scored", "scored"]
    else:
        calls, shown = {address: 1, new: 1}, tuple(TAKES.values())
    _judge(world, trials, "recording-replaced", undisturbed, calls, shown)


def test_recordings_that_take_each_others_names_keep_their_calls(
    world: World, trials: Trials, undisturbed: object
) -> None:
    first, second = (_put(world, f"msg{n}.mp3", take) for n, take in enumerate(TAKES.values()))
    _run(world)
    _put(world, "msg0.mp3", TAKES["second"], age_s=600)
    _put(world, "msg1.mp3", b"a third one", age_s=600)
    _run(world)
    third = f"{second}#{content_sha256(b'a third one')[:12]}"
    calls = {first: 1, second: 1, third: 1}
    _judge(world, trials, "recording-renumbered", undisturbed, calls, (*TAKES.values(), b"a third one"))


@pytest.mark.faults
def test_a_recording_that_comes_back_is_transcribed(
    world: World, trials: Trials, undisturbed: object
) -> None:
    address = _put(world, "gone.mp3", TAKES["first"])
    world.workers.run("discover", world.location)
    hidden = Path(world.location).parent / "gone.mp3"
    Path(address).rename(hidden)
    world.workers.run("submit", [*world.call_ids, address])
    _run(world)
    assert _states(world, address) == ["failed"]
    hidden.rename(address)
    _run(world)
    _judge(world, trials, "recording-gone", undisturbed, {address: 2}, (TAKES["first"],))


@pytest.mark.faults
@pytest.mark.parametrize("sidecar", [{"queue": "billing"}, {"queue": "billing", "call_id": "4711"}])
def test_a_late_sidecar_costs_nothing(
    world: World, trials: Trials, undisturbed: object, sidecar: Mapping[str, str]
) -> None:
    address = _put(world, "late.mp3", TAKES["first"])
    _run(world)
    Path(address).with_suffix(".json").write_text(json.dumps(sidecar))
    _run(world)
    call_id = sidecar.get("call_id", address)
    _judge(world, trials, "sidecar-late", undisturbed, {call_id: 1}, (TAKES["first"],))
    (row,) = world.query("SELECT queue FROM call_sentiment.calls WHERE call_id = %s", call_id)
    assert row["queue"] == "billing"


@pytest.mark.faults
@pytest.mark.parametrize("bad_at_first", [True, False])
def test_a_bad_sidecar_holds_up_its_call_or_leaves_it_as_it_is(
    world: World, trials: Trials, undisturbed: object, bad_at_first: bool
) -> None:
    address = _put(world, "bad.mp3", TAKES["first"], queue="billing")
    sidecar = Path(address).with_suffix(".json")
    good = sidecar.read_text()
    if bad_at_first:
        sidecar.write_text("{")
    _run(world)
    assert _states(world, address) == ["failed" if bad_at_first else "scored"]
    sidecar.write_text(good if bad_at_first else "{")
    _run(world)
    _judge(world, trials, "sidecar-bad", undisturbed, {address: 1}, (TAKES["first"],))
    (row,) = world.query("SELECT queue FROM call_sentiment.calls WHERE call_id = %s", address)
    assert row["queue"] == "billing"
