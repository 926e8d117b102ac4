"""Content flags on the pages: a filter, marks, and the difference between none and not analyzed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from call_sentiment.scoring.score import score_pending
from tests.integration.pages.test_calls import ask
from tests.support.pages import PagesServer
from tests.support.stored import query, said, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

FLAGS = [("profanity", 0.9, 0.3, 0, 2000), ("crime_violence", 0.8, 0.7, 3000, 5000)]


@pytest.fixture
def calls(results: Connection) -> dict[str, str]:
    """Ids of a call with flags, one without, one without a result and one that was not asked for."""
    talk = [said("NEGATIVE", 0.9, 3000 * n, text=f"Sentence {n}.") for n in range(5)]
    numbers = store(results, [talk] * 4)
    score_pending(results)
    names = ("flagged", "clear", "unavailable", "not_asked")
    for number, status in zip(numbers, ("analyzed", "analyzed", "unavailable", "not_requested"), strict=True):
        query(
            results,
            "UPDATE call_sentiment.transcripts SET content_status = %s WHERE transcript_id = %s",
            status,
            number,
        )
    for position, flag in enumerate(FLAGS):
        query(
            results,
            "INSERT INTO call_sentiment.content_flags VALUES (%s, %s, %s, %s, %s, %s, %s)",
            numbers[0],
            position,
            *flag,
        )
    # The listing hears of a transcript when it is loaded, flags and all.
    query(
        results,
        "INSERT INTO call_sentiment.call_listing_changes (call_id) SELECT call_id FROM call_sentiment.calls",
    )
    rows = query(results, "SELECT call_id FROM call_sentiment.transcripts ORDER BY transcript_id")
    return dict(zip(names, (row["call_id"] for row in rows), strict=True))


def test_calls_are_filtered_by_their_flags(server: PagesServer, calls: dict[str, str]) -> None:
    assert ask(server, "?content=flagged") == [calls["flagged"]]
    assert ask(server, "?content=unflagged&sort=lowest") == [calls["clear"]]
    assert len(ask(server)) == 4
    assert server.get("calls?content=other").status_code == 422
    html = server.get("calls?content=flagged").text
    assert "crime violence +1</span>" in html
    assert "content_flag_count" in server.get("calls.csv").text.splitlines()[0]


def test_a_call_shows_its_flags_at_their_sentences(server: PagesServer, calls: dict[str, str]) -> None:
    html = server.get(f"call?id={calls['flagged']}").text
    assert '<span class="mark flag">profanity</span> Sentence 0.' in html
    assert '<span class="mark flag">crime violence</span> Sentence 1.' in html
    assert '<span class="mark flag">crime violence</span> Sentence 2.' not in html
    section = html.partition("Content flags</h2>")[2].partition("</section>")[0]
    assert section.index("profanity") < section.index("crime violence") < section.index("0.70")


@pytest.mark.parametrize(
    ("name", "text"),
    [("clear", "flagged nothing"), ("unavailable", "no result came"), ("not_asked", None)],
)
def test_no_flag_is_not_the_same_as_nobody_looked(
    server: PagesServer, calls: dict[str, str], name: str, text: str | None
) -> None:
    html = server.get(f"call?id={calls[name]}").text
    assert ("Content flags" in html) == (text is not None)
    assert text is None or text in html
