"""What the faults suite shares: call centres, a whole Airflow, the examination and its page."""

from __future__ import annotations
