from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assemblyai_provider._client import ListedTranscript, Page
from assemblyai_provider._waiting.job_tracker import MISSING_AFTER_S, Outcome, Watch
from assemblyai_provider.models import Transcript, TranscriptStatus

BORN = datetime(2026, 1, 1, tzinfo=UTC)


def page(*ids: str, more: bool = False, status: str = "processing") -> Page:
    """A page whose jobs are as old as the number in their name, in seconds."""
    items = tuple(
        ListedTranscript(
            id=id_,
            status=TranscriptStatus(status),
            created=BORN - timedelta(seconds=int(id_[1:])),
            audio_url="",
        )
        for id_ in ids
    )
    return Page(items=items, older=ids[-1] if more else None)


EMPTY = page()


def ask(watch: Watch, *pages: Page) -> list[tuple[str, str | None]]:
    """What a round asks the lists for, if these are the answers, and empty pages after them."""
    answers, asked = list(pages), []
    for status, before_id in watch.lists():
        asked.append((status.value, before_id))
        watch.take(answers.pop(0) if answers else EMPTY)
    assert not answers
    return asked


def answer(status: str, **fields: object) -> Transcript:
    return Transcript.from_api({"id": "x", "status": status, **fields})


def test_who_is_listed_is_not_over_and_is_not_asked_for() -> None:
    watch = Watch()
    assert watch.begin({"j1", "j2"})
    ask(watch, page("j1"))
    assert watch.unlisted() == ["j2"]
    assert watch.over == {}


def test_the_lists_of_jobs_in_work_come_first_and_that_of_completed_ones_only_where_somebody_is_left() -> (
    None
):
    watch = Watch()
    watch.begin({"j1", "j2"})
    assert ask(watch, page("j1"), EMPTY, EMPTY) == [
        ("queued", None),
        ("processing", None),
        ("completed", None),
    ]
    watch.begin({"j1", "j2"})
    assert ask(watch, page("j1"), page("j2")) == [("queued", None), ("processing", None)]


def test_who_is_listed_as_completed_is_over_without_a_look_by_id() -> None:
    watch = Watch()
    watch.begin({"j1", "j2", "j3"})
    ask(watch, EMPTY, page("j3"), page("j1", "j2", status="completed"))
    assert watch.over == {"j1": Outcome(), "j2": Outcome()}
    assert watch.unlisted() == []


def test_a_deleted_job_stands_in_the_list_of_completed_ones_and_is_looked_at_by_id() -> None:
    watch = Watch()
    watch.begin({"j1"})
    row = ListedTranscript(
        id="j1", status=TranscriptStatus.COMPLETED, created=BORN, audio_url="http://deleted_by_user"
    )
    ask(watch, EMPTY, EMPTY, Page(items=(row,), older=None))
    assert watch.over == {}
    assert watch.unlisted() == ["j1"]


def test_the_completed_ones_are_read_on_only_while_pages_tell_of_somebody() -> None:
    watch = Watch()
    watch.begin({"j1", "j2", "j300"})
    first = page("j1", "j9", more=True, status="completed")
    second = page("j10", "j11", more=True, status="completed")
    asked = ask(watch, EMPTY, EMPTY, first, second)
    assert asked[2:] == [("completed", None), ("completed", "j9")]
    assert watch.unlisted() == ["j2", "j300"]


def test_who_is_in_no_list_is_over_only_when_its_own_answer_says_so() -> None:
    watch = Watch()
    watch.begin({"j1", "j2", "j3"})
    watch.confirm("j1", answer("completed"))
    watch.confirm("j2", answer("processing"))
    watch.confirm("j3", answer("error", error="Audio duration is too short."))
    assert watch.over == {"j1": Outcome(), "j3": Outcome("Audio duration is too short.")}


@pytest.mark.parametrize("status", list(TranscriptStatus))
def test_a_status_is_over_or_waited_for_and_unknown_ones_are_waited_for(status: TranscriptStatus) -> None:
    watch = Watch()
    watch.begin({"j1"})
    watch.confirm("j1", answer(status.value))
    assert ("j1" in watch.over) is (status in {TranscriptStatus.COMPLETED, TranscriptStatus.ERROR})


def test_a_row_that_is_over_although_the_list_was_filtered_is_asked_for_by_id() -> None:
    watch = Watch()
    watch.begin({"j1"})
    ask(watch, page("j1", status="error"), EMPTY, EMPTY)
    assert watch.unlisted() == ["j1"]


def test_a_round_is_complete_once_every_job_is_accounted_for() -> None:
    watch = Watch()
    watch.begin({"j1", "j2", "j3"})
    assert not watch.is_complete
    ask(watch, page("j1"))
    assert not watch.is_complete
    watch.confirm("j2", answer("processing"))
    assert not watch.is_complete
    watch.not_found("j3", 0)
    assert watch.is_complete
    watch.begin({"j1", "j2", "j3"})
    assert not watch.is_complete


def test_a_round_whose_lists_are_not_read_to_the_end_is_incomplete() -> None:
    watch = Watch()
    watch.begin({"j1"})
    watch.put_off("j1")
    watch.begin({"j1"})
    next(watch.lists())
    assert not watch.is_complete


def test_a_round_with_nothing_left_to_ask_is_complete() -> None:
    watch = Watch()
    assert not watch.begin(set())
    assert watch.is_complete


def test_a_job_that_is_never_answered_makes_no_round_incomplete() -> None:
    watch = Watch()
    watch.begin({"j1", "j2"})
    ask(watch)
    watch.put_off("j1")
    assert not watch.is_complete
    watch.confirm("j2", answer("completed"))
    assert watch.is_complete


def test_a_job_that_is_answered_again_must_be_answered_in_each_round() -> None:
    watch = Watch()
    watch.begin({"j1"})
    watch.put_off("j1")
    watch.confirm("j1", answer("processing"))
    watch.begin({"j1"})
    ask(watch)
    assert not watch.is_complete


def test_a_deleted_transcript_has_failed() -> None:
    watch = Watch()
    watch.begin({"j1"})
    watch.confirm("j1", answer("completed", audio_url="http://deleted_by_user"))
    assert watch.over["j1"].failure


def test_the_list_is_read_on_only_while_somebody_is_unaccounted_for() -> None:
    watch = Watch()
    watch.begin({"j1", "j5"})
    asked = ask(watch, page("j1", "j2", more=True), page("j5", "j6", more=True))
    assert asked == [("queued", None), ("queued", "j2")]


def test_the_list_is_read_no_further_back_than_the_oldest_job_that_is_waited_for() -> None:
    watch = Watch()
    watch.begin({"j1", "j5"})
    ask(watch, page("j1", "j5", "j9", more=True))
    watch.begin({"j1", "j5"})  # j5 has left the list meanwhile, and is known to be 5 s old
    asked = ask(watch, page("j1", "j4", more=True), page("j6", "j7", more=True))
    assert asked[:3] == [("queued", None), ("queued", "j4"), ("processing", None)]
    assert watch.unlisted() == ["j5"]


def test_jobs_of_the_same_instant_may_stand_on_either_side_of_a_page_break() -> None:
    watch = Watch()
    watch.begin({"j5"})
    ask(watch, page("j5"))
    watch.begin({"j5"})
    other = ListedTranscript(
        id="z", status=TranscriptStatus.PROCESSING, created=BORN - timedelta(seconds=5), audio_url=""
    )
    assert ask(watch, Page(items=(other,), older="z"))[:2] == [("queued", None), ("queued", "z")]


def test_a_job_of_unknown_age_is_looked_for_to_the_end_of_the_list() -> None:
    watch = Watch()
    watch.begin({"j99"})
    asked = ask(watch, page("j1", more=True), page("j98", more=True), EMPTY)
    assert asked[:4] == [("queued", None), ("queued", "j1"), ("queued", "j98"), ("processing", None)]


def test_a_vanished_job_counts_as_over_after_a_while_and_not_before() -> None:
    watch = Watch()
    for now in (0.0, MISSING_AFTER_S - 1):
        watch.begin({"j1"})
        watch.not_found("j1", now)
        assert watch.over == {}
    watch.begin({"j1"})
    watch.not_found("j1", MISSING_AFTER_S)
    assert watch.over["j1"].failure


def test_a_job_that_shows_up_again_starts_a_new_while() -> None:
    watch = Watch()
    watch.begin({"j1"})
    watch.not_found("j1", 0)
    watch.confirm("j1", answer("processing"))
    watch.not_found("j1", MISSING_AFTER_S + 1)
    assert watch.over == {}


def test_outcomes_are_kept_while_wanted_and_forgotten_after_that() -> None:
    watch = Watch()
    watch.begin({"j1", "j2"})
    watch.confirm("j1", answer("completed"))
    assert watch.begin({"j1", "j2"})
    assert watch.unlisted() == ["j2"]
    assert not watch.begin({"j1"})
    assert watch.over == {"j1": Outcome()}
    assert watch.begin({"j2"})
    assert watch.over == {}


def test_who_was_not_answered_comes_last_the_next_time_and_the_more_often_the_later() -> None:
    watch = Watch()
    wanted = {"j1", "j2", "j3", "j4"}
    watch.begin(wanted)
    for transcript_id in ("j1", "j2", "j1"):
        watch.put_off(transcript_id)
    watch.begin(wanted)
    assert watch.unlisted() == ["j3", "j4", "j2", "j1"]


def test_several_short_waits_find_a_job_missing_like_a_long_one() -> None:
    missing_since: dict[str, float] = {}
    for now, is_over in ((0.0, False), (30.0, False), (MISSING_AFTER_S, True)):
        watch = Watch(missing_since=missing_since)
        watch.begin({"gone"})
        watch.not_found("gone", now)
        assert ("gone" in watch.over) is is_over
