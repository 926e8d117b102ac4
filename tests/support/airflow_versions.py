"""Parts of Airflow that the tests of the provider use, where each of its versions has them."""

from __future__ import annotations

from typing import Any

import airflow
from airflow.serialization import serialized_objects

try:  # 3.1
    from airflow.sdk._shared.secrets_masker import redact
except ImportError:
    from airflow.sdk.execution_time.secrets_masker import redact
try:  # 3.2
    from airflow.sdk.serde import serialize
except ImportError:
    serialize = serialized_objects.BaseSerialization.serialize
try:  # 3.3
    from airflow.sdk.execution_time.comms import DeadlockImminentError
except ImportError:
    DeadlockImminentError = RuntimeError

VERSION = tuple(int(part) for part in airflow.__version__.split(".")[:2])

__all__ = ["VERSION", "DagSerialization", "DeadlockImminentError", "redact", "serialize"]

# Since 3.2; before that, the serialized Dag has the same methods.
DagSerialization: Any = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)
