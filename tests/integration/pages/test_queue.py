"""The page of the calls that wait for a review, and the drawing of a sample."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from call_sentiment.scoring.score import score_pending
from tests.support.blind_labels import draw as put_into_sample
from tests.support.pages import PagesServer
from tests.support.reviews import WORDS, add_reviewable, send_review
from tests.support.stored import query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

DAY = "2026-11-01"
UNCERTAIN = [said("NEGATIVE", 0.9, 0, text="Oh.")]


def queue(server: PagesServer, user: str = "uma", more: str = "") -> str:
    answer = server.get(f"review{more}", user=user)
    assert answer.status_code == 200, answer.text
    return answer.text


def listed(text: str) -> list[str]:
    """The links of the lists, in order."""
    return re.findall(r'<td class="call"><a href="/call-sentiment/([^"]+)"', text)


def add_day(connection: Connection, count: int, day: str = DAY) -> None:
    store(connection, [WORDS] * count, started_at=f"{day} 10:00Z")
    score_pending(connection)


def draw(server: PagesServer, percent: str = "100", user: str = "uma", **days: str) -> str:
    """Draw a sample; return where that leads."""
    data = {"percent": percent, "from": DAY, "to": DAY} | days
    answer = server.post("review/draw", user=user, data=data)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix("/call-sentiment/").removesuffix("#draw")


def drawn_calls(connection: Connection) -> int:
    return int(query(connection, "SELECT count(*) AS n FROM call_sentiment.review_draws")[0]["n"])


def test_an_empty_queue_explains_itself(server: PagesServer, results: Connection) -> None:
    text = queue(server)
    assert "No call has been drawn" in text
    assert 'href="#draw"' in text
    assert "No call needs a review" in text
    assert "There is no scored call from" in text
    assert "Somebody who may edit task instances" in queue(server, "vera")


def test_a_sample_is_drawn_and_counted(server: PagesServer, results: Connection) -> None:
    add_day(results, 12)
    add_day(results, 3, "2026-11-02")
    text = queue(server, more=f"?from={DAY}&to={DAY}&percent=25")
    assert "<strong>12 scored calls</strong>, 0 drawn already; 25 % are about 3." in text
    text = server.get(draw(server), user="uma").text
    assert "<strong>12 calls drawn.</strong>" in text
    assert "<strong>12 scored calls</strong>, 12 drawn already" in text
    assert "<strong>0 of 12</strong> reviewed" in text
    assert "12 calls for you" in text
    assert len(listed(text)) == 10
    assert "and 2 more calls" in text
    assert "0 calls drawn." in server.get(draw(server, "50"), user="uma").text
    (row,) = query(
        results, "SELECT DISTINCT drawn_by, inclusion_probability FROM call_sentiment.review_draws"
    )
    assert (row["drawn_by"], row["inclusion_probability"]) == ("uma", 1)


def test_the_days_offered_are_those_up_to_the_newest_call(server: PagesServer, results: Connection) -> None:
    add_day(results, 1)
    text = queue(server)
    assert 'name="from" value="2026-10-03"' in text
    assert f'name="to" value="{DAY}"' in text
    assert "<strong>1 scored call</strong>" in text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("percent", "0", "&#39;0&#39; is no rate"),
        ("percent", "101", "is no rate"),
        ("percent", "nan", "is no rate"),
        ("percent", "<b>", "&lt;b&gt;"),
        ("from", "soon", "Give the first and the last day as a date"),
        ("to", "0001-01-01", "The first day is after the last"),
    ],
)
def test_a_sample_without_sense_is_refused_and_stays_typed(
    server: PagesServer, results: Connection, field: str, value: str, told: str
) -> None:
    add_day(results, 1)
    data = {"percent": "7.5", "from": DAY, "to": DAY, field: value}
    answer = server.post("review/draw", data=data)
    assert answer.status_code == 422
    assert told in answer.text
    if field != "percent":
        assert 'value="7.5"' in answer.text
    assert drawn_calls(results) == 0


def test_a_rate_may_be_written_with_a_comma_and_a_sign(server: PagesServer, results: Connection) -> None:
    add_day(results, 1)
    draw(server, "99,5 %")
    draw(server, "100%")
    assert drawn_calls(results) == 1


def test_the_calls_drawn_wait_until_they_are_reviewed(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results, "one")
    put_into_sample(results, transcript_id, wanted=2)
    put_into_sample(results, add_reviewable(results, "two"))
    assert sorted(listed(queue(server))) == [
        "review/call?id=one&amp;list=sample",
        "review/call?id=two&amp;list=sample",
    ]
    send_review(server, transcript_id, more="&list=sample")
    text = queue(server)
    assert listed(text) == ["review/call?id=two&amp;list=sample"]
    assert "1 waits for a second person" in text
    assert len(listed(queue(server, "ada"))) == 2
    send_review(server, transcript_id, user="ada")
    text = queue(server, "ada")
    assert "<strong>1 of 2</strong> reviewed" in text
    assert "second person" not in text


def test_from_one_call_to_the_next(server: PagesServer, results: Connection) -> None:
    ids = {name: add_reviewable(results, name) for name in ("one", "two")}
    for transcript_id in ids.values():
        put_into_sample(results, transcript_id)
    after = "call?id=one&reviewed=1&list=sample"
    send_review(server, ids["one"])
    text = server.get(after, user="uma").text
    assert 'href="/call-sentiment/review/call?id=two&amp;list=sample">Review the next call' in text
    data = {"transcript_id": str(ids["two"]), "label": "MIXED"}
    server.post("review/call?id=two&list=sample", data=data)
    assert "It was the last of the list." in server.get(after, user="uma").text
    assert "Nothing of the sample waits for you" in queue(server)


def test_uncertain_calls_wait_until_somebody_has_reviewed_them(
    server: PagesServer, results: Connection
) -> None:
    store(results, [UNCERTAIN], started_at=f"{DAY} 09:00Z", queue="first")
    store(results, [UNCERTAIN], started_at=f"{DAY} 11:00Z", queue="second")
    query(results, "UPDATE call_sentiment.calls SET call_id = queue")
    add_day(results, 1)
    score_pending(results)
    text = queue(server)
    second, first = (f"review/call?id={name}&amp;list=uncertain" for name in ("second", "first"))
    assert listed(text) == [second, first]
    assert "too few sentences" not in text
    assert "insufficient" not in text
    (row,) = query(results, "SELECT transcript_id FROM call_sentiment.transcripts WHERE call_id = 'second'")
    data = {"transcript_id": str(row["transcript_id"]), "label": "NEGATIVE"}
    server.post("review/call?id=second&list=uncertain", data=data)
    text = server.get("call?id=second&reviewed=1&list=uncertain", user="uma").text
    assert 'review/call?id=first&amp;list=uncertain">Review the next call' in text
    assert listed(queue(server, "ada")) == [first]
    of_day = server.get("tile.json").json()["figures"]
    assert {figure["name"]: figure["value"] for figure in of_day}["need review"] == "1"
    server.post("review/take-back?id=second", data={})
    assert listed(queue(server)) == [second, first]


def test_a_viewer_sees_the_lists_and_can_draw_nothing(server: PagesServer, results: Connection) -> None:
    put_into_sample(results, add_reviewable(results, "one"))
    text = queue(server, "vera")
    assert listed(text) == ["call?id=one"]
    assert "<form" not in text
    assert "To give one takes the right to edit task instances" in text


def test_what_is_in_the_address_is_checked(server: PagesServer, results: Connection) -> None:
    assert server.get("review?drawn=x").status_code == 422
    assert server.get("review?from=%00").status_code == 422
    assert "is no rate" in queue(server, more="?percent=x")
    assert "after the last" in queue(server, more="?from=9999-12-31")
