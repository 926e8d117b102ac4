"""The remarks below the table name what the demo does not use, or not yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quickstart.remarks import find_remarks


def _call(recording: str, notices: str | None = None) -> dict[str, Any]:
    return {"call_id": Path(recording).stem, "recording": recording, "notices": notices}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp3", "b.mp3", "c.mp3", "a.json", "d.ulaw", "e.txt"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_files_that_are_no_recordings_are_counted_by_suffix(folder: Path) -> None:
    calls = [_call(f"{folder}/{name}.mp3") for name in "abc"]
    assert find_remarks(str(folder), calls) == ["2 files passed over: .txt (1), .ulaw (1)"]


@pytest.mark.parametrize(
    ("known", "remark"),
    [
        ("ab", "1 recording is left for the next run"),
        ("b", "2 recordings are left for the next run"),
    ],
)
def test_recordings_that_are_no_calls_yet_are_counted(folder: Path, known: str, remark: str) -> None:
    assert find_remarks(str(folder), [_call(f"{folder}/{name}.mp3") for name in known])[1:] == [
        f"{remark} (a file that has just changed may be incomplete). Run `make demo` again."
    ]


def test_a_name_that_is_not_utf_8_belongs_to_its_refused_call(tmp_path: Path) -> None:
    (tmp_path / "a\udce9.mp3").write_bytes(b"audio")
    assert find_remarks(str(tmp_path), [_call(f"{tmp_path}/a\ufffd.mp3")]) == []


def test_an_address_is_known_with_any_query(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.jsonl"
    manifest.write_text('{"recording": "https://files.example.com/a.mp3?signature=x"}\n')
    assert find_remarks(str(manifest), [_call("https://files.example.com/a.mp3?signature=y")]) == []


@pytest.mark.parametrize("location", ["nowhere", "unknown://bucket/calls"])
def test_notices_appear_even_if_the_location_cannot_be_listed(tmp_path: Path, location: str) -> None:
    calls = [_call("a.mp3", "callId looks like call_id"), _call("b.mp3")]
    location = location if "://" in location else str(tmp_path / location)
    assert find_remarks(location, calls) == ["Notice: a: callId looks like call_id"]
