"""Transcripts that exist: their results by name, and the requests for them. Private: use the hook."""

from __future__ import annotations
