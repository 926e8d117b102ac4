"""From a location to calls in the ledger: which recordings are new, and which call each belongs to."""

from __future__ import annotations
