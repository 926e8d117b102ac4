"""A store for one task instance in an Airflow Variable. Private: use the submit operator."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from airflow.sdk import Variable

from assemblyai_provider.exceptions import ConfigurationError

PREFIX = "assemblyai_submissions_"


class VariableStore:
    """What a task instance remembers, in one Variable; it survives retries and clears.

    Airflow never deletes the Variable. Its description names the task and the run.

    :param task_instance: the `ti` of the task's context.
    """

    def __init__(self, task_instance: Any) -> None:
        place = [str(getattr(task_instance, name)) for name in ("dag_id", "task_id", "run_id", "map_index")]
        # A hash, because a Variable's key has 250 characters at most.
        self._key = PREFIX + hashlib.sha256(json.dumps(place).encode()).hexdigest()[:40]
        self._description = (
            f"Jobs that task {place[1]} of Dag {place[0]}, run {place[2]}, map index {place[3]} submitted to"
            " AssemblyAI. Delete it when the task will not be retried or cleared any more."
        )[:1000]
        self._values = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(Variable.get(self._key, default=None) or "{}")
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"Airflow Variable {self._key}: is not a JSON object, so what the task submitted is unknown."
                " Correct it. If you delete it, a retry pays for these recordings again."
            )
        return values

    def get(self, key: str) -> Any | None:
        """The value of a key, None if there is none."""
        return self._values.get(key)

    def set(self, key: str, value: Any) -> None:
        """Make a value durable; it must be JSON."""
        values = {**self._values, key: value}
        Variable.set(self._key, json.dumps(values), description=self._description)
        self._values = values
