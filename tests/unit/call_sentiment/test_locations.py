from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import fsspec
import pytest
from airflow.sdk.io import attach

from call_sentiment.discovery.locations import (
    changed_at,
    file_version,
    is_readable,
    list_files,
    local_path,
    open_file,
    read_digests,
    size_of,
)
from call_sentiment.discovery.recordings import Recording
from call_sentiment.discovery.sources import find_recordings
from tests.support.files import set_at_rest

ODD_NAMES = (
    "who?",
    "a#b",
    "100%",
    "100%25",
    "a b",
    "ü",
    "a;b",
    "[x]",
    "{x}",
    "a&b=c",
    "~x",
    "a@b",
    "*",
    "c:d",
)


@pytest.fixture
def store() -> Iterator[fsspec.AbstractFileSystem]:
    filesystem = fsspec.filesystem("memory")
    attach("memory", fs=filesystem)
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


def found(location: object) -> list[Recording]:
    return [each.read() for each in find_recordings(str(location)).recordings]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("form", ["path", "relative", "uri", "encoded uri", "manifest"])
def test_a_local_name_is_taken_letter_by_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / f"{name}.mp3").write_bytes(b"audio")
    (folder / f"{name}.json").write_text(json.dumps({"queue": "sales"}))
    (folder / "calls.jsonl").write_text(json.dumps({"recording": f"{name}.mp3", "queue": "sales"}))
    monkeypatch.chdir(tmp_path)
    locations = {
        "path": str(folder),
        "relative": name,
        "uri": f"file://{folder}",
        "encoded uri": f"file://{quote(str(folder))}",
        "manifest": f"{folder}/calls.jsonl",
    }
    (recording,) = found(locations[form])
    assert (recording.refusal, recording.facts.queue) == (None, "sales")
    called = {"relative": name, "uri": f"file://{folder}", "encoded uri": f"file://{folder}"}
    assert recording.recording == f"{called.get(form, folder)}/{name}.mp3"
    assert read_digests(recording.recording) == (sha256(b"audio").hexdigest(), None)
    assert file_version(recording.recording) == recording.version == file_version(str(folder / f"{name}.mp3"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_object_is_taken_letter_by_letter(store: fsspec.AbstractFileSystem, name: str) -> None:
    store.pipe(f"/bucket/{name}/{name}.mp3", b"audio")
    (recording,) = found(f"memory://bucket/{name}")
    with open_file(recording.recording) as file:
        assert file.read() == b"audio"
    assert file_version(recording.recording) == recording.version
    assert changed_at(recording.recording) is None


def test_a_prefix_of_a_store_does_not_reach_into_its_neighbour(store: fsspec.AbstractFileSystem) -> None:
    store.pipe({"/bucket/calls/a.mp3": b"1", "/bucket/calls-old/b.mp3": b"2"})
    assert [recording.recording for recording in found("memory://bucket/calls")] == [
        "memory://bucket/calls/a.mp3"
    ]


def test_a_manifest_asks_a_store_for_the_versions_of_its_objects(store: fsspec.AbstractFileSystem) -> None:
    store.pipe({"/bucket/a.mp3": b"12", "/bucket/b.mp3": b"3"})
    lines = [{"recording": f"memory://bucket/{name}.mp3"} for name in ("a", "b", "missing")]
    store.pipe("/bucket/calls.jsonl", "\n".join(map(json.dumps, lines)).encode())
    versions = [recording.version for recording in found("memory://bucket/calls.jsonl")]
    assert [None if version is None else size_of(version) for version in versions] == [2, 1, None]


def test_a_folder_may_end_like_a_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "calls.jsonl"
    folder.mkdir()
    (folder / "a.mp3").write_bytes(b"audio")
    assert [recording.recording for recording in found(folder)] == [f"{folder}/a.mp3"]


def test_a_version_changes_with_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"one")
    set_at_rest(path)
    first = file_version(str(path))
    path.write_bytes(b"two")
    second = file_version(str(path))
    set_at_rest(path)
    os.truncate(path, 2)
    third = file_version(str(path))
    assert len({first, second, third}) == 3
    assert None not in (first, second, third)
    path.unlink()
    assert (file_version(str(path)), is_readable(str(path))) == (None, False)


def test_links_to_files_are_files_and_links_to_folders_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "a.mp3").write_bytes(b"audio")
    (folder / "linked.mp3").symlink_to(tmp_path / "a.mp3")
    (folder / "dead.mp3").symlink_to(tmp_path / "nowhere")
    (folder / "loop").symlink_to(folder)
    listing = list_files(str(folder))
    assert (list(listing.versions), listing.linked_folders) == (["linked.mp3"], ["loop"])


def test_the_digest_of_a_start_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"x" * 3_000_000)
    digests = read_digests(str(path), 2_000_000)
    assert digests == (sha256(b"x" * 3_000_000).hexdigest(), sha256(b"x" * 2_000_000).hexdigest())
    assert read_digests(str(path), 4_000_000) == (sha256(b"x" * 3_000_000).hexdigest(), None)
    assert read_digests(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("a/b", "a/b"),
        ("file:///x/y", "/x/y"),
        ("FILE:///x%20y", "/x y"),
        ("s3://b/k", None),
        ("https://x/y", None),
    ],
)
def test_what_is_local_is_told_by_the_scheme(location: str, path: str | None) -> None:
    assert local_path(location) == path
