"""Every fault, as the client sees it."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from assemblyai_sandbox import faults
from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import AUDIO_URL, Api

ENDPOINTS = [
    ("upload", "POST", "/v2/upload"),
    ("submit", "POST", "/v2/transcript"),
    ("list", "GET", "/v2/transcript"),
    ("get", "GET", "/v2/transcript/x"),
    ("delete", "DELETE", "/v2/transcript/x"),
    ("sentences", "GET", "/v2/transcript/x/sentences"),
    ("paragraphs", "GET", "/v2/transcript/x/paragraphs"),
    ("srt", "GET", "/v2/transcript/x/srt"),
    ("vtt", "GET", "/v2/transcript/x/vtt"),
    ("word-search", "GET", "/v2/transcript/x/word-search"),
    ("redacted-audio", "GET", "/v2/transcript/x/redacted-audio"),
]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("rate_limited", 429, b'{"error":"Too Many Requests"}'),
        ("rate_limited_403", 403, b'{"error":"Too Many Requests"}'),
        ("server_error", 500, b'{"error":"Internal Server Error"}'),
        ("unavailable", 503, b""),
        ("gateway_timeout", 504, b""),
        ("html", 502, b"<html>"),
        ("upload_failed", 422, b'{"error":"Upload failed'),
    ],
)
def test_an_answer_in_place_of_the_real_one(
    api: Api, server: SandboxServer, kind: str, status: int, body: bytes
) -> None:
    server.fault(kind, "submit", retry_after_s=7)

    spoiled = api.post()

    assert spoiled.status_code == status
    assert spoiled.content.startswith(body)
    assert bool(body) == bool(spoiled.content)
    assert spoiled.headers.get("retry-after") == ("7" if status == 429 else None)
    assert api.ids() == []
    assert api.post().status_code == 200


@pytest.mark.parametrize("kind", ["server_error", "unavailable", "gateway_timeout"])
def test_an_error_after_the_request_was_carried_out(api: Api, server: SandboxServer, kind: str) -> None:
    server.fault(kind, "submit", accepted=True)

    assert api.post().status_code >= 500
    assert len(api.ids()) == 1


@pytest.mark.parametrize(("kind", "carried_out"), [("reset_before", 0), ("reset_after", 1)])
def test_a_connection_reset_before_or_after_the_work(
    api: Api, server: SandboxServer, kind: str, carried_out: int
) -> None:
    server.fault(kind, "submit")

    # With a plain socket, because httpx reports some resets as disconnections.
    body = json.dumps({"audio_url": AUDIO_URL}).encode()
    head = f"POST /v2/transcript HTTP/1.1\r\nHost: x\r\nAuthorization: {server.api_key}\r\n"
    with socket.create_connection((api.http.base_url.host, api.http.base_url.port or 80)) as connection:
        connection.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)

    assert len(api.ids()) == carried_out
    assert server.journal("submit")[0]["status"] is None


def test_a_reset_in_the_middle_of_an_upload(api: Api, server: SandboxServer) -> None:
    server.fault("reset_before", "upload")

    with pytest.raises(httpx.TransportError):
        api.upload(b"x" * 5_000_000)

    assert api.upload(b"x" * 5_000_000)


def test_a_submission_accepted_and_its_answer_lost(api: Api, server: SandboxServer) -> None:
    server.fault("lost_answer", "submit")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        api.post()

    assert len(api.ids()) == 1
    assert len(server.charges()) == 1


def test_a_lost_answer_can_also_outlast_the_clients_patience(api: Api, server: SandboxServer) -> None:
    server.fault("lost_answer", "submit", delay_s=0.5)
    api.http.timeout = httpx.Timeout(0.1)

    with pytest.raises(httpx.ReadTimeout):
        api.post()

    assert len(api.ids()) == 1


def test_half_a_json(api: Api, server: SandboxServer) -> None:
    whole = api.http.get("/v2/transcript").content
    server.fault("truncated_json", "list")

    half = api.http.get("/v2/transcript")

    assert (half.status_code, half.content) == (200, whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        half.json()


def test_half_of_the_promised_bytes(api: Api, server: SandboxServer) -> None:
    server.fault("truncated_body", "submit")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        api.post()

    assert len(api.ids()) == 1


def test_a_slow_answer(api: Api, server: SandboxServer) -> None:
    server.fault("slow", "list", delay_s=0.2)

    begun = time.monotonic()
    answer = api.http.get("/v2/transcript")

    assert answer.status_code == 200
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(("endpoint", "method", "path"), ENDPOINTS, ids=lambda value: value)
def test_a_fault_strikes_the_endpoint_it_names_and_no_other(
    api: Api, server: SandboxServer, endpoint: str, method: str, path: str
) -> None:
    server.fault("gateway_timeout", endpoint, count=None)

    struck = {name for name, verb, url in ENDPOINTS if api.http.request(verb, url).status_code == 504}

    assert struck == {endpoint}


def test_every_endpoint_that_can_be_named_is_tried_above() -> None:
    assert tuple(name for name, _, _ in ENDPOINTS) == tuple(sorted(faults.ENDPOINTS, key=_position))


def _position(name: str) -> int:
    return [known for known, _, _ in ENDPOINTS].index(name)


def test_a_fault_is_played_count_times_after_skip_requests(api: Api, server: SandboxServer) -> None:
    server.fault("server_error", "list", skip=1, count=2)

    assert [api.http.get("/v2/transcript").status_code for _ in range(5)] == [200, 500, 500, 200, 200]


def test_without_a_count_it_lasts_until_the_faults_are_cleared(api: Api, server: SandboxServer) -> None:
    server.fault("server_error", count=None)
    assert {api.http.get("/v2/transcript").status_code for _ in range(10)} == {500}

    server.clear_faults()

    assert api.http.get("/v2/transcript").status_code == 200


def test_probability_follows_from_the_seed(start: Callable[..., Api]) -> None:
    def seen(seed: int) -> list[int]:
        api = start(seed=seed)
        api.server.fault("unavailable", "list", count=None, probability=0.3)
        return [api.http.get("/v2/transcript").status_code for _ in range(100)]

    first = seen(1)
    assert first == seen(1) != seen(2)
    assert 15 <= Counter(first)[503] <= 45


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"kind": "bad_hair_day"}, "kind must be one of"),
        ({"kind": "slow", "endpoint": "everything"}, "endpoint must be"),
        ({"kind": "slow", "delay": 3}, "a fault is"),
    ],
)
def test_a_mistake_in_a_fault_is_refused(
    server: SandboxServer, details: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        server.control("POST", "faults", details)


def test_every_kind_of_fault_is_shown_by_a_test() -> None:
    from pathlib import Path

    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

    assert [kind for kind in faults.KINDS if f'"{kind}"' not in tests] == []
