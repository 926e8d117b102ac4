"""Whether operators wait in the triggerer where a Dag does not say."""

from __future__ import annotations

try:
    from airflow.sdk.configuration import conf
except ImportError:  # before Airflow 3.2
    from airflow.configuration import conf


def read_deferrable(value: bool | None) -> bool:
    """The argument `deferrable`; None: Airflow's option `[operators] default_deferrable`."""
    if value is None:
        return bool(conf.getboolean("operators", "default_deferrable", fallback=False))
    return value
