from __future__ import annotations

import unicodedata

import pytest

from call_sentiment.discovery.folders import AUDIO_SUFFIXES, match_sidecars, sort_files
from call_sentiment.discovery.locations import Listing

# https://www.assemblyai.com/docs/faq/what-audio-and-video-file-types-are-supported-by-your-api
DOCUMENTED = """3ga 8svx aac ac3 aif aiff alac amr ape au dss flac flv m4a m4b m4p m4r mp3 mpga ogg oga mogg
    opus qcp tta voc wav wma wv webm mts m2ts ts mov mp2 mp4 m4v mxf"""


def sorted_files(*names: str, linked: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """Names of the recordings, and the remarks."""
    contents = sort_files(Listing(dict.fromkeys(names, "1:1"), list(linked)))
    return contents.audio, contents.remarks()


def test_every_suffix_that_assemblyai_documents_is_taken() -> None:
    assert {f".{suffix}" for suffix in DOCUMENTED.split()} <= AUDIO_SUFFIXES
    assert sorted_files("a.VOC", "b.8svx", "c.Mp3") == (["a.VOC", "b.8svx", "c.Mp3"], [])


def test_files_that_are_passed_over_are_counted_by_suffix() -> None:
    names = ("a.mp3", "b.ulaw", "c.ULAW", "d/e.txt", "README", "f.d/README", ".DS_Store", ".trash/g.mp3")
    assert sorted_files(*names) == (
        ["a.mp3"],
        ["7 files passed over: .txt (1), .ulaw (2), hidden (2), no suffix (2)"],
    )


def test_a_sidecar_of_nobody_and_a_linked_folder_are_named() -> None:
    audio, remarks = sorted_files("4711.mp3", "4712.json", "x/4711.json", linked=("loop",))
    assert audio == ["4711.mp3"]
    assert remarks == [
        "2 .json files belong to no recording: 4712.json, x/4711.json. Give each the name of its recording",
        "1 linked folders are not entered: loop. Name each as a location of its own",
    ]


@pytest.mark.parametrize(
    ("recording", "sidecar"),
    [
        ("4711.mp3", "4711.json"),
        ("4711.mp3", "4711.JSON"),
        ("4711.mp3", "4711.mp3.json"),
        ("4711.mp3", "4711.MP3.Json"),
        ("CALL4711.mp3", "call4711.json"),
        ("Call.4711.WAV", "call.4711.json"),
        ("deep/CALL4711.mp3", "deep/call4711.mp3.json"),
        (unicodedata.normalize("NFD", "José.mp3"), unicodedata.normalize("NFC", "José.json")),
        ("STRASSE.mp3", "straße.json"),
    ],
)
def test_a_sidecar_has_its_recordings_name(recording: str, sidecar: str) -> None:
    assert match_sidecars([recording], [sidecar]) == {recording: sidecar}


@pytest.mark.parametrize(
    ("recording", "sidecar"),
    [
        ("4711.mp3", "04711.json"),
        ("a/4711.mp3", "b/4711.json"),
        ("A/4711.mp3", "a/4711.json"),
        ("a.mp3", "a.b.json"),
    ],
)
def test_another_name_or_folder_is_not_its_sidecar(recording: str, sidecar: str) -> None:
    assert match_sidecars([recording], [sidecar]) == {}


def test_the_sidecar_that_fits_best_is_taken() -> None:
    assert match_sidecars(["a.mp3"], ["a.json", "a.mp3.json", "A.json"]) == {"a.mp3": "a.mp3.json"}
    assert match_sidecars(["a.mp3"], ["A.json", "a.json"]) == {"a.mp3": "a.json"}
    # Of two that fit alike, always the same one.
    assert match_sidecars(["a.mp3"], ["A.JSON", "A.json"]) == match_sidecars(["a.mp3"], ["A.json", "A.JSON"])


def test_a_sidecar_goes_to_whom_it_fits_to_the_letter() -> None:
    both = ["CALL1.mp3", "call1.mp3"]
    assert match_sidecars(both, ["call1.json"]) == {"call1.mp3": "call1.json"}
    assert match_sidecars(both, ["call1.json", "CALL1.json"]) == {
        "call1.mp3": "call1.json",
        "CALL1.mp3": "CALL1.json",
    }
    # Two forms of one recording share it.
    assert match_sidecars(["1.mp3", "1.wav"], ["1.json"]) == {"1.mp3": "1.json", "1.wav": "1.json"}
    assert match_sidecars(["1.mp3", "1.wav"], ["1.mp3.json"]) == {"1.mp3": "1.mp3.json"}
