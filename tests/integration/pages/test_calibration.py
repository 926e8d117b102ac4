"""The page of calibration on the real server: what it shows of a sample, and what it says without one."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.blind_labels import add_calls, draw, label
from tests.support.pages import PagesServer
from tests.support.stored import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

HOSTILE = "<script>alert(1)</script> &\"'{{7*7}}/?#%"
DAY = "2026-03-03 12:00Z"


def page(server: PagesServer, params: str = "") -> str:
    answer = server.get(f"calibration?{params}")
    assert answer.status_code == 200, answer.text
    return answer.text


def plain(text: str) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def table(text: str, name: str) -> list[list[str]]:
    """The cells of the table of a class, as text."""
    body = re.search(rf'<table class="{name}">.*?<tbody>(.*?)</tbody>', text, re.S)
    assert body, f"there is no table {name}"
    rows = re.findall(r"<tr.*?>(.*?)</tr>", body[1], re.S)
    return [
        [plain(cell).strip() for cell in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row, re.S)] for row in rows
    ]


def sample(results: Connection, agreeing: int, other: int = 0, **facts: str) -> list[int]:
    """Drawn calls computed as POSITIVE or NEGATIVE; ada says the same of `agreeing`, NEUTRAL of `other`."""
    calls = add_calls(results, agreeing + other, **{"started_at": DAY, "queue": "billing", **facts})
    for number, call in enumerate(calls):
        draw(results, call)
        computed = ("POSITIVE", "NEGATIVE")[number % 2]
        label(results, call, "ada", computed if number < agreeing else "NEUTRAL", computed)
    return calls


def test_without_a_sample_the_page_says_how_to_begin(server: PagesServer, results: Connection) -> None:
    text = page(server)
    assert "No call has been drawn" in text
    assert '<a href="/call-sentiment/review">' in text
    assert "About 246 calls" in text
    assert "No call of these days or this queue has been drawn" in page(server, "queue=billing")


def test_a_sample_without_labels_leads_to_its_review(server: PagesServer, results: Connection) -> None:
    for call in add_calls(results, 2):
        draw(results, call)
    text = page(server)
    assert "2 calls are drawn, none is reviewed yet" in text
    assert '<a href="/call-sentiment/review">' in text


def test_few_calls_have_figures_a_plan_and_no_interval(server: PagesServer, results: Connection) -> None:
    sample(results, 6, 2)
    ((name, compared, agreement, kappa, made, more),) = table(page(server), "agreement")
    assert (name, compared) == ("Calls", "people and computed")
    assert agreement.startswith("75% no interval")
    # Squared distances 2 of 8; by chance 8 + 6 of 8, with both means 0.
    assert kappa.startswith("0.86 no interval")
    assert made == "8 calls 1 person, 8 labels"
    assert more == "about 238 more calls for agreement (a plan) kappa: not known yet"


def test_enough_calls_have_intervals_and_say_what_is_missing(
    server: PagesServer, results: Connection
) -> None:
    sample(results, 24, 6)
    first, second = page(server), page(server)
    assert first == second
    ((_, _, agreement, kappa, _, more),) = table(first, "agreement")
    low, high = (int(bound) for bound in re.match(r"80% (\d+)% to (\d+)%", agreement).groups())  # type: ignore[union-attr]
    # 1.96 standard errors are 14 points.
    assert 62 <= low <= 70
    assert 90 <= high <= 97
    assert re.match(r"0\.\d\d 0\.\d\d to 0\.\d\d", kappa)
    needed = int(re.match(r"(\d+) more calls for agreement", more)[1])  # type: ignore[index]
    assert 180 <= needed <= 270
    assert "a plan" not in more


def test_two_people_are_the_ceiling(server: PagesServer, results: Connection) -> None:
    for number, call in enumerate(add_calls(results, 4)):
        draw(results, call, wanted=2)
        label(results, call, "ada", "POSITIVE", "POSITIVE")
        label(results, call, "ben", "POSITIVE" if number else "NEGATIVE", "POSITIVE")
    rows = table(page(server), "agreement")
    assert [row[1:3] for row in rows] == [
        ["people and computed", "88% no interval"],
        ["two people", "75% no interval"],
    ]
    assert rows[1][4] == "4 calls 2 people, 4 pairs"
    assert "4 of 4 calls reviewed by two people" in plain(page(server))


def test_the_matrix_counts_what_is_mistaken_for_what(server: PagesServer, results: Connection) -> None:
    sample(results, 3, 1)
    rows = table(page(server), "matrix")
    assert [row[0] for row in rows] == [
        "very negative",
        "negative",
        "neutral",
        "positive",
        "very positive",
        "All",
    ]
    assert rows[1][1:] == ["0", "1 25.0%", "0", "0", "0", "1 25.0%"]
    assert rows[2][1:] == ["0", "1 25.0%", "0", "0", "0", "1 25.0%"]
    assert rows[3][1:] == ["0", "0", "0", "2 50.0%", "0", "2 50.0%"]
    assert rows[5][1:] == ["0 0.0%", "2 50.0%", "0 0.0%", "2 50.0%", "0 0.0%", "4"]


def test_missing_reviews_are_warned_of(server: PagesServer, results: Connection) -> None:
    sample(results, 4)
    assert "not reviewed" not in page(server)
    draw(results, add_calls(results, 1)[0])
    assert "not reviewed" not in page(server)
    draw(results, add_calls(results, 1)[0])
    text = plain(page(server))
    assert "4 of 6 drawn calls reviewed" in text
    assert "2 drawn calls are not reviewed." in text


def test_what_is_left_out_is_counted_and_named(server: PagesServer, results: Connection) -> None:
    calls = sample(results, 4)
    assert "No label is left out" in page(server)
    (outside,) = add_calls(results, 1)
    label(results, outside, "ada", "POSITIVE")
    label(results, outside, "ada", "POSITIVE", position=0, confidence=0.8)
    label(results, calls[0], "ben", "POSITIVE", is_blind=False)
    label(results, calls[1], "ada", None, is_blind=False)
    label(results, calls[2], "ben", "POSITIVE", "INSUFFICIENT")
    assert [row[:3] for row in table(page(server), "left-out")] == [
        ["not in the random sample", "1", "1"],
        ["not blind", "1", "0"],
        ["taken back", "1", "0"],
        ["nothing to compare with", "1", "0"],
    ]


def test_labels_outside_of_the_sample_alone_are_named_too(server: PagesServer, results: Connection) -> None:
    label(results, add_calls(results, 1)[0], "ada", "POSITIVE")
    text = page(server)
    assert "No call has been drawn" in text
    assert table(text, "left-out")[0][:3] == ["not in the random sample", "1", "0"]


def test_labels_computed_by_another_formula_are_counted(server: PagesServer, results: Connection) -> None:
    calls = add_calls(results, 2)
    for call in calls:
        draw(results, call)
        label(results, call, "ada", "POSITIVE", "POSITIVE", formula_version="1.0")
    query(
        results,
        "UPDATE call_sentiment.transcripts"
        " SET formula_version = CASE WHEN transcript_id = %s THEN '1.1' ELSE '1.0' END",
        calls[0],
    )
    assert "1 label of calls is compared with what was computed by another formula version" in plain(
        page(server)
    )


def test_confidences_have_bins_and_few_are_greyed(server: PagesServer, results: Connection) -> None:
    (call,) = add_calls(results, 1)
    draw(results, call, sentences=dict.fromkeys(range(45), 1.0))
    for position in range(45):
        confidence = 0.9 if position < 26 else 0.5
        said = "POSITIVE" if position % 2 else "NEGATIVE"
        label(results, call, "ada", said, "POSITIVE", position=position, confidence=confidence)
    text = page(server)
    assert table(text, "bins") == [
        ["0.50 to 0.50", "0.50", "47%", "27% to 68%", "19, few", "42%"],
        ["0.90 to 0.90", "0.90", "50%", "32% to 68%", "26", "58%"],
    ]
    drawing = text[text.index('<svg class="reliability"') :].split("</svg>")[0]
    assert re.findall(r'<g( class="few")?>', drawing) == [' class="few"', ""]
    # Gaps of 0.026 and 0.4 by share; the mean of (c - correct)^2.
    error = (19 * abs(9 / 19 - 0.5) + 26 * 0.4) / 45
    brier = (19 * 0.25 + 13 * 0.01 + 13 * 0.81) / 45
    assert f"{error:.3f} expected calibration error, no interval" in plain(text)
    assert f"{brier:.3f} Brier score of the label given, no interval" in plain(text)


def test_days_and_a_queue_narrow_the_page(server: PagesServer, results: Connection) -> None:
    sample(results, 2)
    sample(results, 3, queue=HOSTILE)
    sample(results, 4, started_at="2026-04-03 12:00Z")

    def calls(params: str) -> str:
        return table(page(server, params), "agreement")[0][4].split(" 1 person")[0]

    assert calls("") == "9 calls"
    assert calls("from=2026-03-03&to=2026-03-03") == "5 calls"
    assert calls("queue=billing&to=2026-03-31") == "2 calls"
    hostile = server.get("calibration", params={"queue": HOSTILE}).text
    assert table(hostile, "agreement")[0][4] == "3 calls 1 person, 3 labels"
    assert "<script>alert" not in hostile


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("queue=%00", "queue"),
        ("from=2026-03-02&to=2026-03-01", "The first day is after the last"),
    ],
)
def test_a_parameter_without_sense_is_refused_and_named(server: PagesServer, params: str, named: str) -> None:
    answer = server.get(f"calibration?{params}")
    assert answer.status_code == 422
    assert named in answer.text
