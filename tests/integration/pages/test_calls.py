"""The page of calls on a real server: what it shows, what it finds, what it refuses, its CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from call_sentiment.listing import refresh_after_run
from call_sentiment.listing_search import LOOKED_AT
from call_sentiment.scoring.score import score_pending
from tests.support.pages import PagesServer
from tests.support.stored import query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

HOSTILE_IDS = (
    "s3://bucket/a b.mp3",
    "x?y#z&w%",
    '"><script>alert(1)</script>',
    "../../etc/passwd",
    "=HYPERLINK(1)",
    "' OR 1=1 --",
    "100%(queue)s",
    "Grüße\n\U0001f600",
)
HREF = re.compile(r'href="([^"]*)"')


def add(
    results: Connection,
    call_id: str,
    *texts: str,
    sentiment: str = "NEGATIVE",
    days: int = 0,
    **facts: object,
) -> None:
    """A scored call of this id; each text is said five times."""
    facts = {"started_at": datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=days), **facts}
    calls = [[said(sentiment, 0.9, 2000 * n, text=text) for n, text in enumerate(texts * 5)]]
    (number,) = store(results, calls, **facts)
    score_pending(results)
    query(
        results,
        "UPDATE call_sentiment.calls AS c SET call_id = %s FROM call_sentiment.transcripts AS t"
        " WHERE t.call_id = c.call_id AND t.transcript_id = %s",
        call_id,
        number,
    )


def ids(html: str) -> list[str]:
    """The ids of the calls on a page, in order."""
    rows = re.findall(r'<td class="call"><a href="([^"]*)"', html)
    return [parse_qs(urlsplit(row.replace("&amp;", "&")).query)["id"][0] for row in rows]


def ask(server: PagesServer, address: str = "") -> list[str]:
    answer = server.get(f"calls{address}")
    assert answer.status_code == 200, answer.text
    return ids(answer.text)


def test_a_row_shows_what_is_known_of_a_call(server: PagesServer, results: Connection) -> None:
    add(results, "call-1", "This is terrible.", queue="billing", agent_id="ann", notices=["a notice"])
    html = server.get("calls").text
    for text in (
        "call-1",
        "2026-11-01 12:00",
        "billing",
        "ann",
        "a notice",
        "very negative",
        "\N{MINUS SIGN}0.85",
    ):
        assert text in html
    assert html.count('class="interval"') == html.count('class="quarters"') == 1
    assert 'aria-label="score \N{MINUS SIGN}0.85, interval' in html
    assert 'href="/call-sentiment/call?id=call-1&amp;t=0"' in html
    assert "1 call<" in html


def test_a_call_without_a_score_shows_dashes(server: PagesServer, results: Connection) -> None:
    store(results, [[]], status="no_speech")
    score_pending(results)
    html = server.get("calls").text
    assert "no speech" in html
    assert "nobody speaks in this recording" in html
    assert "0.00" not in html
    assert "<svg" not in html


def test_a_database_without_calls_says_so(server: PagesServer, results: Connection) -> None:
    assert "No calls yet" in server.get("calls").text
    html = server.get("calls?queue=billing").text
    assert "No call matches" in html
    # What was asked for stays chosen, though there is no such queue.
    assert "<option selected>billing</option>" in html


@pytest.mark.parametrize("call_id", HOSTILE_IDS)
def test_any_call_id_is_shown_as_text_and_linked(
    server: PagesServer, results: Connection, call_id: str
) -> None:
    add(results, call_id, "<script>alert(2)</script> fine", queue="<b>q</b>&", agent_id='"a"')
    html = server.get(f"calls?{'queue=' + quote('<b>q</b>&')}&q=script").text
    assert ids(html) == [call_id]
    assert "<script>alert" not in html
    assert "<b>q" not in html
    assert html.count("<script") == 1
    assert "&lt;script&gt;alert(2)" in html
    # Every link carries the filters on.
    for link in HREF.findall(html):
        if "/call?" in link:
            assert parse_qs(urlsplit(link.replace("&amp;", "&")).query)["queue"] == ["<b>q</b>&"]


def test_filters_combine(server: PagesServer, results: Connection) -> None:
    add(results, "one", "Where is my refund?", queue="a", agent_id="x", days=0)
    add(results, "two", "Where is my refund?", queue="b", agent_id="x", days=1)
    add(results, "three", "Thank you.", sentiment="POSITIVE", queue="a", agent_id="x", days=2)
    for address, found in (
        ("", ["three", "two", "one"]),
        ("?sort=oldest", ["one", "two", "three"]),
        ("?sort=highest", ["three", "two", "one"]),
        ("?queue=a", ["three", "one"]),
        ("?queue=a&q=refund", ["one"]),
        ("?q=%22my%20refund%22&agent=x", ["two", "one"]),
        ("?label=VERY_POSITIVE", ["three"]),
        ("?status=failed", []),
        ("?from=2026-11-02&to=2026-11-02", ["two"]),
        ("?review=reviewed", []),
        ("?from=&to=&queue=&agent=&label=&status=&review=&q=&sort=&map_index=", ["three", "two", "one"]),
        ("?after=two", ["one"]),
        ("?before=two", ["three"]),
        ("?after=no-such-call", ["three", "two", "one"]),
    ):
        assert ask(server, address) == found, address


@pytest.mark.parametrize(
    "address",
    [
        *("from=yesterday", "to=2026-13-01", "label=angry", "status=x", "review=x", "sort=x", "map_index=x"),
        *("queue=%00", "q=%00", "after=%00", f"q={'a' * 201}", "map_index=99999999999"),
    ],
)
def test_values_without_sense_are_refused(server: PagesServer, results: Connection, address: str) -> None:
    for page in ("calls", "calls.csv"):
        if page == "calls.csv" and address.startswith("after"):
            continue
        answer = server.get(f"{page}?{address}")
        assert answer.status_code == 422
        assert f"values without sense: {address.partition('=')[0]}." in answer.text


def test_pages_lead_to_all_calls_and_back(server: PagesServer, results: Connection) -> None:
    store(results, [[] for _ in range(120)], status="no_speech", queue="a")
    score_pending(results)
    refresh_after_run(results)
    address = "calls?queue=a&sort=lowest"
    pages = []
    for _ in range(3):
        html = server.get(address).text
        assert "120 calls" in html
        pages.append(ids(html))
        following = re.search(r'rel="next" href="/call-sentiment/([^"]*)"', html)
        address = following[1].replace("&amp;", "&") if following else ""
    assert [len(page) for page in pages] == [50, 50, 20]
    assert not address
    assert len({call for page in pages for call in page}) == 120
    html = server.get(f"calls?queue=a&sort=lowest&before={pages[2][0]}").text
    assert ids(html) == pages[1]
    assert 'rel="prev"' in html
    assert 'rel="next"' in html
    assert 'rel="prev"' not in server.get("calls?queue=a&sort=lowest").text


def test_many_calls_are_counted_up_to_a_thousand(server: PagesServer, results: Connection) -> None:
    store(results, [[] for _ in range(1001)], status="no_speech")
    refresh_after_run(results)
    assert "1,000+ calls" in server.get("calls").text


def test_calls_of_a_task_are_shown_with_a_way_out(server: PagesServer, results: Connection) -> None:
    add(results, "one", "Hello.")
    add(results, "two", "Hello.")
    query(
        results,
        "INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)"
        " SELECT transcript_id, 'call_sentiment', 'manual__2026-11-01T00:00:00+00:00', 'load', 3"
        " FROM call_sentiment.transcripts WHERE call_id = 'one'",
    )
    run = quote("manual__2026-11-01T00:00:00+00:00")
    html = server.get(f"calls?dag=call_sentiment&run={run}&task=wait&map_index=3&sort=oldest").text
    assert ids(html) == ["one"]
    assert "run manual__2026-11-01T00:00:00+00:00, task wait [3]" in html
    assert 'href="/call-sentiment/calls?sort=oldest"' in html
    assert 'name="run" value="manual__2026-11-01T00:00:00+00:00"' in html
    assert ask(server, "?dag=call_sentiment&run=other") == []
    assert sorted(ask(server, "?dag=call_sentiment")) == ["one", "two"]


def test_csv_holds_all_filtered_calls_in_order(server: PagesServer, results: Connection) -> None:
    store(results, [[] for _ in range(2100)], status="no_speech", queue="bulk")
    add(results, "=1+1", "Bad.", queue="-q", agent_id="@a", notices=['+n, "quoted"\nline'])
    refresh_after_run(results)
    answer = server.get("calls.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="calls.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 2101
    assert len({row["call_id"] for row in rows}) == 2101
    (row,) = csv.DictReader(io.StringIO(server.get("calls.csv?queue=-q").text, newline=""))
    assert (row["call_id"], row["queue"], row["agent_id"]) == ("'=1+1", "'-q", "'@a")
    assert row["notices"] == '\'+n, "quoted"\nline'
    # A number stays one.
    assert row["sentiment_score"] == "-0.85"
    assert row["at"] == "2026-11-01T12:00:00+00:00"
    assert row["reviewed_label"] == ""


def test_csv_is_not_for_strangers(server: PagesServer, results: Connection) -> None:
    answer = server.get("calls.csv", user=None)
    assert (answer.status_code, answer.content) == (401, b"")


def test_the_page_is_shown_while_another_process_refreshes(server: PagesServer, results: Connection) -> None:
    add(results, "one", "Hello.")
    query(results, "SELECT pg_advisory_lock(4703270718905525)")
    try:
        assert ask(server) == []
    finally:
        query(results, "SELECT pg_advisory_unlock(4703270718905525)")
    assert ask(server) == ["one"]


def test_a_database_that_cannot_be_written_is_shown_as_it_was(
    server: PagesServer, results: Connection
) -> None:
    add(results, "one", "Hello.")
    assert ask(server) == ["one"]
    add(results, "two", "Hello.")
    lock = server.results()
    lock.autocommit = False
    query(lock, "LOCK TABLE call_sentiment.call_listing_changes IN ROW EXCLUSIVE MODE")
    query(lock, "LOCK TABLE call_sentiment.call_listing IN SHARE MODE")
    try:
        # The refresh runs into its time limit; reading does not wait for it.
        assert ask(server) == ["one"]
    finally:
        lock.close()
    assert sorted(ask(server)) == ["one", "two"]


def test_a_search_that_sentences_decide_goes_on_where_a_page_has_looked(
    server: PagesServer, results: Connection
) -> None:
    spoken = [[said("NEUTRAL", 0.9, 0, text=text)] for text in ["a late fee", *["late, no fee"] * LOOKED_AT]]
    store(results, spoken, started_at=datetime(2026, 11, 1, tzinfo=UTC))
    query(
        results,
        "UPDATE call_sentiment.calls SET call_id = 'old', started_at = '2026-10-01Z' WHERE call_id ="
        " (SELECT t.call_id FROM call_sentiment.transcripts AS t ORDER BY transcript_id LIMIT 1)",
    )
    refresh_after_run(results)
    html = server.get("calls?q=%22late+fee%22").text
    assert ids(html) == []
    assert f"{LOOKED_AT} calls looked at so far" in html
    (onward,) = (link for link in HREF.findall(html) if "after=" in link)
    assert ask(server, onward.removeprefix("/call-sentiment/calls").replace("&amp;", "&")) == ["old"]
    rows = list(csv.reader(io.StringIO(server.get("calls.csv?q=%22late+fee%22").text)))
    assert [row[0] for row in rows] == ["call_id", "old"]


def test_a_list_that_misses_calls_says_so(server: PagesServer, results: Connection) -> None:
    store(results, [[said("NEUTRAL", 0.9, 0)]] * 250)
    missing = 250
    while found := re.search(r"misses changes of (\d+) calls", server.get("calls").text):
        # Each view brings some of them in.
        assert int(found[1]) < missing
        missing = int(found[1])
    assert 0 < missing < 250
    assert "250 calls" in server.get("calls").text


def test_a_task_without_calls_says_why(server: PagesServer, results: Connection) -> None:
    add(results, "a", "Hello.")
    html = server.get("calls?dag=call_sentiment&run=r&task=load&map_index=0").text
    assert "This task has handled no call" in html
    assert 'href="/call-sentiment/calls?dag=call_sentiment&amp;run=r"' in html
