"""Webhooks, received by a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api


class Receiver:
    """Answers with the given statuses in turn, repeats the last one, and records the requests."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.received: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.received.append({"path": self.path, "headers": dict(self.headers), "body": body})
                statuses = receiver.statuses
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?call=42"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [call["body"] for call in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


def test_an_ending_is_announced_by_id_and_status_only(
    api: Api, server: SandboxServer, receiver: Receiver
) -> None:
    server.script("*", {"processing_s": 5}, {"processing_s": 5, "status": "error", "error": "No."})
    good, bad = api.submit(webhook_url=receiver.url), api.submit(webhook_url=receiver.url)
    server.clock.advance(4)
    assert receiver.received == []

    server.clock.advance(1)

    assert receiver.bodies == [
        {"transcript_id": good, "status": "completed"},
        {"transcript_id": bad, "status": "error"},
    ]
    assert receiver.received[0]["path"] == "/hook?call=42"
    assert api.get(good)["webhook_status_code"] == 200


def test_the_secret_goes_in_the_named_header_and_nowhere_else(
    api: Api, server: SandboxServer, receiver: Receiver
) -> None:
    options = {"webhook_auth_header_name": "X-Hook", "webhook_auth_header_value": "hush"}
    answer = api.post(webhook_url=receiver.url, **options)
    server.clock.advance(0)

    headers = {name.lower(): value for name, value in receiver.received[0]["headers"].items()}
    assert headers["x-hook"] == "hush"
    assert headers["content-type"] == "application/json"
    transcript = api.get(answer.json()["id"])
    assert (transcript["webhook_auth"], transcript["webhook_auth_header_name"]) == (True, "X-Hook")
    assert "hush" not in json.dumps([answer.json(), transcript, server.journal(), server.webhooks()])


def test_a_delivery_is_tried_ten_times_ten_seconds_apart(
    api: Api, server: SandboxServer, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    transcript_id = api.submit(webhook_url=receiver.url)
    server.clock.advance(0)
    counts = [len(receiver.received)]
    for _ in range(12):
        server.clock.advance(10)
        counts.append(len(receiver.received))

    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10]
    assert api.get(transcript_id)["webhook_status_code"] == 500


def test_one_long_step_makes_all_the_attempts(api: Api, server: SandboxServer, receiver: Receiver) -> None:
    receiver.statuses = [500, 302, 200]
    transcript_id = api.submit(webhook_url=receiver.url)

    server.clock.advance(1000)

    assert [attempt["status"] for attempt in server.webhooks()] == [500, 302, 200]
    assert api.get(transcript_id)["webhook_status_code"] == 200


def test_a_4xx_ends_the_delivery_for_good(api: Api, server: SandboxServer, receiver: Receiver) -> None:
    receiver.statuses = [503, 404, 200]
    transcript_id = api.submit(webhook_url=receiver.url)

    server.clock.advance(1000)

    assert len(receiver.received) == 2
    assert api.get(transcript_id)["webhook_status_code"] == 404


def test_an_address_nobody_answers_at_costs_only_the_attempts(api: Api, server: SandboxServer) -> None:
    transcript_id = api.submit(webhook_url="http://127.0.0.1:1/hook")

    server.clock.advance(1000)

    assert [attempt["attempt"] for attempt in server.webhooks()] == list(range(1, 11))
    assert api.get(transcript_id)["webhook_status_code"] is None


def test_a_delivered_webhook_can_come_twice(api: Api, server: SandboxServer, receiver: Receiver) -> None:
    server.fault("duplicate_webhook")
    transcript_id = api.submit(webhook_url=receiver.url)
    api.submit()

    server.clock.advance(0)

    assert receiver.bodies == [{"transcript_id": transcript_id, "status": "completed"}] * 2


def test_redacted_audio_is_announced_without_an_id(
    api: Api, server: SandboxServer, receiver: Receiver
) -> None:
    server.script("*", {"redaction_s": 30, "sentences": []})
    transcript_id = api.submit(webhook_url=receiver.url, redact_pii=True, redact_pii_audio=True)
    server.clock.advance(29)
    assert [body["status"] for body in receiver.bodies] == ["completed"]

    server.clock.advance(1)

    assert set(receiver.bodies[1]) == {"status", "redacted_audio_url"}
    assert receiver.bodies[1]["status"] == "redacted_audio_ready"
    assert transcript_id in receiver.bodies[1]["redacted_audio_url"]
