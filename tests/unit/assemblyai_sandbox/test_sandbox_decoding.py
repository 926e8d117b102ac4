"""The speech engine decodes many formats of recordings."""

from __future__ import annotations

import json
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from assemblyai_sandbox.engines.decoding import duration_s, load
from assemblyai_sandbox.engines.recogniser import recognise

ROOT = Path(__file__).parents[3]
HANGUP = ROOT / "recordings" / "short-hangup.mp3"
TRUTH = json.loads((ROOT / "tests" / "fixtures" / "truth" / "short-hangup.json").read_text())["sentences"]


def encode(file: Path, container: str, codec: str, layout: str = "stereo", **options: str) -> Path:
    """The hangup in another format; AMR has 8 kHz only."""
    rate = 8_000 if codec == "libopencore_amrnb" else 48_000 if codec == "libopus" else 16_000
    with av.open(HANGUP) as source, av.open(file, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 64_000
        resampler = av.AudioResampler(stream.format, layout, rate, frame_size=stream.frame_size or None)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        for part in resampler.resample(None):
            target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return file


def video(file: Path, sound: bool) -> Path:
    """A second of a black picture, with or without a tone of two seconds."""
    with av.open(file, "w", format="mp4") as target:
        picture = target.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        tone = target.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        if tone:
            wave_ = np.sin(np.arange(32_768) / 5).astype(np.float32)
            for start in range(0, len(wave_), 1024):
                part = av.AudioFrame.from_ndarray(wave_[None, start : start + 1024], "fltp", "mono")
                part.sample_rate, part.pts = 16_000, start
                target.mux(tone.encode(part))
            target.mux(tone.encode(None))
    return file


def words(text: str) -> set[str]:
    return set(text.lower().replace(",", "").strip(".?").split())


FORMATS = {
    "m4a": ("ipod", "aac", {}),
    "alac": ("ipod", "alac", {}),
    "webm": ("webm", "libopus", {}),
    "webm of a browser": ("webm", "libopus", {"live": "1"}),
    "wma": ("asf", "wmav2", {}),
    "opus": ("ogg", "libopus", {}),
    "a-law wav": ("wav", "pcm_alaw", {}),
    "aac": ("adts", "aac", {}),
    "aiff": ("aiff", "pcm_s16be", {}),
    "mp4": ("mp4", "aac", {}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_sentences_of_a_call_are_heard_in_every_format(tmp_path: Path, name: str) -> None:
    container, codec, options = FORMATS[name]
    file = encode(tmp_path / "call", container, codec, **options)

    outcome = recognise(str(file), "", {"multichannel": True})

    assert outcome.error is None
    assert outcome.audio_duration == pytest.approx(7.29, abs=0.15)
    sentences = outcome.sentences or []
    assert [sentence["channel"] for sentence in sentences] == ["1", "2"]
    for sentence, truth in zip(sentences, TRUTH, strict=True):
        assert abs(sentence["start"] - truth["start"]) < 400
        assert len(words(sentence["text"]) & words(truth["text"])) >= len(words(truth["text"])) - 2


def test_the_narrow_band_of_a_mobile_phone_is_decoded(tmp_path: Path) -> None:
    file = encode(tmp_path / "call", "amr", "libopencore_amrnb", "mono")
    heard = recognise(str(file), "", {})
    assert heard.error is None
    assert heard.audio_duration == pytest.approx(7.29, abs=0.1)
    assert len(heard.sentences or []) == 2


def test_a_video_with_sound_is_a_recording(tmp_path: Path) -> None:
    file = video(tmp_path / "call", sound=True)
    assert duration_s(file) == pytest.approx(2, abs=0.1)
    assert load(file, 500, 1500).shape == (1, 16_000)


def test_a_video_without_sound_is_no_audio(tmp_path: Path) -> None:
    outcome = recognise(str(video(tmp_path / "call", sound=False)), "", {})
    assert (outcome.error or "").startswith(
        "Transcoding failed. File does not appear to contain audio. File type is video (QuickTime"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("MPEG-4", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"),
        ("MP3", b"ID3\x04 and no more"),
        ("AMR", b"#!AMR-X\n"),
        ("Matroska or WebM", b"\x1aE\xdf\xa3\xff\xff"),
    ],
)
def test_an_undecodable_recording_is_not_called_no_audio(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / "call"
    file.write_bytes(content)
    error = recognise(str(file), "", {}).error or ""
    assert error.startswith(f"The sandbox cannot decode this recording ({name}, ")


def test_a_codec_without_a_decoder_cannot_be_decoded(tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(b"\1\2" * 16_000)
    content = bytearray(file.read_bytes())
    content[20:22] = b"\xef\xbe"  # the format's number, which is not registered
    file.write_bytes(content)
    error = recognise(str(file), "", {}).error or ""
    assert error.startswith("The sandbox cannot decode this recording (WAV")


def test_a_recording_that_is_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "call"
    file.write_bytes(HANGUP.read_bytes()[: HANGUP.stat().st_size // 2])
    outcome = recognise(str(file), "", {"multichannel": True})
    assert [sentence["channel"] for sentence in outcome.sentences or []] == ["1"]


def test_a_playlist_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.mp3").write_bytes(HANGUP.read_bytes())
    for playlist in (
        "ffconcat version 1.0\nfile secret.mp3\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{tmp_path}/secret.mp3\n#EXT-X-ENDLIST\n",
    ):
        (tmp_path / "list").write_text(playlist)
        assert "does not appear to contain audio" in (recognise(str(tmp_path / "list"), "", {}).error or "")


def test_an_empty_recording_is_no_error_of_decoding(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "call"), "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
    assert duration_s(tmp_path / "call") == 0
