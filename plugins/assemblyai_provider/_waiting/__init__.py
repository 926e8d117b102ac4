"""Waits for jobs: which have ended, how often to poll, when to stop. Private: use the sensor."""

from __future__ import annotations
