"""Scoring transcripts, and comparing scores by two versions of the formulas."""

from __future__ import annotations
