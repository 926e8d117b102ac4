from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assemblyai_provider._client import ListedTranscript, Page
from assemblyai_provider._waiting.job_tracker import MISSING_AFTER_S, JobOutcome, JobTracker
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


def read_lists(tracker: JobTracker, *pages: Page) -> list[tuple[str, str | None]]:
    """What a round requests of the lists if these are the answers, and empty pages after them."""
    answers, requested = list(pages), []
    while request := tracker.next_page():
        requested.append((request.status.value, request.before_id))
        tracker.record_page(request, answers.pop(0) if answers else EMPTY)
    assert not answers
    return requested


def test_a_page_that_was_not_requested_next_is_refused() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    first = tracker.next_page()
    assert first is not None
    tracker.record_page(first, EMPTY)
    with pytest.raises(ValueError, match="is not the page to request next"):
        tracker.record_page(first, EMPTY)
    read_lists(tracker)
    with pytest.raises(ValueError, match="is not the page to request next"):
        tracker.record_page(first, EMPTY)


def answer(status: str, **fields: object) -> Transcript:
    return Transcript.from_api({"id": "x", "status": status, **fields})


def test_a_listed_job_has_not_ended_and_needs_no_request_by_id() -> None:
    tracker = JobTracker()
    assert tracker.start_round({"j1", "j2"})
    read_lists(tracker, page("j1"))
    assert tracker.unlisted_ids() == ["j2"]
    assert tracker.ended == {}


def test_completed_jobs_are_listed_last_and_only_if_jobs_remain() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2"})
    assert read_lists(tracker, page("j1"), EMPTY, EMPTY) == [
        ("queued", None),
        ("processing", None),
        ("completed", None),
    ]
    tracker.start_round({"j1", "j2"})
    assert read_lists(tracker, page("j1"), page("j2")) == [("queued", None), ("processing", None)]


def test_a_job_listed_as_completed_has_ended_without_request_by_id() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2", "j3"})
    read_lists(tracker, EMPTY, page("j3"), page("j1", "j2", status="completed"))
    assert tracker.ended == {"j1": JobOutcome(), "j2": JobOutcome()}
    assert tracker.unlisted_ids() == []


def test_a_deleted_job_listed_as_completed_is_requested_by_id() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    row = ListedTranscript(
        id="j1", status=TranscriptStatus.COMPLETED, created=BORN, audio_url="http://deleted_by_user"
    )
    read_lists(tracker, EMPTY, EMPTY, Page(items=(row,), older=None))
    assert tracker.ended == {}
    assert tracker.unlisted_ids() == ["j1"]


def test_completed_jobs_are_listed_on_only_while_pages_show_wanted_ones() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2", "j300"})
    first = page("j1", "j9", more=True, status="completed")
    second = page("j10", "j11", more=True, status="completed")
    requested = read_lists(tracker, EMPTY, EMPTY, first, second)
    assert requested[2:] == [("completed", None), ("completed", "j9")]
    assert tracker.unlisted_ids() == ["j2", "j300"]


def test_an_unlisted_job_has_ended_only_if_its_own_answer_says_so() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2", "j3"})
    tracker.record_transcript("j1", answer("completed"))
    tracker.record_transcript("j2", answer("processing"))
    tracker.record_transcript("j3", answer("error", error="Audio duration is too short."))
    assert tracker.ended == {"j1": JobOutcome(), "j3": JobOutcome("Audio duration is too short.")}


@pytest.mark.parametrize("status", list(TranscriptStatus))
def test_an_unknown_status_counts_as_in_progress(status: TranscriptStatus) -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    tracker.record_transcript("j1", answer(status.value))
    assert ("j1" in tracker.ended) is (status in {TranscriptStatus.COMPLETED, TranscriptStatus.ERROR})


def test_an_ended_job_in_a_list_of_active_ones_is_requested_by_id() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    read_lists(tracker, page("j1", status="error"), EMPTY, EMPTY)
    assert tracker.unlisted_ids() == ["j1"]


def test_a_round_is_complete_once_every_job_is_accounted_for() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2", "j3"})
    assert not tracker.is_complete
    read_lists(tracker, page("j1"))
    assert not tracker.is_complete
    tracker.record_transcript("j2", answer("processing"))
    assert not tracker.is_complete
    tracker.record_missing("j3", 0)
    assert tracker.is_complete
    tracker.start_round({"j1", "j2", "j3"})
    assert not tracker.is_complete


def test_a_round_whose_lists_are_not_read_to_the_end_is_incomplete() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    tracker.postpone("j1")
    tracker.start_round({"j1"})
    assert tracker.next_page()
    assert not tracker.is_complete


def test_a_round_with_nothing_to_request_is_complete() -> None:
    tracker = JobTracker()
    assert not tracker.start_round(set())
    assert tracker.is_complete


def test_a_job_that_is_never_answered_makes_no_round_incomplete() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2"})
    read_lists(tracker)
    tracker.postpone("j1")
    assert not tracker.is_complete
    tracker.record_transcript("j2", answer("completed"))
    assert tracker.is_complete


def test_a_job_that_is_answered_again_must_be_answered_in_each_round() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    tracker.postpone("j1")
    tracker.record_transcript("j1", answer("processing"))
    tracker.start_round({"j1"})
    read_lists(tracker)
    assert not tracker.is_complete


def test_a_deleted_transcript_has_failed() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    tracker.record_transcript("j1", answer("completed", audio_url="http://deleted_by_user"))
    assert tracker.ended["j1"].failure


def test_further_pages_are_read_only_while_jobs_remain() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j5"})
    requested = read_lists(tracker, page("j1", "j2", more=True), page("j5", "j6", more=True))
    assert requested == [("queued", None), ("queued", "j2")]


def test_the_list_is_read_no_further_back_than_the_oldest_wanted_job() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j5"})
    read_lists(tracker, page("j1", "j5", "j9", more=True))
    tracker.start_round({"j1", "j5"})  # j5 has left the list meanwhile, and is known to be 5 s old
    requested = read_lists(tracker, page("j1", "j4", more=True), page("j6", "j7", more=True))
    assert requested[:3] == [("queued", None), ("queued", "j4"), ("processing", None)]
    assert tracker.unlisted_ids() == ["j5"]


def test_jobs_of_the_same_instant_may_be_on_either_side_of_a_page() -> None:
    tracker = JobTracker()
    tracker.start_round({"j5"})
    read_lists(tracker, page("j5"))
    tracker.start_round({"j5"})
    other = ListedTranscript(
        id="z", status=TranscriptStatus.PROCESSING, created=BORN - timedelta(seconds=5), audio_url=""
    )
    assert read_lists(tracker, Page(items=(other,), older="z"))[:2] == [("queued", None), ("queued", "z")]


def test_a_job_of_unknown_age_is_searched_to_the_end_of_the_list() -> None:
    tracker = JobTracker()
    tracker.start_round({"j99"})
    requested = read_lists(tracker, page("j1", more=True), page("j98", more=True), EMPTY)
    assert requested[:4] == [("queued", None), ("queued", "j1"), ("queued", "j98"), ("processing", None)]


def test_a_missing_job_has_ended_after_a_while_and_not_before() -> None:
    tracker = JobTracker()
    for now in (0.0, MISSING_AFTER_S - 1):
        tracker.start_round({"j1"})
        tracker.record_missing("j1", now)
        assert tracker.ended == {}
    tracker.start_round({"j1"})
    tracker.record_missing("j1", MISSING_AFTER_S)
    assert tracker.ended["j1"].failure


def test_a_missing_job_that_reappears_restarts_the_while() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1"})
    tracker.record_missing("j1", 0)
    tracker.record_transcript("j1", answer("processing"))
    tracker.record_missing("j1", MISSING_AFTER_S + 1)
    assert tracker.ended == {}


def test_outcomes_are_kept_only_while_their_jobs_are_wanted() -> None:
    tracker = JobTracker()
    tracker.start_round({"j1", "j2"})
    tracker.record_transcript("j1", answer("completed"))
    assert tracker.start_round({"j1", "j2"})
    assert tracker.unlisted_ids() == ["j2"]
    assert not tracker.start_round({"j1"})
    assert tracker.ended == {"j1": JobOutcome()}
    assert tracker.start_round({"j2"})
    assert tracker.ended == {}


def test_the_jobs_postponed_most_often_are_requested_last() -> None:
    tracker = JobTracker()
    wanted = {"j1", "j2", "j3", "j4"}
    tracker.start_round(wanted)
    for transcript_id in ("j1", "j2", "j1"):
        tracker.postpone(transcript_id)
    tracker.start_round(wanted)
    assert tracker.unlisted_ids() == ["j3", "j4", "j2", "j1"]


def test_several_short_waits_find_a_job_missing_like_a_long_one() -> None:
    missing_since: dict[str, float] = {}
    for now, has_ended in ((0.0, False), (30.0, False), (MISSING_AFTER_S, True)):
        tracker = JobTracker(missing_since=missing_since)
        tracker.start_round({"gone"})
        tracker.record_missing("gone", now)
        assert ("gone" in tracker.ended) is has_ended
