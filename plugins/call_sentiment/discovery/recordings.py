"""Recordings that were found: their addresses, call ids and facts."""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assemblyai_provider.models import is_web_url, strip_url_queries
from call_sentiment.discovery.folders import AUDIO_SUFFIXES
from call_sentiment.discovery.sidecars import MAX_CALL_ID_BYTES, CallFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording that was found.

    :param call_id: from the sidecar or manifest, else `address`.
    :param recording: where the audio is: local path, object-storage URI or http(s) URL (with its query).
    :param address: the same without what may be secret in it.
    :param source: the file or `<manifest>:<line>` that lists it; its call id if it is refused.
    :param refusal: why it cannot be transcribed as it is, or None.
    :param version: the version of the file's content, None where it is not known.
    :param sidecar_version: the same of its sidecar, None where it has none.
    """

    call_id: str
    recording: str
    address: str
    source: str
    facts: CallFacts = field(default_factory=CallFacts)
    refusal: str | None = None
    version: str | None = None
    sidecar_version: str | None = None


def public_address(recording: str) -> str:
    """`recording` as it may be stored and shown: an http(s) URL loses query, fragment and user info."""
    return strip_url_queries(recording) if is_web_url(recording) else recording


def short_name(name: str) -> str:
    """A name that fits in an index: its hash if it is longer than a thousand bytes."""
    if len(name.encode(errors="replace")) <= MAX_CALL_ID_BYTES:
        return name
    return "sha256:" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def make_recording(recording: str, source: str, facts: CallFacts) -> Recording:
    """A recording with its facts; refused where nothing that may be kept identifies it."""
    address = public_address(recording)
    if facts.call_id is None and address != recording:
        suffix = posixpath.splitext(urlsplit(address).path)[1].lower()
        if suffix not in AUDIO_SUFFIXES:
            reason = "give it a call_id: only the query of its address identifies it, and that is not kept"
            return refuse_recording(source, address, reason)
    return Recording(
        call_id=facts.call_id or short_name(address),
        recording=recording,
        address=address,
        source=short_name(source),
        facts=facts,
    )


def refuse_recording(source: str, address: str, reason: str) -> Recording:
    """A recording that cannot be transcribed as it is; `reason` says what to change."""
    return Recording(
        call_id=short_name(source),
        recording=address,
        address=address,
        source=short_name(source),
        refusal=reason,
    )


def explain(error: Exception) -> str:
    """Why a sidecar or a line could not be read."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error)
