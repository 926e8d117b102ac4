"""The sandbox, for the benchmark of waiting."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import requests


def instant(text: str) -> datetime:
    """A time of the sandbox: UTC, though it names no zone."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Vendor:
    """One sandbox under its own account."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url, self.api_key = url, api_key
        self._session = requests.Session()

    def prepare(self, processing_s: Sequence[float]) -> None:
        """Reset the sandbox; the next jobs take these seconds, in order."""
        self._control("POST", "reset")
        outcomes = [{"processing_s": seconds} for seconds in processing_s]
        self._control("POST", "script", {"match": "*", "outcomes": outcomes})

    def limit(self, requests_in_5_min: int) -> None:
        """Limit the account: it refuses what is beyond."""
        self._control("POST", "accounts/default", {"rate_limit": requests_in_5_min})

    def submit(self, count: int) -> list[str]:
        """Submit `count` jobs; return their ids, oldest first."""

        def post(number: int) -> str:
            answer = self._session.post(
                f"{self.url}/v2/transcript",
                json={"audio_url": f"https://calls.example/{number}.mp3", "speech_models": ["universal-2"]},
                headers={"Authorization": self.api_key},
                timeout=60,
            )
            answer.raise_for_status()
            return str(answer.json()["id"])

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(post, range(count)))

    def completed(self) -> dict[str, datetime]:
        """When each job ended, by id."""
        charges = self._control("GET", "billing")["charges"]
        return {charge["transcript_id"]: instant(charge["charged_at"]) for charge in charges}

    def journal(self) -> list[dict[str, Any]]:
        """All requests except submissions."""
        entries: list[dict[str, Any]] = self._control("GET", "journal")
        return [entry for entry in entries if entry["endpoint"] != "submit"]

    def requests(self, endpoint: str | None = None) -> int:
        return len([entry for entry in self.journal() if endpoint in (None, entry["endpoint"])])

    def refused(self) -> int:
        return len([entry for entry in self.journal() if entry["status"] == requests.codes.too_many])

    def last_seen(self) -> dict[str, datetime]:
        """When each job was last asked for by id."""
        asked = [entry for entry in self.journal() if entry["endpoint"] == "get"]
        return {entry["path"].rpartition("/")[2]: instant(entry["at"]) for entry in asked}

    def _control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None
