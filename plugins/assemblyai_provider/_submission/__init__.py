"""Submits recordings, each paid for once. Private: use the submit operator."""

from __future__ import annotations
