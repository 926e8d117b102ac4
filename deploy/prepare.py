"""Creates the results database and the file with the administrator's password.

It can run again: it creates the database in a PostgreSQL volume that was used before, and it replaces the
password when `.env` has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql


def main() -> None:
    """Create what the connection `call_sentiment_db` and the simple auth manager need."""
    ensure_database(json.loads(os.environ["AIRFLOW_CONN_CALL_SENTIMENT_DB"]))
    write_passwords(
        Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]),
        {"admin": os.environ["AIRFLOW_ADMIN_PASSWORD"]},
    )


def ensure_database(connection: Mapping[str, str]) -> None:
    """Create the database of an Airflow connection if it does not exist."""
    name = connection["schema"]
    with (
        closing(
            psycopg2.connect(
                host=connection["host"],
                port=connection.get("port"),
                user=connection["login"],
                password=connection.get("password"),
                dbname="postgres",
            )
        ) as server,
        server.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            server.rollback()  # CREATE DATABASE cannot run in a transaction
            server.autocommit = True
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def write_passwords(file: Path, passwords: Mapping[str, str]) -> None:
    """Write the passwords to the file of the api-server, readable only by its own user."""
    file.touch(mode=0o600)
    file.write_text(json.dumps(passwords))


if __name__ == "__main__":
    main()
