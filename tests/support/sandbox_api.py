"""A plain HTTP client of a sandbox, for tests of requests and answers."""

from __future__ import annotations

from typing import Any

import httpx

from assemblyai_sandbox.testing import SandboxServer

AUDIO_URL = "https://recordings.example/calls/0042.mp3"
SENTENCES: list[dict[str, Any]] = [
    {"text": "Hello, how can I help?", "start": 400, "end": 1900, "sentiment": "POSITIVE", "confidence": 0.9},
    {"text": "It broke.", "start": 2300, "end": 3000, "sentiment": "NEGATIVE", "confidence": 0.8},
]
SENTENCES[1] |= {"speaker": "B", "channel": "2"}


class Api:
    """The most frequent requests of the tests; each asserts the status 200."""

    def __init__(self, server: SandboxServer, key: str | None = None) -> None:
        self.server = server
        self.http = httpx.Client(
            base_url=server.url, headers={"authorization": key or server.api_key}, trust_env=False, timeout=10
        )

    def upload(self, content: bytes = b"ID3 some audio", **headers: str) -> str:
        answer = self.http.post("/v2/upload", content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["upload_url"])

    def post(self, audio_url: str = AUDIO_URL, **request: Any) -> httpx.Response:
        return self.http.post("/v2/transcript", json={"audio_url": audio_url, **request})

    def submit(self, audio_url: str = AUDIO_URL, **request: Any) -> str:
        answer = self.post(audio_url, **request)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def get(self, transcript_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v2/transcript/{transcript_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def result(self, audio_url: str = AUDIO_URL, **request: Any) -> dict[str, Any]:
        """Submit a recording and get its transcript at once."""
        return self.get(self.submit(audio_url, **request))

    def ids(self, **query: str | int) -> list[str]:
        answer = self.http.get("/v2/transcript", params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["transcripts"]]
