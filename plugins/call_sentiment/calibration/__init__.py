"""How well computed labels and confidences agree with what people said, from a random sample of calls."""

from __future__ import annotations
