"""The environment variables of the local Airflow processes."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from local_stack.paths import REPOSITORY


def component_environment(
    *, home: Path, metadata_url: str, port: int, dags: Path = REPOSITORY / "dags"
) -> dict[str, str]:
    """The variables that the api-server, scheduler, dag-processor and triggerer share.

    :param home: `AIRFLOW_HOME`; it keeps the secrets that the components share.
    :param metadata_url: SQLAlchemy URL of Airflow's metadata database.
    :param port: the api-server's port on 127.0.0.1.
    """
    shared = _shared_secrets(home / "secrets.json")
    url = f"http://127.0.0.1:{port}"
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__FERNET_KEY": shared["fernet_key"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": shared["api_secret_key"],
        "AIRFLOW__API__INSTANCE_NAME": "Call Sentiment",
        "AIRFLOW__API_AUTH__JWT_SECRET": shared["jwt_secret"],
        # Airflow can fail a task that resumes within seconds of deferring while the supervisor of its first
        # process still runs. With these two settings that supervisor ends at once.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT": "2",
    }


def _shared_secrets(file: Path) -> dict[str, str]:
    if not file.exists():
        from cryptography.fernet import Fernet

        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(
            json.dumps(
                {
                    "fernet_key": Fernet.generate_key().decode(),
                    "jwt_secret": secrets.token_urlsafe(64),
                    "api_secret_key": secrets.token_urlsafe(32),
                }
            )
        )
    values: dict[str, str] = json.loads(file.read_text())
    return values
