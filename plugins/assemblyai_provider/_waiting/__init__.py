"""Waits for jobs. Private: use the sensor."""

from __future__ import annotations
