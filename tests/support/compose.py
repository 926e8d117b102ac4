"""Reads docker-compose.yaml as Compose does, and runs its services as processes of this machine.

What a container brings (the entrypoint and folders of the image, the host names of the network) is replaced
by its local counterpart. Everything else is as in the file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from psycopg2.extensions import parse_dsn
from sqlalchemy.engine import make_url

from local_stack.paths import REPOSITORY

COMPOSE_FILE = REPOSITORY / "docker-compose.yaml"
IMAGE_HOME = "/opt/airflow"

REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:\?|:-)([^}]*))?\}|(.?))")


class MissingVariableError(LookupError):
    """A `${VARIABLE:?message}` whose variable is absent or empty."""


def interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    """A parsed Compose file with the `$` references in its strings replaced."""
    if isinstance(value, dict):
        return {key: interpolate(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, environ) for item in value]
    return REFERENCE.sub(lambda match: _resolve(match, environ), value) if isinstance(value, str) else value


def _resolve(match: re.Match[str], environ: Mapping[str, str]) -> str:
    dollar, name, operator, argument, other = match.groups()
    if dollar:
        return "$"
    if other is not None:
        raise ValueError(
            f"`{match.group()}` is none of `$$`, `${{X}}`, `${{X:-default}}` and `${{X:?message}}`"
        )
    found = environ.get(name)
    if found or not operator:
        return found or ""
    if operator == ":?":
        raise MissingVariableError(f"{name}: {argument}")
    return str(argument)


def load_raw() -> dict[str, Any]:
    """The parsed file, with its `$` references unchanged."""
    raw: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
    return raw


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """The file as Compose sees it with these variables; raises :class:`MissingVariableError`."""
    resolved: dict[str, Any] = interpolate(load_raw(), environ)
    return resolved


def read_env(file: Path) -> dict[str, str]:
    """The variables of a `.env` of plain `NAME=value` lines."""
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMachine:
    """The local counterparts of what the containers have."""

    home: Path
    """Replaces `/opt/airflow` of the image and the volumes mounted there."""
    postgres_dsn: str
    """Replaces the host `postgres`. Only its host and port are used, not its user or database."""
    ports: Mapping[tuple[str, int], int]
    """The port of 127.0.0.1 for a service and the port of its container."""

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        """The environment of a service's process: the variables of the file and of the image, no others."""
        variables = {name: self._local(name, value) for name, value in service.get("environment", {}).items()}
        image = {
            "AIRFLOW_HOME": str(self.home),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
            # The image has both distributions installed.
            "PYTHONPATH": os.pathsep.join(str(REPOSITORY / folder) for folder in ("plugins", "sandbox")),
        }
        local = {"AIRFLOW__API__HOST": "127.0.0.1", "AIRFLOW__API__PORT": str(self.ports["api-server", 8080])}
        assert not (image | local).keys() & variables.keys()
        return image | local | variables

    def command(self, service: Mapping[str, Any]) -> list[str]:
        """The service's command as the entrypoint of Airflow's image runs it.

        The entrypoint runs `bash` and `python` as they are, and puts `airflow` before anything else.
        """
        command = [self._text(word) for word in service["command"]]
        return self._program(command if command[0] in ("bash", "python") else ["airflow", *command])

    def health_command(self, service: Mapping[str, Any]) -> list[str]:
        """The service's health check; Docker runs it without the image's entrypoint."""
        kind, *command = service["healthcheck"]["test"]
        assert kind == "CMD"
        return self._program([self._text(word) for word in command])

    def _program(self, command: list[str]) -> list[str]:
        beside_python = Path(sys.executable).parent / command[0]
        program = str(beside_python) if beside_python.exists() else shutil.which(command[0])
        assert program, command
        return [program, *command[1:]]

    def _local(self, name: str, value: str) -> str:
        postgres = parse_dsn(self.postgres_dsn)
        if name == "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN":
            url = make_url(value)
            assert (url.host, url.port) == ("postgres", 5432)
            place = {"host": postgres["host"], "port": postgres.get("port", "5432")}
            return (
                url._replace(host=None, port=None)
                .update_query_dict(place)
                .render_as_string(hide_password=False)
            )
        if name == "AIRFLOW_CONN_CALL_SENTIMENT_DB":
            fields = json.loads(value)
            assert (fields["host"], fields["port"]) == ("postgres", 5432)
            return json.dumps(fields | {"host": postgres["host"], "port": int(postgres.get("port", 5432))})
        return self._text(value)

    def _text(self, text: str) -> str:
        text = text.replace(IMAGE_HOME, str(self.home)).replace("0.0.0.0", "127.0.0.1")
        for (service, port), local_port in self.ports.items():
            text = text.replace(f"//{service}:", "//127.0.0.1:")
            text = re.sub(rf"(?<=[:= ]){port}\b", str(local_port), text)
        return text
