"""The sound of a call: the recording of a known call, in parts, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from call_sentiment.discovery.locations import file_version
from tests.support.pages import PagesServer
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BYTES = bytes(range(256)) * 16


def add(connection: Connection, recording: str, version: str | None = None, replaced: bool = False) -> None:
    query(
        connection,
        "INSERT INTO call_sentiment.calls (call_id, recording, recording_version, recording_replaced)"
        " VALUES ('one', %s, %s, %s)",
        recording,
        version,
        replaced,
    )
    query(
        connection,
        "INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, state)"
        " VALUES ('one', '', '{}', 1, 'intent')",
    )


@pytest.fixture
def recording(tmp_path: Path, results: Connection) -> Path:
    path = tmp_path / "a b%20c.mp3"
    path.write_bytes(BYTES)
    add(results, str(path), file_version(str(path)))
    return path


def ask(server: PagesServer, wanted: str | None = None, method: str = "GET") -> requests.Response:
    headers = {} if wanted is None else {"Range": wanted}
    return server._send(method, "audio?id=one", "vera", headers)


def test_the_whole_recording_is_sent(server: PagesServer, recording: Path) -> None:
    answer = ask(server)
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=4000-", 4000, 4095), ("bytes=-6", 4090, 4095),
     ("bytes=0-99999", 0, 4095), ("bytes=-99999", 0, 4095)],
)  # fmt: skip
def test_a_part_is_sent(server: PagesServer, recording: Path, wanted: str, first: int, last: int) -> None:
    answer = ask(server, wanted)
    assert (answer.status_code, answer.content) == (206, BYTES[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/4096"


@pytest.mark.parametrize("wanted", ["bytes=4096-", "bytes=-0"])
def test_a_part_behind_the_end_is_refused(server: PagesServer, recording: Path, wanted: str) -> None:
    answer = ask(server, wanted)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */4096")


@pytest.mark.parametrize(
    "wanted", ["bytes=5-1", "bytes=-", "bytes=0-1,4-5", "lines=1-2", f"bytes={'9' * 5000}-"]
)
def test_a_range_without_sense_is_ignored(server: PagesServer, recording: Path, wanted: str) -> None:
    assert ask(server, wanted).content == BYTES


def test_head_says_what_would_be_sent(server: PagesServer, recording: Path) -> None:
    answer = ask(server, "bytes=10-19", "HEAD")
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (206, "10", b"")


def test_a_file_uri_is_played(server: PagesServer, results: Connection, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(BYTES)
    add(results, f"file://{tmp_path}/a.wav")
    answer = ask(server)
    assert (answer.content, answer.headers["Content-Type"]) == (BYTES, "audio/wav")


@pytest.mark.parametrize("change", ["gone", "other", "folder", "replaced", "pipe"])
def test_a_recording_that_is_not_there_any_more_is_not_sent(
    server: PagesServer, results: Connection, recording: Path, change: str
) -> None:
    if change == "other":
        recording.write_bytes(b"others")
    elif change == "replaced":
        query(results, "UPDATE call_sentiment.calls SET recording_replaced = true")
    else:
        recording.unlink()
        query(results, "UPDATE call_sentiment.calls SET recording_version = NULL")
        if change == "folder":
            recording.mkdir()
        elif change == "pipe":
            os.mkfifo(recording)
    answer = ask(server)
    assert answer.status_code == 404
    for text in (answer.text, server.get("call?id=one").text):
        assert "The recording is not there any more" in text
        assert "<audio" not in text


def test_a_web_address_is_not_fetched(server: PagesServer, results: Connection) -> None:
    add(results, "https://127.0.0.1:1/a.mp3")
    assert ask(server).status_code == 404
    assert "which these pages do not fetch" in server.get("call?id=one").text


@pytest.mark.parametrize("recording", ["/etc/passwd", "passwd", "/etc/hosts.mp3/../passwd"])
def test_only_audio_files_are_sent(server: PagesServer, results: Connection, recording: str) -> None:
    add(results, recording)
    answer = ask(server)
    assert answer.status_code == 404
    assert "root:" not in answer.text


def test_an_object_store_without_its_provider_is_a_page(server: PagesServer, results: Connection) -> None:
    add(results, "nosuch://bucket/a.mp3")
    assert ask(server).status_code == 404
    assert server.get("call?id=one").status_code == 200


@pytest.mark.parametrize(
    "path", ["audio?id=../../etc/passwd", "audio?id=/etc/passwd", "audio?id=one&recording=/etc/passwd.mp3"]
)
def test_no_path_of_the_request_leads_to_a_file(server: PagesServer, results: Connection, path: str) -> None:
    assert server.get(path).status_code == 404


@pytest.mark.parametrize("path", ["audio", "audio?id=", "audio?id=%00"])
def test_a_call_must_be_named(server: PagesServer, results: Connection, path: str) -> None:
    assert server.get(path).status_code == 422


def test_a_listener_who_leaves_keeps_no_file_open(
    server: PagesServer, results: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "long.mp3"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    add(results, str(path))
    for _ in range(5):
        with server.get("audio?id=one", stream=True) as answer:
            next(answer.iter_content(1000))
            assert readers_of(path)
    deadline = time.monotonic() + 20
    while readers_of(path):
        assert time.monotonic() < deadline, "a file stays open"
        time.sleep(0.1)


def readers_of(path: Path) -> list[str]:
    """The descriptors, of whatever process, that have a file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(path):
                found.append(str(link))
        except OSError:
            continue
    return found
