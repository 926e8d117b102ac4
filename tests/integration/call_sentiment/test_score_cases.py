"""The edge cases of docs/scores.md, worked out by hand."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from call_sentiment.loading.sentences import read_sentences
from call_sentiment.scoring.score import FORMULA_VERSION, score_pending, score_transcripts
from call_sentiment.sql import read_statement
from tests.support.oracle import expected
from tests.support.stored import Row, query, said, score, scores, speaker_scores, store

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SEED_EXAMPLE = Path(__file__).parents[2] / "fixtures" / "seed_example_response.json"
SCORES_PAGE = Path(__file__).parents[3] / "docs" / "scores.md"
NOT_FIGURES = {"transcript_id", "formula_version", "status", "needs_review", "scored_at"}


@pytest.fixture
def db(scores_db: Connection) -> Connection:
    return scores_db


def in_a_row(labels: str, confidence: float = 0.9, **more: object) -> list[Row]:
    """A call of two-second sentences without pauses; `+`, `0` and `-` are their labels."""
    names = {"+": "POSITIVE", "0": "NEUTRAL", "-": "NEGATIVE"}
    return [said(names[label], confidence, 2000 * i, **more) for i, label in enumerate(labels)]


@pytest.mark.parametrize("status", ["not_analyzed", "no_speech"])
def test_a_call_without_sentences_has_a_row_with_a_status_and_no_figure(db: Connection, status: str) -> None:
    row = score(db, [], status=status)
    assert (row["status"], row["needs_review"]) == (status, False)
    assert {key: value for key, value in row.items() if key not in NOT_FIGURES and value is not None} == {}


def test_a_call_without_a_valid_sentence_is_invalid(db: Connection) -> None:
    row = score(db, [said("ANGRY", 0.9, 0), said("POSITIVE", 0.9, None), said(None, 0.9, 0)])
    assert (row["status"], row["needs_review"], row["sentence_count"]) == ("invalid", False, None)
    statement = "SELECT state, status FROM call_sentiment.transcripts WHERE transcript_id = %s"
    assert query(db, statement, row["transcript_id"]) == [{"state": "scored", "status": "invalid"}]
    assert speaker_scores(db, row["transcript_id"]) == {}


def test_one_positive_sentence_is_not_enough_for_a_label(db: Connection) -> None:
    row = score(db, [said("POSITIVE", 0.97, 1000)])
    assert row["sentiment_score"] == pytest.approx(0.955)
    assert (row["label"], row["trend_label"]) == ("INSUFFICIENT", "INSUFFICIENT")
    assert (row["status"], row["needs_review"]) == ("ok", True)
    assert row["worst_window_score"] is None
    # P+ = .97, P- = .015: (1.97 - 1.015) / 5
    assert row["score_shrunk"] == pytest.approx(0.191)


def test_a_sentence_of_no_length_has_no_weighted_figures(db: Connection) -> None:
    row = score(db, [said("NEGATIVE", 0.8, 5000, end_ms=5000)])
    assert row["sentiment_score"] == pytest.approx(-0.7)
    for column in ("sentiment_score_weighted", "positive_time_share", "negative_time_share"):
        assert row[column] is None
    assert [row[f"q{i}_score"] for i in range(1, 5)] == [None] * 4
    assert (row["talk_time_ms"], row["span_ms"], row["silence_ms"]) == (0, 0, 0)
    assert speaker_scores(db, row["transcript_id"])["A"]["talk_share"] is None


def test_ten_neutral_sentences_score_zero_within_an_interval(db: Connection) -> None:
    row = score(db, in_a_row("0" * 10))
    assert (row["sentiment_score"], row["score_shrunk"]) == (0, 0)
    # q+ = q- = (10 * .05 + 1) / 14
    half_width = 1.959964 * math.sqrt(2 * 1.5 / 14 / 15)
    assert (row["score_low"], row["score_high"]) == pytest.approx((-half_width, half_width))
    assert (row["label"], row["trend_label"], row["needs_review"]) == ("NEUTRAL", "STABLE", False)
    assert (row["trend_slope"], row["trend_slope_se"]) == (0, 0)


def test_without_confidences_only_counts_and_times_are_given(db: Connection) -> None:
    row = score(db, [said("POSITIVE", None, 0), said("POSITIVE", 1.5, 3000), said("NEGATIVE", -0.1, 6000)])
    assert (row["confidence_missing_count"], row["sentence_count"]) == (3, 3)
    assert row["net_sentiment"] == pytest.approx(1 / 3)
    assert row["positive_time_share"] == pytest.approx(2 / 3)
    for column in ("sentiment_score", "sentiment_score_weighted", "score_shrunk", "score_low", "score_high"):
        assert row[column] is None
    assert (row["mean_confidence"], row["low_confidence_share"], row["value_sum"]) == (None, None, None)
    assert (row["label"], row["needs_review"]) == ("NONE", True)


def test_overlapping_sentences_of_one_speaker_are_no_crosstalk(db: Connection) -> None:
    row = score(db, [said("NEUTRAL", 0.9, 0, end_ms=4000), said("NEUTRAL", 0.9, 3000, end_ms=5000)])
    assert (row["talk_time_ms"], row["crosstalk_ms"], row["silence_ms"]) == (5000, 0, 0)


def test_two_speakers_at_once_are_crosstalk(db: Connection) -> None:
    row = score(
        db,
        [
            said("NEUTRAL", 0.9, 0, end_ms=4000),
            said("POSITIVE", 0.9, 1000, end_ms=2000, speaker="B"),
            said("POSITIVE", 0.9, 3500, end_ms=5000, speaker=None, channel="2"),
            said("POSITIVE", 0.9, 3500, end_ms=5000, speaker="", channel=""),
        ],
    )
    assert (row["talk_time_ms"], row["crosstalk_ms"]) == (5000, 4000 + 1000 + 1500 + 1500 - 5000)
    speakers = speaker_scores(db, row["transcript_id"])
    assert {key: speaker["talk_time_ms"] for key, speaker in speakers.items()} == {
        "A": 4000,
        "B": 1000,
        "ch2": 1500,
        "__unknown__": 1500,
    }
    assert speakers["A"]["talk_share"] == pytest.approx(0.5)


def test_a_silence_is_long_above_three_seconds(db: Connection) -> None:
    row = score(
        db,
        [
            said("NEUTRAL", 0.9, 0, end_ms=10_000),
            said("NEUTRAL", 0.9, 1000, end_ms=2000),
            said("NEUTRAL", 0.9, 13_000, end_ms=14_000),
            said("NEUTRAL", 0.9, 17_001, end_ms=18_000),
        ],
    )
    assert (row["long_silence_ms"], row["long_silence_count"]) == (3001, 1)
    assert (row["span_ms"], row["silence_ms"]) == (18_000, 3000 + 3001)


def test_an_end_before_its_start_is_read_as_the_start(db: Connection) -> None:
    row = score(db, [said("NEUTRAL", 0.9, 0, end_ms=1000), said("NEUTRAL", 0.9, 8000, end_ms=5000)])
    assert (row["span_ms"], row["talk_time_ms"], row["sentence_count"]) == (8000, 1000, 2)


def test_labels_have_any_case_and_a_weak_confidence_counts_as_chance(db: Connection) -> None:
    row = score(db, [said("positive", 0.2, 0), said("Negative", 0.6, 3000)])
    assert row["sentiment_score"] == pytest.approx((0 - 0.4) / 2)
    assert row["low_confidence_share"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ("++++", "INSUFFICIENT"),
        ("+++++", "VERY_POSITIVE"),
        ("-----", "VERY_NEGATIVE"),
        ("++000", "POSITIVE"),
        ("--000", "NEGATIVE"),
        ("+-000", "MIXED"),
        ("+-0000", "NEUTRAL"),
        ("+0000000", "NEUTRAL"),
    ],
)
def test_the_label_follows_the_shrunk_score(db: Connection, labels: str, label: str) -> None:
    assert score(db, in_a_row(labels))["label"] == label


@pytest.mark.parametrize(
    ("labels", "label"),
    # With confidence 1 the score is (positives - negatives) / (m + 4), so that borders can be hit exactly; in
    # the second and the last of them, the computer's sum falls short of the border.
    [
        ("+00000", "POSITIVE"),
        ("++" + "0" * 14, "POSITIVE"),
        ("--" + "0" * 14, "NEGATIVE"),
        ("+000000", "NEUTRAL"),
        ("+++000", "VERY_POSITIVE"),
        ("+++0000", "POSITIVE"),
        ("++-000", "POSITIVE"),
    ],
)
def test_a_score_on_the_border_belongs_above_it(db: Connection, labels: str, label: str) -> None:
    assert score(db, in_a_row(labels, confidence=1.0))["label"] == label


def test_quarters_are_those_of_the_time_not_of_the_sentences(db: Connection) -> None:
    # span 8000: middles at 500, 2000 (on the border: second quarter), 3999.5, 7500
    row = score(
        db,
        [
            said("POSITIVE", 1.0, 1000, end_ms=2000),
            said("NEGATIVE", 1.0, 2500, end_ms=3500),
            said("NEUTRAL", 1.0, 4999, end_ms=5000),
            said("NEGATIVE", 1.0, 8000, end_ms=9000),
        ],
    )
    assert [row[f"q{i}_score"] for i in range(1, 5)] == [1, -0.5, None, -1]
    assert row["sentiment_change"] == -2


def test_a_trend_needs_six_rated_sentences_and_different_times(db: Connection) -> None:
    five, six, same = scores(
        db,
        [in_a_row("--0++"), in_a_row("--00++"), [said("POSITIVE", 0.9, 0) for _ in range(8)]],
    )
    assert (five["trend_slope"], five["trend_label"]) == (None, "INSUFFICIENT")
    assert six["trend_label"] == "IMPROVING"
    assert (same["trend_slope"], same["trend_slope_se"], same["trend_label"]) == (None, None, "INSUFFICIENT")


def test_sentences_at_one_time_have_no_trend_wherever_that_is_in_the_call(db: Connection) -> None:
    # A third has no exact float, so equal times must be compared as integers.
    call = [said("POSITIVE" if i < 4 else "NEGATIVE", 0.9, 0, end_ms=1999) for i in range(9)]
    row = score(db, [*call, said("NEUTRAL", None, 0, end_ms=3001)])
    assert (row["trend_slope"], row["trend_label"]) == (None, "INSUFFICIENT")


def test_a_straight_line_has_its_slope_and_no_error(db: Connection) -> None:
    # e = -.75, -.45, ..., .75 over u = 1/12, 3/12, ..., 11/12: 1.5 / (10/12)
    call = [
        said("POSITIVE" if e > 0 else "NEGATIVE", (2 * abs(e) + 1) / 3, 2000 * i)
        for i, e in enumerate([-0.75, -0.45, -0.15, 0.15, 0.45, 0.75])
    ]
    row = score(db, call)
    assert row["trend_slope"] == pytest.approx(1.8)
    assert row["trend_slope_se"] == pytest.approx(0, abs=1e-7)


def test_a_steep_but_uncertain_slope_is_stable(db: Connection) -> None:
    row = score(db, in_a_row("-+-+-+"))
    assert row["trend_slope"] > 0.2
    assert row["trend_label"] == "STABLE"


def test_the_worst_window_is_the_first_of_equals(db: Connection) -> None:
    row = score(db, in_a_row("++---+++---++++"))
    # e = +-.85: windows of three negative and two positive ones start at 1, 2 and 0, and later again
    assert row["worst_window_score"] == pytest.approx(-0.17)
    assert (row["worst_window_start_ms"], row["worst_window_end_ms"]) == (0, 10_000)
    assert row["recovery"] == pytest.approx((0.85 * 3) / 5 + 0.17)


def test_windows_of_the_same_sentences_are_equal_in_any_order(db: Connection) -> None:
    # Added up from the first, these five give -2.9; from the last, a trifle less.
    confidences = [0.9, 0.71, 0.52, 0.83, 0.64] * 2
    row = score(db, [said("NEGATIVE", c, 2000 * i) for i, c in enumerate(confidences)])
    assert row["worst_window_score"] == pytest.approx(-0.58)
    assert row["worst_window_start_ms"] == 0


def test_there_is_no_recovery_where_the_windows_overlap(db: Connection) -> None:
    early, late, nine = scores(db, [in_a_row("-----+++++"), in_a_row("+-----++++"), in_a_row("-----++++")])
    assert early["recovery"] == pytest.approx(1.7)
    assert (late["recovery"], nine["recovery"]) == (None, None)


def test_the_worst_window_skips_sentences_without_confidence(db: Connection) -> None:
    call = in_a_row("-----")
    call.insert(2, said("NEGATIVE", None, 4500, end_ms=30_000))
    row = score(db, call)
    assert row["worst_window_score"] == pytest.approx(-0.85)
    assert (row["worst_window_start_ms"], row["worst_window_end_ms"]) == (0, 10_000)
    assert (row["span_ms"], row["confidence_missing_count"]) == (30_000, 1)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (in_a_row("++++++"), None),
        (in_a_row("------"), None),
        (in_a_row("+-+-+-"), "clearly positive and clearly negative parts"),
        (in_a_row("+++"), "too few sentences to judge"),
        (in_a_row("+++", confidence=None), "no confidence given; 3 sentence(s) without confidence"),  # type: ignore[arg-type]
        (in_a_row("--000"), "negative, but not certainly"),
        (in_a_row("0" * 10, confidence=0.59), "many labels are uncertain"),
        (in_a_row("0" * 6) + in_a_row("0" * 4, confidence=0.59), None),
        ([*in_a_row("++++++"), said("POSITIVE", None, 9000)], "1 sentence(s) without confidence"),
        ([*in_a_row("++++++"), said("WHAT", 0.9, 9000)], "1 unusable sentence(s)"),
    ],
)
def test_a_call_that_needs_review_has_the_reason(db: Connection, call: list[Row], reason: str | None) -> None:
    row = score(db, call)
    assert (row["needs_review"], row["review_reason"]) == (reason is not None, reason)


def test_speakers_are_scored_on_the_clock_of_the_call(db: Connection) -> None:
    row = score(
        db,
        [
            said("POSITIVE", 1.0, 0, end_ms=1000, role="agent"),
            said("NEGATIVE", 1.0, 7000, end_ms=8000, speaker="B", role="customer"),
        ],
    )
    speakers = speaker_scores(db, row["transcript_id"])
    assert (speakers["A"]["role"], speakers["B"]["role"]) == ("agent", "customer")
    assert (speakers["B"]["q1_score"], speakers["B"]["q4_score"]) == (None, -1)
    assert (row["q1_score"], row["q4_score"], row["sentiment_score"]) == (1, -1, 0)


def test_the_example_of_the_documentation_scores_as_worked_out(db: Connection) -> None:
    answer = json.loads(SEED_EXAMPLE.read_text())
    call = [sentence._asdict() for sentence in read_sentences(answer, None)]
    assert len(call) == 61
    row = score(db, call)
    figures, _ = expected(call)
    assert {key: row[key] for key in figures} == pytest.approx(figures)
    assert row["status"] == "ok"
    assert (row["positive_count"], row["neutral_count"], row["negative_count"]) == SEED_COUNTS
    assert (row["label"], row["trend_label"]) == ("NEGATIVE", "IMPROVING")
    assert row["sentiment_score"] == pytest.approx(-0.14695739648)


SEED_COUNTS = tuple(
    SEED_EXAMPLE.read_text().count(f'"sentiment": "{label}"') for label in ("POSITIVE", "NEUTRAL", "NEGATIVE")
)


def test_scoring_again_gives_the_same_rows_and_nothing_is_pending(db: Connection) -> None:
    ids = store(db, [in_a_row("++-0-+"), in_a_row("0")])
    assert score_pending(db, call_ids=["another call"]) == 0
    assert score_pending(db) == 2
    everything = (
        "SELECT to_jsonb(c) - 'scored_at' AS call, to_jsonb(s) - 'scored_at' AS speaker"
        " FROM call_sentiment.call_scores AS c JOIN call_sentiment.speaker_scores AS s USING (transcript_id)"
        " WHERE transcript_id = ANY (%s) ORDER BY transcript_id"
    )
    before = query(db, everything, ids)
    assert score_pending(db) == 0
    with db:
        score_transcripts(db, ids)
    after = query(db, everything, ids)
    assert before == after
    assert len(after) == 2


def test_the_views_show_the_version_that_is_computed(db: Connection) -> None:
    row = score(db, in_a_row("+"))
    shown = query(
        db,
        "SELECT o.sentence_count, t.formula_version FROM call_sentiment.transcripts AS t"
        " JOIN call_sentiment.call_overview AS o USING (call_id) WHERE t.transcript_id = %s",
        row["transcript_id"],
    )
    assert shown == [{"sentence_count": 1, "formula_version": FORMULA_VERSION}]


@pytest.mark.parametrize(
    ("labels", "longest"), [("+0+", 0), ("-", 1), ("--0---+-", 3), ("----", 4), ("+--", 2)]
)
def test_the_longest_negative_run_is_the_most_in_a_row(db: Connection, labels: str, longest: int) -> None:
    assert score(db, in_a_row(labels))["longest_negative_run"] == longest


def test_a_negative_run_counts_unrated_and_skips_invalid_sentences(db: Connection) -> None:
    call = in_a_row("----")
    call[1]["confidence"], call[2]["sentiment"] = None, "ANGRY"
    row = score(db, call)
    assert (row["longest_negative_run"], row["invalid_count"]) == (3, 1)


def test_a_speakers_negative_run_continues_while_others_speak(db: Connection) -> None:
    call = in_a_row("-+--0-")
    for sentence, speaker in zip(call, "ABABBA", strict=True):
        sentence["speaker"] = speaker
    row = score(db, call)
    speakers = speaker_scores(db, row["transcript_id"])
    assert row["longest_negative_run"] == 2
    assert {key: speaker["longest_negative_run"] for key, speaker in speakers.items()} == {"A": 3, "B": 1}


def test_a_negative_run_follows_time_not_the_order_of_the_answer(db: Connection) -> None:
    call = in_a_row("--+--")
    assert score(db, [call[i] for i in (2, 0, 1, 3, 4)])["longest_negative_run"] == 2
    assert score(db, [call[i] for i in (0, 3, 1, 4, 2)])["longest_negative_run"] == 2


def figures_by_table(db: Connection) -> dict[str, set[str]]:
    rows = query(
        db,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'call_sentiment' AND table_name IN ('call_scores', 'speaker_scores')",
    )
    keys = {"transcript_id", "formula_version", "scored_at", "status", "speaker_key", "role"}
    return {
        table: {row["column_name"] for row in rows if row["table_name"] == table} - keys
        for table in ("call_scores", "speaker_scores")
    }


def test_the_documentation_defines_every_figure_and_no_other(db: Connection) -> None:
    text = SCORES_PAGE.read_text()
    table = text.partition("| Column | Meaning |")[2].partition("\n\n")[0]
    documented: dict[str, set[str]] = {"call_scores": set(), "speaker_scores": set()}
    for column in re.findall(r"^\| (.*?) \|", table, re.MULTILINE):
        names = set(re.findall(r"`(\w+)`", column))
        if "(speaker)" not in column:
            documented["call_scores"] |= names
        if "(call)" not in column:
            documented["speaker_scores"] |= names
    assert documented == figures_by_table(db)
    assert f"this page defines version **{FORMULA_VERSION}**" in text


def test_the_statement_stores_every_column_of_both_tables(db: Connection) -> None:
    statement = read_statement("scoring/score_transcripts")
    for table, figures in figures_by_table(db).items():
        (columns,) = re.findall(rf"INSERT INTO call_sentiment.{table} \((.*?)\)", statement)
        assert figures <= set(columns.split(", "))
