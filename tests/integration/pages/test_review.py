"""The review of one call: what the form hides, what is stored, who sees whose label."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from call_sentiment.scoring.score import score_pending
from tests.support.blind_labels import draw as put_into_sample
from tests.support.pages import PagesServer
from tests.support.reviews import WORDS, add_reviewable, send_review, stored_labels
from tests.support.stored import query, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECKED = re.compile(r'name="([^"]+)" value="([^"]*)" checked')


def form(server: PagesServer, user: str = "uma", more: str = "") -> str:
    answer = server.get(f"review/call?id=one{more}", user=user)
    assert answer.status_code == 200, answer.text
    return answer.text


def page(server: PagesServer, user: str = "uma", more: str = "") -> str:
    answer = server.get(f"call?id=one{more}", user=user)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_form_shows_nothing_that_was_computed(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    put_into_sample(results, transcript_id, sentences={1: 1, 2: 1})
    before, shown = form(server), page(server)
    query(
        results,
        "UPDATE call_sentiment.sentences SET sentiment = 'POSITIVE', confidence = 0.95 - 0.1 * position",
    )
    query(results, "UPDATE call_sentiment.transcripts SET state = 'loaded'")
    query(results, "DELETE FROM call_sentiment.call_scores")
    score_pending(results)
    assert page(server) != shown
    # To the letter, so no label, colour, height or order gives anything away.
    assert form(server) == before
    assert "Sentence 5." in before


def test_the_sentences_drawn_are_asked_for_first(server: PagesServer, results: Connection) -> None:
    put_into_sample(results, add_reviewable(results), sentences={1: 1, 4: 1})
    text = form(server)
    asked, others = text.split('<h2 id="sentences">')
    assert "2 sentences asked for" in asked
    assert re.findall(r'id="asked-(\d)"', asked) == ["1", "4"]
    assert re.findall(r'name="reason-(\d)"', asked) == ["1", "4"]
    assert re.findall(r'name="reason-(\d)"', others) == ["0", "2", "3", "5"]
    assert text.count("<fieldset") == text.count("<legend") == 7


def test_a_review_is_stored_and_both_labels_are_shown(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    labels = {"label": "POSITIVE", "reason": " She <laughs>. ", "label_3": "NEGATIVE", "reason_3": "Tone."}
    answer = send_review(server, transcript_id, more="&queue=a%26b&list=uncertain", **labels)
    assert answer.status_code == 303
    address = "call?id=one&reviewed=1&list=uncertain&queue=a%26b"
    assert answer.headers["Location"] == f"/call-sentiment/{address}"
    rows = [
        (r["position"], r["reviewer"], r["reviewed_label"], r["reason"], r["is_blind"], r["computed_label"])
        for r in stored_labels(results)
    ]
    assert rows == [
        (None, "uma", "POSITIVE", "She <laughs>.", True, "VERY_NEGATIVE"),
        (3, "uma", "NEGATIVE", "Tone.", True, "NEGATIVE"),
    ]
    text = server.get(address, user="uma").text
    compared = text[text.index('<dl class="compared">') :]
    assert re.findall(r'class="label ([a-z-]+)"', compared)[:2] == ["very-negative", "positive"]
    assert "<strong>1 of 1</strong>" in compared
    assert "Your review is stored." in text
    assert "It was the last of the list." in text
    assert "She &lt;laughs&gt;." in text
    assert 'calls?queue=a%26b"' in text


def test_the_same_form_sent_again_stores_nothing(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    for _ in range(2):
        assert send_review(server, transcript_id, label_3="POSITIVE").status_code == 303
    assert len(stored_labels(results)) == 2


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"label": ""}, "Choose a label for the call as a whole."),
        ({"label": "FURIOUS"}, "There is no label 'FURIOUS'."),
        ({"label_3": "MIXED"}, "There is no label 'MIXED'."),
        ({"reason_4": "Why?"}, "The reason at 0:16 has no label."),
        ({"label_3": "NEGATIVE", "label_33": "NEGATIVE"}, "One of the sentences is not of this call."),
        ({"reason": "x" * 1001}, "The reason of the call has 1001 characters; 1000 can be stored."),
        ({"reason": "a\x00b"}, "a character that cannot be stored"),
    ],
)
def test_a_mistake_loses_nothing_of_what_was_typed(
    server: PagesServer, results: Connection, fields: dict[str, str], told: str
) -> None:
    transcript_id = add_reviewable(results)
    typed = {
        "label": "MIXED",
        "reason": 'It is "so" so.',
        "label_4": "",
        "reason_3": "Tone <3.",
        "label_3": "NEUTRAL",
    }
    answer = send_review(server, transcript_id, **{**typed, **fields})
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert stored_labels(results) == []
    checked = dict(CHECKED.findall(answer.text))
    if "label" not in fields:
        assert checked["label"] == "MIXED"
    if "label_3" not in fields:
        assert checked["label-3"] == "NEUTRAL"
    if "reason" not in fields:
        assert ">It is &#34;so&#34; so.</textarea>" in answer.text
    assert ">Tone &lt;3.</textarea>" in answer.text


def test_sentences_asked_for_are_left_out_only_on_purpose(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    put_into_sample(results, transcript_id, sentences={3: 1, 4: 1})
    answer = send_review(server, transcript_id, label_3="NEUTRAL")
    assert answer.status_code == 422
    assert "1 of the sentences asked for has no label (0:16)." in answer.text
    assert '<input type="hidden" name="leave_out" value="1">' in answer.text
    assert send_review(server, transcript_id, label_3="NEUTRAL", leave_out="1").status_code == 303
    assert len(stored_labels(results)) == 2


def test_a_call_that_was_transcribed_meanwhile_is_shown_anew(
    server: PagesServer, results: Connection
) -> None:
    transcript_id = add_reviewable(results)
    answer = send_review(server, transcript_id + 1, label="MIXED", reason="Half.", label_3="POSITIVE")
    assert answer.status_code == 422
    assert "transcribed again" in answer.text
    assert dict(CHECKED.findall(answer.text)) == {"label": "MIXED"}
    assert ">Half.</textarea>" in answer.text
    assert stored_labels(results) == []


def test_a_correction_begins_with_what_was_given(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    send_review(
        server, transcript_id, label="POSITIVE", reason="Nice.", label_3="NEUTRAL", label_4="POSITIVE"
    )
    text = form(server)
    assert "Correct your review of" in text
    assert dict(CHECKED.findall(text)) == {"label": "POSITIVE", "label-3": "NEUTRAL", "label-4": "POSITIVE"}
    assert ">Nice.</textarea>" in text
    send_review(server, transcript_id, label="MIXED", reason="Nice.", label_3="NEUTRAL", label_4="")
    changed = [(r["position"], r["reviewed_label"], r["is_blind"]) for r in stored_labels(results)[3:]]
    assert changed == [(None, "MIXED", False), (4, None, False)]
    text = page(server)
    assert "<s>positive</s>" in text
    assert "changed later, blind" in text
    assert "taken back, blind" in text
    assert text.count("Take back</button>") == 2


def test_a_label_can_be_taken_back(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    send_review(server, transcript_id, label="POSITIVE", label_3="NEUTRAL")
    for position in ("", "3", "3"):
        answer = server.post("review/take-back?id=one&queue=a", data={"position": position})
        assert answer.headers["Location"] == "/call-sentiment/call?id=one&queue=a#reviews"
    assert [(r["position"], r["reviewed_label"]) for r in stored_labels(results)[2:]] == [
        (None, None),
        (3, None),
    ]
    text = page(server)
    assert "Take back</button>" not in text
    assert "needs review" in text or "Review this call" in text
    assert "reviewed</span>" not in text
    assert server.post("review/take-back?id=one", data={"position": "x"}).status_code == 422
    assert server.post("review/take-back?id=two", data={}).status_code == 404


def test_two_people_who_are_to_be_blind_to_each_other_are(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    put_into_sample(results, transcript_id, wanted=2)
    send_review(server, transcript_id, user="uma", label="POSITIVE", reason="Secret of uma.")
    hidden, blind = page(server, "ada"), form(server, "ada")
    assert "Two people are to review this call" in hidden
    for text in (hidden, blind):
        assert "Secret of uma." not in text
        assert "uma" not in text
    assert 'class="label positive"' not in hidden
    # Who cannot be the second, and who was the first, may see it.
    assert "Secret of uma." in page(server, "vera")
    assert "Secret of uma." in page(server, "uma")
    send_review(server, transcript_id, user="ada", label="NEGATIVE")
    assert "Secret of uma." in page(server, "ada")
    assert [row["is_blind"] for row in stored_labels(results)] == [True, True]


def test_the_newest_label_counts_beside_the_computed_one(server: PagesServer, results: Connection) -> None:
    transcript_id = add_reviewable(results)
    send_review(server, transcript_id, user="uma", label="POSITIVE")
    send_review(server, transcript_id, user="ada", label="MIXED")
    text = page(server, "vera")
    heading = text[text.index("<h1>") : text.index("<dl")]
    assert re.findall(r'class="label ([a-z-]+)"', heading) == ["very-negative", "mixed"]
    assert "by ada, counts" in heading
    listed = server.get("calls?review=reviewed").text
    assert "<td" in listed
    assert re.findall(r'class="label ([a-z-]+)"', listed) == ["very-negative", "mixed"]


def test_reviews_of_an_earlier_transcript_are_named(server: PagesServer, results: Connection) -> None:
    send_review(server, add_reviewable(results))
    query(
        results,
        "INSERT INTO call_sentiment.transcripts"
        " (call_id, config_sha256, options, attempt, state, status, assemblyai_id)"
        " VALUES ('one', 'other', '{}', 1, 'loaded', 'no_speech', 'again')",
    )
    score_pending(results)
    assert "1 label(s) were given to an earlier transcript" in page(server)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"state": "submitted", "assemblyai_id": "j", "submitted_at": "2026-01-02Z"}, "It is in progress."),
        ({"state": "failed", "failed_in": "load", "error": "x"}, "It failed"),
        ({"state": "duplicate", "duplicate_of": "two"}, "the same recording as call two"),
    ],
)
def test_a_call_without_a_score_cannot_be_reviewed(
    server: PagesServer, results: Connection, columns: dict[str, str], told: str
) -> None:
    query(results, "INSERT INTO call_sentiment.calls (call_id, recording) VALUES ('one', '/no/x.mp3')")
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    (row,) = query(
        results,
        f"INSERT INTO call_sentiment.transcripts (call_id, config_sha256, options, attempt, {names})"
        f" VALUES ('one', '', '{{}}', 1, {places}) RETURNING transcript_id",
        *columns.values(),
    )
    assert told in form(server)
    assert "<form" not in form(server)
    assert "Review this call" not in page(server)
    assert send_review(server, row["transcript_id"]).status_code == 422
    assert stored_labels(results) == []


def test_a_call_whose_words_are_gone_can_be_labelled_as_a_whole(
    server: PagesServer, results: Connection
) -> None:
    transcript_id = add_reviewable(results)
    query(results, "DELETE FROM call_sentiment.sentences")
    assert "There are no sentences of this call to label." in form(server)
    assert send_review(server, transcript_id).status_code == 303


def test_a_call_of_many_sentences_can_be_sent(server: PagesServer, results: Connection) -> None:
    (transcript_id,) = store(results, [WORDS * 300])
    query(results, "UPDATE call_sentiment.calls SET call_id = 'one'")
    score_pending(results)
    data = {"transcript_id": str(transcript_id), "label": "MIXED"}
    data |= {
        f"{name}-{n}": value for n in range(1800) for name, value in (("label", "NEUTRAL"), ("reason", ""))
    }
    assert server.post("review/call?id=one", data=data).status_code == 303
    assert len(stored_labels(results)) == 1801


@pytest.mark.parametrize("call_id", ["s3://b/a b.mp3", "x?y#z&w%", '"><script>alert(1)</script>', "ünï 電話"])
def test_any_call_can_be_reviewed(server: PagesServer, results: Connection, call_id: str) -> None:
    transcript_id = add_reviewable(results, call_id, queue="<b>q")
    text = server.get(f"review/call?id={quote(call_id, safe='')}", user="uma").text
    assert "<script>alert" not in text
    assert "<b>q" not in text
    assert "style=" not in text
    (action,) = re.findall(r'<form class="review" method="post" action="/call-sentiment/([^"]+)"', text)
    data = {"transcript_id": str(transcript_id), "label": "NEUTRAL"}
    answer = server.post(unescape(action), data=data)
    assert answer.status_code == 303
    location = answer.headers["Location"].removeprefix("/call-sentiment/")
    assert "Your review is stored." in server.get(location, user="uma").text
