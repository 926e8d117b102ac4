"""A stand-in for AssemblyAI's pre-recorded speech-to-text API, for trying it out and for tests."""

from __future__ import annotations

__version__ = "0.1.0"
