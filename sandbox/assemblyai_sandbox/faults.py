"""The faults of the service and of the network, and when each is played."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

ENDPOINTS = (
    "upload",
    "submit",
    "get",
    "list",
    "delete",
    "sentences",
    "paragraphs",
    "srt",
    "vtt",
    "word-search",
    "redacted-audio",
)

# Answers that replace the real one: status, body, media type.
ANSWERS: dict[str, tuple[int, bytes, str | None]] = {
    "rate_limited": (429, b'{"error":"Too Many Requests"}', "application/json"),
    "rate_limited_403": (403, b'{"error":"Too Many Requests"}', "application/json"),
    "server_error": (500, b'{"error":"Internal Server Error"}', "application/json"),
    "unavailable": (503, b"", None),
    "gateway_timeout": (504, b"", None),
    "upload_failed": (
        422,
        b'{"error":"Upload failed, please try again. If you continue to have issues please reach out to '
        b'support@assemblyai.com"}',
        "application/json",
    ),
    "html": (502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"),
}
# What happens to the connection or to the bytes of the real answer.
TRANSPORT = {
    "slow": "the answer comes after delay_s real seconds",
    "reset_before": "the connection is reset and nothing was done",
    "reset_after": "the request is carried out, then the connection is reset",
    "lost_answer": "the request is carried out, then the connection is closed unanswered after delay_s",
    "truncated_json": "half of the answer's JSON, as if that were all of it",
    "truncated_body": "half of the promised bytes, then the connection is closed",
}
# Changes in the service's behaviour while the fault lasts.
BEHAVIOUR = {
    "list_delay": "a transcript shows in the list delay_s (sandbox clock) after its submission",
    "get_delay": "a transcript is not found by its id until delay_s (sandbox clock) after its submission",
    "duplicate_webhook": "a delivered webhook is delivered once more",
}
KINDS = (*ANSWERS, *TRANSPORT, *BEHAVIOUR)
# Kinds that can concern one endpoint only, which is their default.
_OWN_ENDPOINT = {"list_delay": "list", "get_delay": "get", "duplicate_webhook": "webhook"}


@dataclass(slots=True, kw_only=True)
class Fault:
    """A planned fault.

    It is played ``count`` times (None: until it is cleared), after the first ``skip`` requests, each time
    with ``probability``. With ``accepted`` the request is carried out before its answer is replaced.
    """

    kind: str
    endpoint: str = "*"
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    retry_after_s: int = 1
    delay_s: float = 0.0
    accepted: bool = False
    played: int = 0

    @classmethod
    def from_json(cls, value: object) -> Fault:
        """A fault from JSON; raises ``ValueError`` if a kind, endpoint or field is unknown."""
        if not isinstance(value, dict) or not set(value) <= set(cls.__dataclass_fields__) - {"played"}:
            raise ValueError(
                "a fault is {kind, endpoint, count, skip, probability, retry_after_s, delay_s, accepted}"
            )
        if value.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = cls(**value)
        fault.endpoint = _OWN_ENDPOINT.get(fault.kind, fault.endpoint)
        if fault.endpoint not in (*ENDPOINTS, "*", "webhook"):
            raise ValueError(f"endpoint must be * or one of {', '.join(ENDPOINTS)}")
        if fault.kind in ("list_delay", "get_delay"):
            fault.count = None
        return fault


class Faults:
    def __init__(self, seed: int | None) -> None:
        self._rng = random.Random(seed)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def take(self, endpoint: str) -> Fault | None:
        """The fault to play on this request, the oldest if there are several; counts it as played."""
        for fault in self._faults:
            if fault.kind not in BEHAVIOUR and fault.endpoint in ("*", endpoint) and self._plays(fault):
                return fault
        return None

    def take_behaviour(self, kind: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.kind == kind and self._plays(fault)), None)

    def in_force(self, kind: str) -> Fault | None:
        """The newest fault of a kind that lasts until it is cleared."""
        return next((fault for fault in reversed(self._faults) if fault.kind == kind), None)

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"kind": f.kind, "endpoint": f.endpoint, "count": f.count, "played": f.played}
            for f in self._faults
        ]

    def clear(self) -> None:
        self._faults.clear()

    def _plays(self, fault: Fault) -> bool:
        if fault.count is not None and fault.played >= fault.count:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if self._rng.random() >= fault.probability:
            return False
        fault.played += 1
        return True
