"""POST /v2/upload."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

DAY_S = 86_400


def test_every_upload_has_its_own_url_even_of_the_same_bytes(api: Api) -> None:
    first, second = api.upload(b"same"), api.upload(b"same")

    assert first.startswith("https://cdn.assemblyai.com/upload/")
    assert first != second


def test_a_chunked_body_is_accepted_like_a_sized_one(api: Api, server: SandboxServer) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"ID3 "
        yield b"audio"

    answer = api.http.post("/v2/upload", content=chunks())

    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.status_code == 200
    api.result(answer.json()["upload_url"])
    assert server.charges()[0]["upload_sha256"] == hashlib.sha256(b"ID3 audio").hexdigest()


def test_an_empty_body_is_refused_with_422(api: Api) -> None:
    answer = api.http.post("/v2/upload", content=b"")

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Upload failed, please try again.")


def test_a_body_over_the_cap_is_refused(start: Callable[..., Api]) -> None:
    api = start(upload_max_bytes=10)

    assert api.http.post("/v2/upload", content=b"x" * 11).status_code == 413
    assert api.http.post("/v2/upload", content=b"x" * 10).status_code == 200


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_a_body_that_is_no_raw_audio_is_accepted_and_fails_later(api: Api, media_type: str) -> None:
    upload_url = api.upload(b'{"file": "call.mp3"}', **{"content-type": media_type})

    transcript = api.result(upload_url)

    assert transcript["status"] == "error"
    assert transcript["error"].startswith(f"Transcoding failed. File type {media_type.partition(';')[0]}")


def test_an_upload_may_be_submitted_twice_and_is_paid_twice(api: Api, server: SandboxServer) -> None:
    upload_url = api.upload()

    api.result(upload_url)
    api.result(upload_url)

    assert [charge["audio_url"] for charge in server.charges()] == [upload_url, upload_url]


def test_an_upload_expires(start: Callable[..., Api]) -> None:
    api = start(upload_ttl_s=DAY_S)
    upload_url = api.upload()
    api.server.clock.advance(DAY_S - 1)
    assert api.result(upload_url)["status"] == "completed"

    api.server.clock.advance(1)
    transcript = api.result(upload_url)

    assert transcript["status"] == "error"
    assert transcript["error"].startswith(f"Download error, unable to download {upload_url}.")
