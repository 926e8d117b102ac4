"""Submits recordings so that each is paid for once. Private: use the submit operator."""

from __future__ import annotations
