"""One api-server for all tests of the pages; each test begins with no calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.fixtures import server_folder
from tests.support.pages import PagesServer, pages_server

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@pytest.fixture(scope="session")
def server() -> Iterator[PagesServer]:
    with server_folder() as folder, pages_server(folder) as server:
        yield server


@pytest.fixture
def results(server: PagesServer) -> Iterator[Connection]:
    """The results behind the pages, emptied."""
    with closing(server.results()) as connection:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE call_sentiment.calls, call_sentiment.request_counts CASCADE")
        yield connection
