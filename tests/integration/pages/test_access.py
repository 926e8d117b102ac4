"""Who sees the pages: Airflow's users with the Dag's permission, nobody else, from this Airflow only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.pages import ROLES, PagesServer

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PAGES = ("calls", "pipeline", "trends", "review", "calibration")


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_gets_not_one_byte(server: PagesServer, results: Connection, page: str) -> None:
    answer = server.get(page, user=None)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("user", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_every_user_of_the_dag_sees_the_pages(
    server: PagesServer, results: Connection, page: str, user: str
) -> None:
    answer = server.get(page, user=user)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
