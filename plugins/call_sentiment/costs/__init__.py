"""What transcripts cost, before and after they are made, and the budgets that hold them back."""

from __future__ import annotations
