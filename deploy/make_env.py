"""`make env`: writes the `.env` that docker-compose.yaml reads, with new secrets.

It needs only Python, because the project may not be installed.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

FILE = Path(".env")
SANDBOX_KEY = "sandbox-key"
SANDBOX_URL = "http://sandbox:8765"

# docker-compose.yaml puts these values into JSON, and Compose would interpolate a dollar sign.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/-]+")


def main() -> None:
    """Write `.env` into the current folder and print what it chooses; never overwrite one."""
    try:
        assemblyai, explanation = assemblyai_settings(os.environ)
        # O_EXCL and the mode make the file new and private before any secret is in it.
        with open(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in (new_secrets() | assemblyai).items())
    except FileExistsError:
        sys.exit(
            f"{FILE} exists and is kept: its secrets decrypt the database. To make a new one, move it away."
        )
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(f"Wrote {FILE}. {explanation}\n")
    sys.stdout.write(f"Airflow's user is admin, the password is AIRFLOW_ADMIN_PASSWORD in {FILE}.\n")


def new_secrets() -> dict[str, str]:
    """A new value for every secret that the services share."""
    return {
        "FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "JWT_SECRET": secrets.token_urlsafe(64),
        "API_SECRET_KEY": secrets.token_urlsafe(32),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "AIRFLOW_ADMIN_PASSWORD": secrets.token_urlsafe(12),
    }


def assemblyai_settings(environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The settings for AssemblyAI or the sandbox, and a sentence that says which it is.

    :raises ValueError: a value does not fit into the compose file; the message does not show it.
    """
    key = environ.get("ASSEMBLYAI_API_KEY")
    if not key:
        settings = {
            "ASSEMBLYAI_API_KEY": SANDBOX_KEY,
            "ASSEMBLYAI_BASE_URL": SANDBOX_URL,
            "COMPOSE_PROFILES": "sandbox",
        }
        return settings, (
            "No ASSEMBLYAI_API_KEY in the environment: the sandbox replaces AssemblyAI "
            "(rough quality, English only, for trying it out)."
        )
    settings = {"ASSEMBLYAI_API_KEY": key}
    if base_url := environ.get("ASSEMBLYAI_BASE_URL"):
        settings["ASSEMBLYAI_BASE_URL"] = base_url
    for name, value in settings.items():
        if not _PLAIN.fullmatch(value):
            raise ValueError(f"{name} has characters that no key and no URL has. Check that it is complete.")
    return settings, "Recordings go to AssemblyAI and are charged to your key."


if __name__ == "__main__":
    main()
