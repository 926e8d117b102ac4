"""Who may review: users who may write, from a page of this Airflow; where all are admins, everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.fixtures import server_folder
from tests.support.pages import PagesServer, pages_server
from tests.support.reviews import add_reviewable, send_review, stored_labels
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@pytest.mark.parametrize("path", ["review/call?id=one", "review/take-back?id=one", "review/draw"])
@pytest.mark.parametrize(
    ("user", "headers", "status_code"),
    [
        ("vera", None, 403),
        ("uma", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("uma", {"Origin": "http://elsewhere.example"}, 403),
        ("uma", {}, 403),
        (None, None, 401),
    ],
)
def test_only_who_may_write_from_a_page_of_this_airflow_stores(
    server: PagesServer,
    results: Connection,
    path: str,
    user: str | None,
    headers: dict[str, str] | None,
    status_code: int,
) -> None:
    transcript_id = add_reviewable(results)
    data = {"transcript_id": str(transcript_id), "label": "NEUTRAL", "percent": "100"}
    answer = server.post(path, user=user, headers=headers, data=data)
    assert answer.status_code == status_code
    assert (answer.content == b"") == (status_code == 401)
    assert stored_labels(results) == query(results, "SELECT * FROM call_sentiment.review_draws") == []


def test_an_older_browser_is_known_by_its_origin(server: PagesServer, results: Connection) -> None:
    data = {"transcript_id": str(add_reviewable(results)), "label": "NEUTRAL"}
    answer = server.post("review/call?id=one", headers={"Origin": server.base_url}, data=data)
    assert answer.status_code == 303


def test_a_viewer_sees_reviews_and_no_buttons(server: PagesServer, results: Connection) -> None:
    send_review(server, add_reviewable(results), reason="She laughs.")
    text = server.get("call?id=one", user="vera").text
    assert "She laughs." in text
    assert (
        "<button"
        not in text[text.index('id="reviews"') : text.index("</section>", text.index('id="reviews"'))]
    )
    assert "review/" not in text
    answer = server.get("review/call?id=one", user="vera")
    assert answer.status_code == 403
    assert "the right to edit task instances" in answer.text


def test_a_stranger_gets_not_one_byte_of_the_form(server: PagesServer, results: Connection) -> None:
    add_reviewable(results)
    answer = server.get("review/call?id=one", user=None)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.fixture(scope="module")
def open_server() -> Iterator[PagesServer]:
    """An Airflow in which everybody is an admin, without a login."""
    with server_folder() as folder, pages_server(folder, all_admins=True) as server:
        yield server


def test_where_all_are_admins_anybody_reviews_from_a_page_of_this_airflow(open_server: PagesServer) -> None:
    with closing(open_server.results()) as results:
        data = {"transcript_id": str(add_reviewable(results)), "label": "NEUTRAL"}
        assert "Review this call" in open_server.get("call?id=one", user=None).text
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            answer = open_server.post("review/call?id=one", user=None, headers=headers, data=data)
            assert answer.status_code == 403
        assert stored_labels(results) == []
        assert open_server.post("review/call?id=one", user=None, data=data).status_code == 303
        assert [row["reviewer"] for row in stored_labels(results)] == ["Anonymous"]
