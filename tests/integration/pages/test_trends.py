"""The page of trends on the real server: figures, links to calls, odd names, wrong parameters."""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.pages import PagesServer
from tests.support.stored import said, scores

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PERIOD = "from=2026-03-01&to=2026-03-31"
HOSTILE = "<script>alert(1)</script> &\"'{{7*7}}/?#%"


def call(*values: int) -> list[dict[str, Any]]:
    """Sentences of confidence 1: each counts 1, 0 or -1."""
    labels = {1: "POSITIVE", 0: "NEUTRAL", -1: "NEGATIVE"}
    return [said(labels[value], 1.0, 2000 * i) for i, value in enumerate(values)]


def on(day: int, hour: int = 12, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def page(server: PagesServer, params: str = PERIOD) -> str:
    answer = server.get(f"trends?{params}")
    assert answer.status_code == 200, answer.text
    return answer.text


def table(text: str, number: int = 0) -> list[list[str]]:
    """The cells of one of the tables of a page, as text."""
    body = re.findall(r"<tbody>(.*?)</tbody>", text, re.S)[number]
    rows = [
        re.findall(r"<td.*?>(.*?)</td>", row, re.S) for row in re.findall(r"<tr.*?>(.*?)</tr>", body, re.S)
    ]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in rows]


def test_a_day_weighs_sentences_and_its_interval_calls(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 1, 1, 1, 1, 1), call(-1, 0)], started_at=on(3))
    # (6 - 1) / (6 + 2); residuals 6 - 6R and -1 - 2R with R = 0.625.
    reach = 1.959964 * math.sqrt((2.25**2 + 2.25**2) * 2) / 8
    assert 0.625 - reach < 0 < 1 < 0.625 + reach
    low = f"\N{MINUS SIGN}{reach - 0.625:.2f}"
    (row,) = table(page(server))
    assert row[:4] == ["2026-03-03", "2", "+0.62", f"{low} to +1.00"]


def test_the_labels_of_a_day_are_counted(server: PagesServer, results: Connection) -> None:
    scores(results, [call(*[1] * 9), call(*[0] * 9), call(*[-1] * 9), call(1)], started_at=on(3))
    (row,) = table(page(server))
    # very negative, negative, mixed, neutral, positive, very positive, too few sentences
    assert row[4:] == ["1", "0", "0", "1", "0", "1", "1"]


def test_one_call_has_a_score_and_no_interval(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(3))
    (row,) = table(page(server))
    assert row[:4] == ["2026-03-03", "1", "+0.50", "\N{EN DASH}"]


def test_days_without_calls_are_gaps_not_zeros(server: PagesServer, results: Connection) -> None:
    for day in (3, 4, 6, 7):
        scores(results, [call(1, 0)], started_at=on(day))
    text = page(server)
    assert [row[0] for row in table(text)] == [f"2026-03-{day:02}" for day in (3, 4, 6, 7)]
    chart = text[text.index('aria-label="Score by day') :].split("</svg>")[0]
    lines = re.findall(r'<polyline class="line" points="(.*?)"', chart)
    assert [len(line.split()) for line in lines] == [2, 2]


def test_few_calls_are_greyed_and_not_hidden(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)] * 4, started_at=on(3))
    scores(results, [call(1, 0)] * 5, started_at=on(4))
    chart = page(server).split('aria-label="Score by day')[1].split("</svg>")[0]
    points = re.findall(r'<a href=".*?" aria-label="(.*?):.*?"( class="few")?>', chart)
    assert points == [("2026-03-03", ' class="few"'), ("2026-03-04", "")]


def test_weeks_begin_on_monday_and_end_with_the_period(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(1))  # a Sunday
    scores(results, [call(1, 0)], started_at=on(2, 0))
    scores(results, [call(1, 0)], started_at=on(31, 23))
    rows = table(page(server, f"{PERIOD}&by=week"))
    assert [row[0] for row in rows] == ["2026-03-01", "2026-03-02 to 2026-03-08", "2026-03-30 to 2026-03-31"]


def test_days_are_inclusive_and_in_utc(server: PagesServer, results: Connection) -> None:
    inside = [on(1, 0), on(31, 23)]
    for started in [*inside, on(28, 23, month=2), on(1, 0, month=4)]:
        scores(results, [call(1, 0)], started_at=started)
    assert [row[0] for row in table(page(server))] == ["2026-03-01", "2026-03-31"]


def test_a_point_opens_the_calls_behind_it(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(3), queue=HOSTILE, agent_id="a&b")
    params = f"{PERIOD}&queue=%3Cscript%3Ealert(1)%3C/script%3E+%26%22'%7B%7B7*7%7D%7D/?%23%25"
    chart = page(server, params).split('aria-label="Score by day')[1]
    (link,) = re.findall(r'<a href="(.*?)"', chart.split("</svg>")[0])
    asked = urlsplit(html.unescape(link))
    assert asked.path == "/call-sentiment/calls"
    assert parse_qs(asked.query) == {
        "from": ["2026-03-03"], "to": ["2026-03-03"], "queue": [HOSTILE], "status": ["ok"]
    }  # fmt: skip


@pytest.mark.parametrize("split", ["queue", "agent"])
def test_the_twelve_largest_parts_are_shown_and_the_rest_named(
    server: PagesServer, results: Connection, split: str
) -> None:
    column = {"queue": "queue", "agent": "agent_id"}[split]
    for number in range(14):
        scores(results, [call(1, 0)] * (15 - number), started_at=on(3), **{column: f"part {number:02}"})
    scores(results, [call(1, 0)] * 20, started_at=on(3))
    text = page(server, f"{PERIOD}&split={split}")
    assert [row[0] for row in table(text, 1)] == [f"no {split}", *[f"part {n:02}" for n in range(11)]]
    rest = text[text.index(f"3 further {split}s with 9 calls") :].split("</details>")[0]
    assert [name in rest for name in ("part 10", "part 11", "part 12", "part 13")] == [
        False,
        True,
        True,
        True,
    ]


def test_queue_and_agent_narrow_the_calls_together(server: PagesServer, results: Connection) -> None:
    for queue, agent in (("a", "x"), ("a", "y"), ("b", "x")):
        scores(results, [call(1, 0)], started_at=on(3), queue=queue, agent_id=agent)
    assert [row[1] for row in table(page(server))] == ["3"]
    assert [row[1] for row in table(page(server, f"{PERIOD}&queue=a"))] == ["2"]
    assert [row[1] for row in table(page(server, f"{PERIOD}&queue=a&agent=x"))] == ["1"]


def test_names_are_text_whatever_they_contain(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(3), queue=HOSTILE, agent_id=HOSTILE)
    text = page(server)
    assert "<script>alert" not in text
    assert html.escape(HOSTILE, quote=True).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in text
    assert [row[0] for row in table(text, 1)] == [HOSTILE]


def test_a_call_without_a_score_is_not_counted(server: PagesServer, results: Connection) -> None:
    scores(results, [[]], status="no_speech", started_at=on(3))
    assert "No call with a score in these days" in page(server)


def test_days_without_calls_offer_the_newest_day(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(3, month=1))
    assert "trends?to=2026-01-03" in page(server)


def test_an_empty_database_leads_to_the_dag(server: PagesServer, results: Connection) -> None:
    text = page(server, "from=&to=&queue=&agent=")
    assert "No call with a score in these days" in text
    assert 'data-airflow href="/dags/call_sentiment"' in text


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ("by=month", "by"),
        ("split=label", "split"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("queue=%00", "queue"),
        ("from=2026-03-02&to=2026-03-01", "The first day is after the last"),
        ("from=2020-01-01&to=2026-03-01", "Ask for fewer days, or weeks"),
        ("to=0001-01-01", "outside of the calendar"),
    ],
)
def test_a_parameter_without_sense_is_refused_and_named(
    server: PagesServer, results: Connection, params: str, named: str
) -> None:
    answer = server.get(f"trends?{params}")
    assert answer.status_code == 422
    assert "This cannot be shown" in answer.text
    assert named in answer.text


def test_a_year_of_days_is_drawn(server: PagesServer, results: Connection) -> None:
    scores(results, [call(1, 0)], started_at=on(3))
    assert [row[0] for row in table(page(server, "from=2025-03-05&to=2026-03-31"))] == ["2026-03-03"]
