"""Sends webhooks: up to ten attempts, ten seconds apart, until a 2xx or 4xx."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass
from typing import Any

import httpx

from assemblyai_sandbox.clock import Clock
from assemblyai_sandbox.faults import Faults
from assemblyai_sandbox.records import Record

ATTEMPTS = 10
INTERVAL_S = 10.0
TIMEOUT_S = 10.0


@dataclass(slots=True)
class Delivery:
    """One request to send. The redacted-audio request names no transcript."""

    record: Record
    url: str
    body: dict[str, Any]
    headers: dict[str, str]
    attempt: int = 1


class Webhooks:
    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._faults = faults
        self._due: list[tuple[float, int, Delivery]] = []
        self._number = 0
        self.log: list[dict[str, Any]] = []

    def announce(self, record: Record, redacted_audio_url: str | None) -> None:
        """Plan the webhooks of a transcript that has just ended, if its request has any."""
        url = record.request.get("webhook_url")
        if not url:
            return
        headers = {"user-agent": "python-requests/2.32.3", "accept": "*/*"}
        name = record.request.get("webhook_auth_header_name")
        if name:
            headers[name] = record.request.get("webhook_auth_header_value") or ""
        moment = record.finished or self._clock.now()
        body = {"transcript_id": record.id, "status": record.status}
        self._plan(moment, Delivery(record, url, body, headers))
        if redacted_audio_url and record.outcome:
            notice = {"status": "redacted_audio_ready", "redacted_audio_url": redacted_audio_url}
            self._plan(moment + record.outcome.redaction_s, Delivery(record, url, notice, headers))

    @property
    def next_event(self) -> float | None:
        return self._due[0][0] if self._due else None

    async def deliver_due(self, client: httpx.AsyncClient) -> list[Record]:
        """Send all due requests, with retries; returns the records whose status has changed."""
        changed = []
        while batch := self._take_due():
            statuses = await asyncio.gather(*(self._call(client, delivery) for _, delivery in batch))
            for (moment, delivery), status in zip(batch, statuses, strict=True):
                self._note(delivery, status)
                changed.append(delivery.record)
                self._plan_next(moment, delivery, status)
        return changed

    def _take_due(self) -> list[tuple[float, Delivery]]:
        batch = []
        while self._due and self._due[0][0] <= self._clock.now():
            moment, _, delivery = heapq.heappop(self._due)
            batch.append((moment, delivery))
        return batch

    def _note(self, delivery: Delivery, status: int | None) -> None:
        self.log.append(
            {
                "transcript_id": delivery.record.id,
                "url": delivery.url.partition("?")[0],
                "attempt": delivery.attempt,
                "status": status,
            }
        )
        if status is not None:
            delivery.record.webhook_status_code = status

    def clear(self) -> None:
        self._due.clear()
        self.log.clear()

    def _plan(self, moment: float, delivery: Delivery) -> None:
        self._number += 1
        heapq.heappush(self._due, (moment, self._number, delivery))

    def _plan_next(self, moment: float, delivery: Delivery, status: int | None) -> None:
        if status is not None and 200 <= status < 300:
            if self._faults.take_behaviour("duplicate_webhook"):
                self._plan(moment, delivery)
        elif (status is None or not 400 <= status < 500) and delivery.attempt < ATTEMPTS:
            delivery.attempt += 1
            self._plan(moment + INTERVAL_S, delivery)

    async def _call(self, client: httpx.AsyncClient, delivery: Delivery) -> int | None:
        try:
            answer = await client.post(delivery.url, json=delivery.body, headers=delivery.headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return answer.status_code
