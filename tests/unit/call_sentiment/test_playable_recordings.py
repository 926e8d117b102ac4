from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from airflow.sdk.io import attach

from call_sentiment.discovery.locations import file_version
from call_sentiment.pages import audio


@pytest.fixture
def stored() -> Iterator[str]:
    store = fsspec.filesystem("memory")
    attach("memory", fs=store)
    store.pipe("/calls/a.mp3", b"sound")
    yield "memory://calls/a.mp3"
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def test_a_recording_in_an_object_store_is_opened(stored: str) -> None:
    assert audio.find_problem(stored, file_version(stored), replaced=False) is None
    file, size = audio.open_recording(stored)
    with file:
        assert (file.read(), size) == (b"sound", 5)


def test_another_version_in_an_object_store_is_not_played(stored: str) -> None:
    assert audio.find_problem(stored, "5:other", replaced=False) == audio.GONE
    assert audio.find_problem("memory://calls/b.mp3", None, replaced=False) == audio.GONE


def test_an_error_of_an_object_store_is_told_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(location: str) -> str:
        raise RuntimeError("secret key")

    monkeypatch.setattr(audio, "file_version", refuse)
    problem = audio.find_problem("s3://bucket/a.mp3", None, replaced=False)
    assert problem is not None
    assert "RuntimeError" in problem
    assert "secret" not in problem


def test_a_slow_object_store_does_not_hold_up_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "LOOK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(audio, "file_version", lambda location: time.sleep(1))
    started = time.monotonic()
    assert audio.find_problem("s3://bucket/a.mp3", None, replaced=False) is None
    assert time.monotonic() - started < 0.8


@pytest.mark.parametrize(("name", "kind"), [("a.MP3", "audio/mpeg"), ("a.ts", "application/octet-stream")])
def test_the_content_type_is_that_of_the_suffix(tmp_path: Path, name: str, kind: str) -> None:
    assert audio.media_type(str(tmp_path / name)) == kind
