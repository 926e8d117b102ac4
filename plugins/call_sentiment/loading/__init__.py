"""From finished jobs to stored transcripts and sentences."""

from __future__ import annotations
