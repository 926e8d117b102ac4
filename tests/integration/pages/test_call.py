"""The page of one call: what it shows in each state, and that nothing in a call becomes more than text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from call_sentiment.pages.render import NOTHING
from tests.support.pages import PagesServer
from tests.support.stored import Row, query, said, scores

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WORDS = [
    said("NEGATIVE", 0.9, 2000 * n, role="agent" if n % 2 else "customer", text=f"Sentence {n}.")
    for n in range(6)
]
HOSTILE = (
    "s3://b/a b.mp3",
    "x?y#z&w%",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a'b\"c",
    "ünï 電話",
)


def name_call(connection: Connection, row: Row, call_id: str) -> None:
    query(
        connection,
        "UPDATE call_sentiment.calls SET call_id = %s WHERE call_id ="
        " (SELECT call_id FROM call_sentiment.transcripts WHERE transcript_id = %s)",
        call_id,
        row["transcript_id"],
    )


def scored(connection: Connection, call_id: str, call: list[Row] = WORDS, **given: object) -> Row:
    (row,) = scores(connection, [call], **given)
    name_call(connection, row, call_id)
    return row


def unscored(connection: Connection, call_id: str, **columns: object) -> None:
    query(
        connection, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES (%s, '/no/x.mp3')", call_id
    )
    names = ", ".join(columns)
    places = ", ".join(["%s"] * len(columns))
    query(
        connection,
        "INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt,"
        f" {names}) VALUES (%s, '', '{{}}', 1, {places})",
        call_id,
        *columns.values(),
    )


def page(server: PagesServer, call_id: str, more: str = "") -> str:
    answer = server.get(f"call?id={quote(call_id, safe='')}{more}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_scored_call_shows_its_parts(server: PagesServer, results: Connection) -> None:
    scored(results, "one", queue="billing", agent_id="agent-7")
    text = page(server, "one")
    assert text.count('<tr id="s') == 6
    assert text.count('<a href="#s') == 6
    for shown in ("billing", "agent-7", "Sentence 5.", "very negative", "Worst 5 sentences", "customer"):
        assert shown in text
    assert "style=" not in text
    assert not re.search(r"<script(?! src=)| on[a-z]+=", text)


def test_each_figure_says_what_its_column_means(server: PagesServer, results: Connection) -> None:
    scored(results, "one")
    text = page(server, "one")
    for column in ("sentiment_score", "talk_share", "crosstalk_ms", "value_sum"):
        (meaning,) = re.findall(rf'id="what-{column}">([^<]+)<', text)
        assert meaning
    assert "Time spoken by several at once." in text


def test_long_silences_on_the_timeline_are_those_of_the_figures(
    server: PagesServer, results: Connection
) -> None:
    call = [said("NEUTRAL", 0.9, at) for at in (0, 2000, 10_000, 13_000, 20_000)]
    row = scored(results, "one", call)
    assert page(server, "one").count("<title>Silence from") == row["long_silence_count"] == 2


@pytest.mark.parametrize("call_id", HOSTILE)
def test_any_call_id_can_be_asked_for(server: PagesServer, results: Connection, call_id: str) -> None:
    scored(results, call_id)
    text = page(server, call_id)
    assert "Sentence 1." in text
    assert "<script>alert" not in text


def test_what_is_said_is_text(server: PagesServer, results: Connection) -> None:
    bad = '"><script>alert(1)</script>'
    scored(results, "one", [said("NEGATIVE", 0.9, 0, text=bad, role=bad, speaker=bad)], queue=bad)
    query(results, "UPDATE call_sentiment.sentences SET raw = %s::jsonb", f'{{"x": "{bad[2:]}"}}')
    query(results, "UPDATE call_sentiment.calls SET notices = ARRAY[%s]", bad)
    text = page(server, "one", f"&queue={quote(bad)}")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_deleted_words_and_unreadable_sentences_say_so(server: PagesServer, results: Connection) -> None:
    scored(results, "one", [said("NEGATIVE", 0.9, 0, text=None), said("ANGRY", 0.9, None, text="Oh.")])
    query(
        results, "UPDATE call_sentiment.sentences SET raw = '{\"start\": \"soon\"}' WHERE sentiment = 'ANGRY'"
    )
    text = page(server, "one")
    assert "The words were deleted, or never came." in text
    assert "soon" in text
    assert "1 sentence(s) without a time are not drawn" in text


@pytest.mark.parametrize("status", ["no_speech", "not_analyzed"])
def test_a_call_without_sentiment_has_a_dash_and_a_reason(
    server: PagesServer, results: Connection, status: str
) -> None:
    scored(results, "one", [], status=status)
    text = page(server, "one")
    assert f"<strong>{NOTHING}</strong>" in text
    assert "No score: " in text
    assert status.replace("_", " ") in text
    assert '<svg class="drawing"' not in text


def test_a_call_in_progress_says_since_when(server: PagesServer, results: Connection) -> None:
    unscored(results, "one", state="submitted", assemblyai_id="j-1", submitted_at="2026-01-02T03:04Z")
    assert "since 2026-01-02 03:04 UTC" in page(server, "one")


@pytest.mark.parametrize(
    ("retryable", "failed_in", "told"),
    [
        (True, "load", "attempt 2 of 3"),
        (False, "submit", "It is not tried again by itself"),
        (False, "discover", "Correct what the reason names in its sidecar"),
    ],
)
def test_a_failed_call_says_why_and_what_to_do(
    server: PagesServer, results: Connection, retryable: bool, failed_in: str, told: str
) -> None:
    unscored(
        results, "one", state="failed", failed_in=failed_in, retryable=retryable, error="No <audio> in it"
    )
    text = page(server, "one")
    assert f"Failed in {failed_in}:" in text
    assert "No &lt;audio&gt; in it" in text
    assert told in text


def test_a_duplicate_leads_to_its_original(server: PagesServer, results: Connection) -> None:
    unscored(results, "two", state="duplicate", duplicate_of="one & only")
    assert 'href="/call-sentiment/call?id=one+%26+only"' in page(server, "two")


def test_task_instances_are_linked_in_airflow(server: PagesServer, results: Connection) -> None:
    row = scored(results, "one")
    for task in ("submit", "load"):
        query(
            results,
            "INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)"
            " VALUES (%s, 'call_sentiment', 'manual__2026-01-01T00:00:00+00:00', %s, 3)",
            row["transcript_id"],
            task,
        )
    text = page(server, "one")
    run = "/dags/call_sentiment/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00"
    assert f'<a data-airflow href="{run}">' in text
    for task in ("submit", "wait", "load"):
        assert f'<a data-airflow href="{run}/tasks/{task}/mapped/3">{task} [3]</a>' in text


def test_filters_of_the_list_are_kept(server: PagesServer, results: Connection) -> None:
    scored(results, "one")
    text = page(server, "one", "&t=4500&queue=a%26b&label=NEGATIVE&sort=lowest")
    assert 'href="/call-sentiment/calls?queue=a%26b&amp;label=NEGATIVE&amp;sort=lowest"' in text
    assert '<input type="hidden" name="label" value="NEGATIVE">' in text
    assert '<tr id="s2" data-start="4000" aria-current="true">' in text


@pytest.mark.parametrize(
    ("path", "status_code"),
    [
        ("call?id=unknown", 404),
        ("call", 422),
        ("call?id=", 422),
        ("call?id=a%00b", 422),
        ("call?id=one&t=soon", 422),
        ("call?id=one&t=-1", 422),
    ],
)
def test_what_cannot_be_shown_has_a_page(
    server: PagesServer, results: Connection, path: str, status_code: int
) -> None:
    answer = server.get(path)
    assert answer.status_code == status_code
    assert "This cannot be shown" in answer.text


def test_a_stranger_gets_not_one_byte(server: PagesServer, results: Connection) -> None:
    scored(results, "one")
    for path in ("call?id=one", "audio?id=one"):
        answer = server.get(path, user=None)
        assert (answer.status_code, answer.content) == (401, b"")


def test_the_neighbours_in_the_list_are_offered(server: PagesServer, results: Connection) -> None:
    for day, (name, queue) in enumerate((("first", "q"), ("other", "r"), ("middle", "q"), ("last", "q")), 1):
        scored(results, name, queue=queue, started_at=f"2026-11-0{day} 10:00Z")
    server.get("calls")  # lists them
    text = page(server, "middle", "&queue=q")
    assert '<a rel="prev" href="/call-sentiment/call?id=last&amp;queue=q">' in text
    assert '<a rel="next" href="/call-sentiment/call?id=first&amp;queue=q">' in text
    assert 'rel="prev"' not in page(server, "last", "&queue=q")
    assert 'call?id=other&amp;sort=oldest">' in page(server, "middle", "&sort=oldest")
