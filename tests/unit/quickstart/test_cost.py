"""The estimate of the audio to pay for."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest

from quickstart.cost import estimate_audio

HANGUP = Path(__file__).parents[3] / "recordings" / "short-hangup.mp3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording of 7.29 s in three containers, and two of no known length."""
    shutil.copy(HANGUP, tmp_path / "a.mp3")
    for name, container in (("b.mka", "matroska"), ("c.MP4", "mp4")):
        with av.open(HANGUP) as source, av.open(tmp_path / name, "w", format=container) as target:
            stream = target.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(audio=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    (tmp_path / "d.m4a").write_bytes(b"\0\0\0\x18ftypM4A ")
    (tmp_path / "e.wav").write_bytes(b"no sound")
    (tmp_path / "f.txt").write_bytes(b"no recording")
    (tmp_path / ".g.mp3").write_bytes(b"hidden")
    return tmp_path


def test_decodable_recordings_are_measured_and_the_others_counted(folder: Path) -> None:
    estimate = estimate_audio(str(folder), set())
    assert estimate is not None
    assert estimate.minutes * 60 == pytest.approx(3 * 7.29, abs=0.2)
    assert estimate.unmeasured == 2


def test_a_paid_recording_is_not_estimated_again(folder: Path) -> None:
    paid = {f"{folder}/{name}" for name in ("a.mp3", "b.mka", "d.m4a", "e.wav")}
    estimate = estimate_audio(str(folder), paid)
    assert estimate is not None
    assert estimate.minutes * 60 == pytest.approx(7.29, abs=0.1)
    assert estimate.unmeasured == 0


def test_only_a_local_folder_has_an_estimate() -> None:
    assert estimate_audio("s3://bucket/calls", set()) is None
