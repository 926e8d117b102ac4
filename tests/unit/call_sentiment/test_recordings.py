from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest
from airflow.sdk.io import attach

from call_sentiment.discovery.recordings import Recording
from call_sentiment.discovery.sources import find_recordings
from call_sentiment.exceptions import LocationError


def found(location: object) -> list[Recording]:
    return [each.read() for each in find_recordings(str(location)).recordings]


def write(folder: Path, *names: str, **sidecar: object) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"audio")
        if sidecar:
            path.with_suffix(".json").write_text(json.dumps(sidecar))


def manifest(folder: Path, *lines: object) -> Path:
    path = folder / "calls.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_folder_is_searched_for_audio_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, "b.mp3", "a.WAV", "deep/er/c.flac", "notes.txt", ".hidden.mp3", ".trash/d.mp3", "a.json")
    recordings = found(tmp_path)
    assert [r.recording for r in recordings] == [
        f"{tmp_path}/a.WAV",
        f"{tmp_path}/b.mp3",
        f"{tmp_path}/deep/er/c.flac",
    ]
    # The one sidecar is no JSON; the others have none, and are called what they are.
    assert [r.call_id for r in recordings] == [r.recording for r in recordings]
    assert [r.refusal is None for r in recordings] == [False, True, True]


def test_a_relative_folder_and_a_file_url_name_recordings_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "in/a.mp3")
    monkeypatch.chdir(tmp_path)
    assert [r.recording for r in found("in")] == ["in/a.mp3"]
    assert [r.recording for r in found("in/")] == ["in/a.mp3"]
    assert [r.recording for r in found(f"file://{tmp_path}/in")] == [f"file://{tmp_path}/in/a.mp3"]


def test_an_object_store_is_searched_like_a_folder() -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/calls/x/a.mp3", b"audio")
    store.pipe("/bucket/calls/x/a.json", b'{"call_id": "A"}')
    store.pipe("/bucket/other/b.mp3", b"audio")
    attach("memory", fs=store)
    (recording,) = found("memory://bucket/calls")
    assert (recording.recording, recording.call_id) == ("memory://bucket/calls/x/a.mp3", "A")
    assert found("memory://bucket/nothing-there") == []


def test_a_sidecar_tells_of_its_recording(tmp_path: Path) -> None:
    write(tmp_path, "a.mp3", call_id="A", queue="sales", extra=1)
    (recording,) = found(tmp_path)
    assert (recording.call_id, recording.source) == ("A", f"{tmp_path}/a.mp3")
    assert (recording.facts.queue, recording.facts.metadata) == ("sales", {"extra": 1})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "sidecar a.json: is not JSON"),
        (b'{"queue": "\xff"}', "sidecar a.json: is not UTF-8"),
        (b"[]", "sidecar a.json: must be a JSON object"),
        (b"[" * 100_000, "sidecar a.json: is nested too deeply"),
        (b'{"started_at": "x"}', "sidecar a.json: started_at must be"),
        (b'{"call_id": "A", "call_id": "B"}', 'sidecar a.json: "call_id" is given twice'),
    ],
)
def test_a_bad_sidecar_refuses_its_recording_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    write(tmp_path, "a.mp3", "b.mp3")
    (tmp_path / "a.json").write_bytes(content)
    bad, good = found(tmp_path)
    assert (bad.call_id, good.refusal) == (f"{tmp_path}/a.mp3", None)
    assert (bad.refusal or "").startswith(reason)


def test_a_file_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    Path(tmp_path, b"call-\xff.mp3".decode(errors="surrogateescape")).write_bytes(b"audio")
    (recording,) = found(tmp_path)
    assert recording.refusal == "rename the file: its name is not UTF-8"
    recording.call_id.encode()


def test_a_manifest_lists_recordings_wherever_they_are(tmp_path: Path) -> None:
    path = manifest(
        tmp_path,
        {"recording": "https://u:p@x.example/a.mp3?signature=s#f", "queue": "sales", "note": "n"},
        "",
        {"recording": "s3://bucket/b?.wav", "call_id": "B"},
        {"recording": "sub/c.mp3"},
        {"recording": "/abs/d.mp3"},
    )
    a, b, c, d = found(path)
    assert (a.recording, a.address) == (
        "https://u:p@x.example/a.mp3?signature=s#f",
        "https://x.example/a.mp3",
    )
    assert (a.call_id, a.facts.queue, a.facts.metadata) == ("https://x.example/a.mp3", "sales", {"note": "n"})
    assert (b.call_id, b.recording, b.address) == ("B", "s3://bucket/b?.wav", "s3://bucket/b?.wav")
    assert (c.recording, d.recording) == (f"{tmp_path}/sub/c.mp3", "/abs/d.mp3")
    assert [r.source for r in (a, b, c, d)] == [f"{path}:{number}" for number in (1, 3, 4, 5)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ({}, 'needs "recording"'),
        ({"recording": 7}, 'needs "recording"'),
        ({"Recording": "a.mp3"}, 'audio; "Recording" looks like recording and is not used'),
        ('{"recording": "a.mp3", "recording": "b.mp3"}', '"recording" is given twice'),
        ({"recording": "a.mp3", "channels": []}, None),
        ({"recording": "a.mp3", "channels": [1]}, "channels must map"),
        ({"recording": "https://x.example/get?id=1"}, "give it a call_id"),
        ({"recording": "https://x.example/get?id=1", "call_id": "1"}, None),
    ],
)
def test_a_bad_line_is_refused_alone_under_its_number(
    tmp_path: Path, line: object, reason: str | None
) -> None:
    path = manifest(tmp_path, line, {"recording": "/good.mp3"})
    first, second = found(path)
    assert second.refusal is None
    if reason is None:
        assert first.refusal is None
    else:
        assert reason in (first.refusal or "")
        assert first.call_id == f"{path}:1"
        assert "id=1" not in first.address


@pytest.mark.parametrize(
    ("location", "cure"),
    [
        ("", "name a folder"),
        ("/nowhere/at/all", "create it"),
        ("/nowhere/calls.jsonl", "does not exist"),
        ("s3://bucket/x", "apache-airflow-providers-amazon"),
        ("what://bucket/x", "correct it"),
    ],
)
def test_a_location_that_cannot_be_listed_names_the_cure(location: str, cure: str) -> None:
    with pytest.raises(LocationError, match=cure):
        found(location)


def test_a_file_is_no_location(tmp_path: Path) -> None:
    write(tmp_path, "a.mp3")
    with pytest.raises(LocationError, match="is not a folder"):
        found(tmp_path / "a.mp3")


def test_a_very_long_name_still_fits_the_ledger(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"recording": "https://x.example/" + "a" * 3000 + ".mp3"})
    (recording,) = found(path)
    assert recording.call_id.startswith("sha256:")
