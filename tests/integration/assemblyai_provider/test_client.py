from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import unquote

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from assemblyai_provider._client import AssemblyAIClient, ClientSettings
from assemblyai_provider._client.audio_file import AudioFile, HashingBody
from assemblyai_provider.exceptions import (
    AuthenticationError,
    RateLimitedError,
    RequestRefusedError,
    TranscriptNotFoundError,
    TransportError,
    UploadRefusedError,
)
from assemblyai_provider.models import TranscriptStatus
from assemblyai_sandbox.testing import SandboxServer
from tests.integration.assemblyai_provider.conftest import Pauses

Changing = tuple[str, Callable[[bytes], None]]
CONTENT = b"RIFF" + bytes(range(256)) * 5000


@pytest.fixture
def recording(tmp_path: Path) -> AudioFile:
    file = tmp_path / "call.wav"
    file.write_bytes(CONTENT)
    return AudioFile(str(file))


def submit(client: AssemblyAIClient, name: str = "a") -> str:
    return client.post_transcript({"audio_url": f"https://h.example/{name}.mp3"}, lambda: None)


def test_an_upload_arrives_whole_and_is_hashed_on_the_way(
    client: AssemblyAIClient, sandbox: SandboxServer, recording: AudioFile
) -> None:
    upload = client.upload(recording)
    (entry,) = sandbox.journal("upload")
    assert upload.content_sha256 == entry["body_sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert upload.url.startswith("http")
    assert entry["authorization"] == "key"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "upload_failed", "unavailable", "html"])
def test_an_upload_is_repeated_from_its_first_byte(
    client: AssemblyAIClient, sandbox: SandboxServer, recording: AudioFile, fault: str
) -> None:
    sandbox.fault(fault, "upload", count=2)
    assert client.upload(recording).content_sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_an_upload_is_given_up_after_three_tries(
    client: AssemblyAIClient, sandbox: SandboxServer, recording: AudioFile, pauses: Pauses
) -> None:
    sandbox.fault("server_error", "upload", count=None)
    with pytest.raises(TransportError):
        client.upload(recording)
    assert len(sandbox.journal("upload")) == 3
    assert pauses == [5, 10]


@pytest.mark.parametrize("uri", ["file://{}", "{}"])
def test_object_storage_is_streamed_like_a_local_file(
    client: AssemblyAIClient, recording: AudioFile, uri: str
) -> None:
    stored = AudioFile(uri.format(recording.location))
    assert client.upload(stored).content_sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("what", ["empty.wav", "missing.wav", "."])
def test_what_cannot_be_uploaded_is_refused_before_anything_is_sent(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(UploadRefusedError):
        AudioFile(str(tmp_path / what)).open()


def test_a_file_beyond_the_limit_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        file.truncate(2_200_000_001)
    with pytest.raises(UploadRefusedError, match="2200000001 bytes"):
        AudioFile(str(huge))


def test_a_file_that_shrinks_while_it_is_read_is_no_complete_upload(recording: AudioFile) -> None:
    with recording.open() as file:
        body = HashingBody(file, len(CONTENT) + 1)
        with pytest.raises(TransportError):
            list(body)


@pytest.mark.parametrize("size", [1, 100, len(CONTENT) - 1])
def test_the_last_block_of_a_file_that_has_grown_is_not_handed_out(recording: AudioFile, size: int) -> None:
    with recording.open() as file:
        body = HashingBody(file, size)
        with pytest.raises(TransportError, match="changed while it was uploaded"):
            list(body)


class ChangingFile(AudioFile):
    """A file that is still being written when it is opened, the first so many times."""

    def __init__(self, location: str, write: Callable[[], None], times: int) -> None:
        super().__init__(location)
        self._write, self._times = write, times

    def open(self) -> IO[bytes]:
        file = super().open()
        if self._times:
            self._times -= 1
            self._write()
        return file


@pytest.fixture
def store() -> Iterator[MemoryFileSystem]:
    """The object store of the Airflow connection `store`."""
    store = MemoryFileSystem()
    store.store, store.pseudo_dirs = {}, [""]
    attach("memory", conn_id="store", fs=store)
    yield store
    store.store.clear()


@pytest.fixture(params=["local", "object store"])
def changing(request: pytest.FixtureRequest, tmp_path: Path, store: MemoryFileSystem) -> Changing:
    """The location of a recording, and a function that replaces its content."""
    if request.param == "local":
        file = tmp_path / "call.wav"

        def write(content: bytes) -> None:
            later = file.stat().st_mtime + 1 if file.exists() else 1
            file.write_bytes(content)
            os.utime(file, (later, later))

        location = str(file)
    else:
        location = "memory://store@bucket/call.wav"

        def write(content: bytes) -> None:
            store.pipe("/bucket/call.wav", content)

    write(CONTENT)
    return location, write


@pytest.mark.parametrize("later", [CONTENT + b"more", CONTENT[::-1], CONTENT[:-1]])
def test_a_file_changed_during_its_upload_is_sent_whole_by_a_retry(
    client: AssemblyAIClient, sandbox: SandboxServer, changing: Changing, pauses: Pauses, later: bytes
) -> None:
    location, write = changing
    upload = client.upload(ChangingFile(location, lambda: write(later), times=1))
    assert upload.content_sha256 == hashlib.sha256(later).hexdigest()
    assert sandbox.journal("upload")[-1]["body_sha256"] == upload.content_sha256
    assert pauses == [5]


def test_a_file_that_changes_in_every_try_is_no_upload(client: AssemblyAIClient, changing: Changing) -> None:
    location, write = changing
    contents = iter([CONTENT + b"1", CONTENT + b"12", CONTENT + b"123"])
    with pytest.raises(TransportError, match="changed while it was uploaded"):
        client.upload(ChangingFile(location, lambda: write(next(contents)), times=3))


def test_a_file_that_grows_between_two_tries_is_sent_whole(
    client: AssemblyAIClient, sandbox: SandboxServer, changing: Changing
) -> None:
    location, write = changing
    recording = AudioFile(location)
    sandbox.fault("unavailable", "upload")
    client.sleep = lambda seconds: write(CONTENT + b"more")
    assert client.upload(recording).content_sha256 == hashlib.sha256(CONTENT + b"more").hexdigest()


NAMES = [
    "a?b.wav",
    "a#b.wav",
    "a%20b.wav",
    "a%3Fb?c#d.wav",
    "a.wav?",
    "a.wav#",
    "é ü.wav",
    "a://b.wav",
    "100%.wav",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["", "file://", "memory://store@bucket"])
def test_a_name_is_taken_literally(tmp_path: Path, store: MemoryFileSystem, scheme: str, name: str) -> None:
    for path in (tmp_path / name, tmp_path / unquote(name)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"decoded")
    (tmp_path / name).write_bytes(b"literal")
    store.pipe(f"/bucket{tmp_path}/{name}", b"literal")
    with AudioFile(f"{scheme}{tmp_path}/{name}").open() as file:
        assert file.read() == b"literal"


@pytest.mark.parametrize("name", ["a%20b.wav", "%C3%A9.wav", "a%3Fb.wav", "a%23b.wav"])
def test_a_file_uri_may_be_percent_encoded(tmp_path: Path, name: str) -> None:
    (tmp_path / unquote(name)).write_bytes(b"decoded")
    with AudioFile(f"file://{tmp_path}/{name}").open() as file:
        assert file.read() == b"decoded"


@pytest.mark.parametrize(
    "fault",
    [
        "rate_limited",
        "rate_limited_403",
        "server_error",
        "unavailable",
        "gateway_timeout",
        "html",
        "reset_before",
        "reset_after",
        "truncated_json",
        "truncated_body",
        "lost_answer",
    ],
)
def test_a_read_survives_every_fault(client: AssemblyAIClient, sandbox: SandboxServer, fault: str) -> None:
    transcript_id = submit(client)
    sandbox.fault(fault, "get", count=3)
    assert client.get_transcript(transcript_id).status is TranscriptStatus.COMPLETED
    assert len(sandbox.journal("get")) == 4


def test_a_read_gives_up_in_the_end(client: AssemblyAIClient, sandbox: SandboxServer, pauses: Pauses) -> None:
    sandbox.fault("server_error", "list", count=None)
    with pytest.raises(TransportError, match="500"):
        client.list_transcripts()
    assert pauses == [1, 2, 4, 8, 16]


def test_a_retry_after_is_waited_for(
    client: AssemblyAIClient, sandbox: SandboxServer, pauses: Pauses
) -> None:
    sandbox.fault("rate_limited", "list", retry_after_s=40)
    client.list_transcripts()
    assert sum(pauses) >= 40


@pytest.mark.parametrize("preset", ["spec", "docs"])
def test_an_unknown_id_is_not_found_by_either_documentation(preset: str) -> None:
    with SandboxServer(preset=preset) as sandbox:
        client = AssemblyAIClient(ClientSettings(base_url=sandbox.url, api_key=sandbox.api_key))
        with pytest.raises(TranscriptNotFoundError):
            client.get_transcript("11111111-2222-3333-4444-555555555555")
        client.close()


def test_a_wrong_key_fails_at_once_with_advice_and_without_the_key(sandbox: SandboxServer) -> None:
    client = AssemblyAIClient(ClientSettings(base_url=sandbox.url, api_key="wrong-S3CRET"))
    with pytest.raises(AuthenticationError, match="Correct the API key") as raised:
        client.list_transcripts()
    assert "S3CRET" not in str(raised.value)
    assert len(sandbox.journal()) == 1
    client.close()


def test_the_list_is_paged_from_the_newest_to_the_oldest(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    ids = [submit(client, str(number)) for number in range(5)]
    seen, before_id = [], None
    for _ in range(3):
        page = client.list_transcripts(limit=2, before_id=before_id)
        seen += [item.id for item in page.items]
        before_id = page.older
    assert seen == ids[::-1]
    assert before_id is None


def test_a_refused_submission_is_not_repeated(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    with pytest.raises(RequestRefusedError, match="audio_url should start with http"):
        client.post_transcript({"audio_url": "ftp://h/a"}, lambda: None)
    assert len(sandbox.journal("submit")) == 1


def test_a_submission_beyond_the_rate_is_retried(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.fault("rate_limited", "submit", count=2)
    posts: list[int] = []
    client.post_transcript({"audio_url": "https://h/a.mp3"}, lambda: posts.append(1))
    assert len(posts) == len(sandbox.journal("submit")) == 3
    assert len(sandbox.charges()) == 1


def test_a_submission_is_given_up_when_the_rate_stays_exceeded(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.fault("rate_limited", "submit", count=None)
    with pytest.raises(RateLimitedError):
        submit(client)


def test_a_refused_connection_means_that_nothing_was_sent(client: AssemblyAIClient, pauses: Pauses) -> None:
    client.settings = ClientSettings(base_url="http://127.0.0.1:9", api_key="k")  # type: ignore[misc]
    with pytest.raises(TransportError) as raised:
        submit(client)
    assert type(raised.value).__name__ == "NotConnectedError"
    assert len(pauses) == 5


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str | None]]]:
    """A server that redirects every request to itself, and the keys it was sent."""
    keys: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/other")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", keys
    server.shutdown()
    server.server_close()


def test_a_redirect_is_not_followed_with_the_key(elsewhere: tuple[str, list[str | None]]) -> None:
    url, keys = elsewhere
    client = AssemblyAIClient(ClientSettings(base_url=url, api_key="k"), sleep=lambda seconds: None)
    with pytest.raises(TransportError, match="302"):
        client.list_transcripts()
    assert keys == ["k"] * 6
    client.close()


def test_a_netrc_file_does_not_replace_the_key(
    client: AssemblyAIClient, sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    client.list_transcripts()
    assert sandbox.journal()[0]["authorization"] == "key"


def test_the_answer_is_assemblyais_own_unchanged(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.script("*", {"transcript": {"something_new": {"deep": [1, None]}}})
    transcript = client.get_transcript(submit(client))
    assert transcript.raw["something_new"] == {"deep": [1, None]}
    assert json.dumps(dict(transcript.raw))
