from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assemblyai_provider.exceptions import AuthenticationError, TranscriptNotFoundError, TransportError
from assemblyai_provider.models import Transcript
from call_sentiment.jsontext import clean_text
from call_sentiment.loading.load import LoadSummary, load_batch
from call_sentiment.scoring.score import score_pending
from tests.support.ledgers import discover, put_into, record, rows, states
from tests.support.stored import Row, query
from tests.unit.call_sentiment.test_answers import answers
from tests.unit.call_sentiment.test_sentences import any_text

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SEED_EXAMPLE = Path(__file__).parents[2] / "fixtures" / "seed_example_response.json"
CONN = "call_sentiment_db"
pytestmark = pytest.mark.usefixtures("airflow_results_conn")


def said(text: str, start: int, sentiment: str = "NEUTRAL", **more: Any) -> Row:
    return {
        "text": text,
        "start": start,
        "end": start + 900,
        "sentiment": sentiment,
        "confidence": 0.9,
        **more,
    }


def completed(*results: Any, **more: Any) -> Row:
    return {"status": "completed", "sentiment_analysis_results": list(results), "audio_duration": 9, **more}


class Service:
    """Answers for AssemblyAI: by call id, an answer, or an error to raise."""

    def __init__(self, **by_call: Mapping[str, Any] | Exception) -> None:
        self.by_call = by_call
        self.asked: list[str] = []

    def fetch(self, assemblyai_id: str) -> Transcript:
        call_id = assemblyai_id.removeprefix("id of ")
        self.asked.append(call_id)
        answer = self.by_call[call_id]
        if isinstance(answer, Exception):
            raise answer
        return Transcript.from_api({"id": assemblyai_id, **answer})


@pytest.fixture
def calls(db: Connection, tmp_path: Path) -> Connection:
    """Three submitted calls, A, B and C."""
    for name in "abc":
        record(tmp_path, name, call_id=name.upper(), channels={"1": "agent", "2": "customer"})
    discover(db, tmp_path)
    for name in "ABC":
        put_into(db, name, "submitted")
    return db


def sentences(connection: Connection, call_id: str) -> list[Row]:
    return query(
        connection,
        "SELECT s.* FROM call_sentiment.sentences AS s"
        " JOIN call_sentiment.transcripts AS t USING (transcript_id)"
        " WHERE t.call_id = %s ORDER BY s.position",
        call_id,
    )


def load(service: Service, *call_ids: str, workers: int = 2) -> LoadSummary:
    return load_batch(CONN, list(call_ids), service.fetch, workers)


def submitted(db: Connection, folder: Path, count: int) -> list[str]:
    """So many submitted calls; their ids."""
    names = [f"call-{number:02}" for number in range(count)]
    for name in names:
        record(folder, name, call_id=name)
    discover(db, folder)
    for name in names:
        put_into(db, name, "submitted")
    return names


def test_a_finished_transcript_is_stored_with_its_sentences(calls: Connection) -> None:
    answer = completed(
        said("Tab\there, line\nbreak, back\\slash, \\N, é \U0001f600", 0, channel="1", speaker="1"),
        said("Fine.", 1000, "POSITIVE", channel="2", speaker="2A", confidence=None),
        language_code="en_us",
        speech_model_used="universal-3-5-pro",
        content_safety_labels={"status": "success"},
    )
    assert load(Service(A=answer), "A") == LoadSummary(loaded=1, sentences=2)
    (row,) = rows(calls, "A")
    assert (row["state"], row["status"], row["audio_duration_s"]) == ("loaded", "ok", 9)
    assert (row["language_code"], row["speech_model_used"]) == ("en_us", "universal-3-5-pro")
    assert row["answer"]["content_safety_labels"] == {"status": "success"}
    first, second = sentences(calls, "A")
    assert first["text"] == "Tab\there, line\nbreak, back\\slash, \\N, é \U0001f600"
    assert (first["start_ms"], first["end_ms"], first["role"], first["raw"]) == (0, 900, "agent", None)
    assert (second["confidence"], second["role"], second["speaker"]) == (None, "customer", "2A")
    assert states(calls)["B"] == "submitted"


def test_loading_again_asks_nothing_and_changes_nothing(calls: Connection) -> None:
    service = Service(A=completed(said("Hello.", 0)))
    load(service, "A")
    before = rows(calls), sentences(calls, "A")
    assert load(service, "A") == LoadSummary()
    assert (rows(calls), sentences(calls, "A")) == before
    assert service.asked == ["A"]


def test_two_processes_that_load_at_once_store_it_once(calls: Connection) -> None:
    fetching, go_on = threading.Event(), threading.Event()

    def fetch(assemblyai_id: str) -> Transcript:
        fetching.set()
        assert go_on.wait(timeout=30)
        return Transcript.from_api({"id": assemblyai_id, **completed(said("Hello.", 0))})

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(load_batch, CONN, ["A"], fetch, 1)
        assert fetching.wait(timeout=30)
        # The second one leaves it to the first, and does not even ask for it.
        assert load(Service(), "A") == LoadSummary()
        go_on.set()
        assert first.result().loaded == 1
    assert len(sentences(calls, "A")) == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (completed(), "no_speech"),
        (completed(text="Hola.", sentiment_analysis_results=None), "not_analyzed"),
        ({"status": "completed", "text": "Hola."}, "not_analyzed"),
        (
            {
                "status": "error",
                "error": "language_detection cannot be performed on files with no spoken audio.",
            },
            "no_speech",
        ),
    ],
)
def test_a_call_without_sentences_is_loaded_and_scored_all_the_same(
    calls: Connection, answer: Row, status: str
) -> None:
    load(Service(A=answer), "A")
    score_pending(calls)
    (row,) = rows(calls, "A")
    assert (row["state"], row["status"]) == ("scored", status)
    assert row["answer"].get("text") == answer.get("text")


@pytest.mark.parametrize(
    ("answer", "reason", "retryable"),
    [
        (
            {"status": "error", "error": "Download error to https://x.example/a?s=1, 403"},
            "Download error to https://x.example/a 403",
            False,
        ),
        (
            {"status": "error", "error": "Server error, developers have been alerted."},
            "Server error, developers have been alerted.",
            True,
        ),
        (
            {"status": "completed", "text": "Deleted by user.", "audio_url": "http://deleted_by_user"},
            "the transcript was deleted at AssemblyAI",
            False,
        ),
        (TranscriptNotFoundError("?"), "AssemblyAI no longer knows this transcript", True),
    ],
)
def test_a_failed_job_is_recorded_with_its_reason(
    calls: Connection, answer: Any, reason: str, retryable: bool
) -> None:
    assert load(Service(A=answer, B=completed(said("Hello.", 0))), "A", "B") == LoadSummary(
        loaded=1, sentences=1, failed=1
    )
    (row,) = rows(calls, "A")
    assert (row["state"], row["failed_in"], row["retryable"]) == ("failed", "load", retryable)
    assert row["error"] == reason
    assert states(calls)["B"] == "loaded"


@pytest.mark.parametrize("status", ["queued", "processing", "something new"])
def test_a_job_in_progress_is_left_alone(calls: Connection, status: str) -> None:
    assert load(Service(A={"status": status}), "A") == LoadSummary(in_progress=1)
    assert states(calls)["A"] == "submitted"


def test_a_network_error_leaves_its_call_and_is_raised_after_the_others(calls: Connection) -> None:
    service = Service(A=TransportError("reset"), B=completed(said("Hello.", 0)), C=TransportError("reset"))
    with pytest.raises(TransportError, match="reset"):
        load(service, "A", "B", "C")
    assert states(calls) == {"A": "submitted", "B": "loaded", "C": "submitted"}


def test_a_wrong_key_stops_at_once_and_fails_no_call(calls: Connection) -> None:
    service = Service(A=AuthenticationError("401"), B=completed(), C=completed())
    with pytest.raises(AuthenticationError):
        load(service, "A", "B", "C", workers=1)
    assert service.asked == ["A"]
    assert set(states(calls).values()) == {"submitted"}


def test_a_wrong_key_stops_the_other_threads_too(db: Connection, tmp_path: Path) -> None:
    names = submitted(db, tmp_path, 20)
    asking: list[int] = []
    refused = threading.Event()

    def fetch(assemblyai_id: str) -> Transcript:
        asking.append(threading.get_ident())
        if threading.get_ident() != asking[0]:
            refused.set()
            raise AuthenticationError("401")
        refused.wait(timeout=30)
        return Transcript.from_api({"id": assemblyai_id, **completed(said("Hello.", 0))})

    with pytest.raises(AuthenticationError):
        load_batch(CONN, names, fetch, workers=2)
    assert len(asking) < len(names)


def test_what_the_database_refuses_fails_one_call_without_quoting_it(calls: Connection) -> None:
    # Nothing we know of is refused any more, so a constraint of the test's own is put in the way.
    query(calls, "ALTER TABLE call_sentiment.sentences ALTER COLUMN text TYPE varchar(20)")
    long = completed(said("fine", 0), said("secret " * 10, 1000))
    assert load(Service(A=long, B=completed(said("Hello.", 0))), "A", "B").failed == 1
    assert (
        rows(calls, "A")[0]["error"]
        == "the answer cannot be stored (PostgreSQL error 22001, StringDataRightTruncation)"
    )
    assert sentences(calls, "A") == []
    assert states(calls)["B"] == "loaded"


def test_no_more_answers_are_in_memory_than_workers(db: Connection, tmp_path: Path) -> None:
    names = submitted(db, tmp_path, 9)

    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    class Token:
        pass

    def fetch(assemblyai_id: str) -> Transcript:
        nonlocal most
        token = Token()
        alive.add(token)
        gc.collect()
        most = max(most, len(alive))
        return Transcript.from_api({"id": assemblyai_id, **completed(said("Hello.", 0)), "token": token})

    assert load_batch(CONN, names, fetch, workers=3).loaded == 9
    assert most <= 3


def test_a_hundred_thousand_sentences_are_loaded_and_scored(calls: Connection) -> None:
    answer = completed(*(said(f"Sentence {n}.", 1000 * n) for n in range(100_000)))
    assert load(Service(A=answer), "A").sentences == 100_000
    assert score_pending(calls) == 1


def test_the_documentations_example_is_stored_word_for_word(calls: Connection) -> None:
    answer = json.loads(SEED_EXAMPLE.read_text())
    load(Service(A={**answer, "id": "id of A"}), "A")
    stored = sentences(calls, "A")
    assert [row["text"] for row in stored] == [r["text"] for r in answer["sentiment_analysis_results"]]
    assert [row["confidence"] for row in stored] == [
        r["confidence"] for r in answer["sentiment_analysis_results"]
    ]
    assert all(row["raw"] is None for row in stored)
    assert "text" not in rows(calls, "A")[0]["answer"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(any_text, st.none() | any_text), min_size=1, max_size=4))
def test_whatever_is_said_is_stored_as_it_was_said(
    calls: Connection, lines: list[tuple[str, str | None]]
) -> None:
    query(calls, "TRUNCATE call_sentiment.sentences")
    query(calls, "UPDATE call_sentiment.transcripts SET state = 'submitted'")
    load(Service(A=completed(*(said(text, 0, speaker=speaker) for text, speaker in lines))), "A")
    assert [(row["text"], row["speaker"]) for row in sentences(calls, "A")] == [
        (clean_text(text), speaker and clean_text(speaker)) for text, speaker in lines
    ]


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(answers, min_size=3, max_size=3))
def test_any_answer_is_loaded_and_scored_whole(calls: Connection, some: list[Row]) -> None:
    query(
        calls, "TRUNCATE call_sentiment.sentences, call_sentiment.call_scores, call_sentiment.speaker_scores"
    )
    query(
        calls,
        "UPDATE call_sentiment.transcripts SET state = 'submitted', assemblyai_id = 'id of ' || call_id,"
        " failed_in = NULL, error = NULL",
    )
    by_call = dict(zip("ABC", ({**answer, "status": "completed"} for answer in some), strict=True))
    assert load(Service(**by_call), *"ABC").loaded == 3
    score_pending(calls)
    for call_id, answer in by_call.items():
        results = answer.get("sentiment_analysis_results")
        stored = sentences(calls, call_id)
        assert len(stored) == (len(results) if isinstance(results, list) else 0)
        (row,) = rows(calls, call_id)
        assert row["state"] == "scored"
        if row["status"] in ("ok", "invalid"):
            (scored,) = query(
                calls,
                "SELECT * FROM call_sentiment.call_scores WHERE transcript_id = %s",
                row["transcript_id"],
            )
            valid = scored["sentence_count"] or 0
            assert valid + (scored["invalid_count"] or 0) in (len(stored), 0)
