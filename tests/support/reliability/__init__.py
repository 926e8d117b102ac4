"""What the reliability suite shares: call centres, a running Airflow, the examination and its page."""

from __future__ import annotations
