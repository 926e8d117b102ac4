"""From sentences to scores, and old scores to new ones."""

from __future__ import annotations
