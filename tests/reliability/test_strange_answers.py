"""Answers that AssemblyAI has never given, read by the client and stored by the Dag's own load.

This is about whole answers. For strange sentences see tests/integration/call_sentiment/test_load.py.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assemblyai_provider._client import core
from assemblyai_provider.exceptions import TransportError
from assemblyai_provider.models import Transcript
from call_sentiment.loading.load import load_batch
from call_sentiment.scoring.score import score_pending
from tests.support.reliability.call_centre import CallCentre, content_sha256
from tests.support.reliability.examination import Examination

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from tests.reliability.conftest import FaultRecorder

CONN = "call_sentiment_db"
EXAMPLES = 60
CALLS = ("odd", "even")
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["completed", "error", "\0", "\ud800", "NaN", "1e400", "POSITIVE"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
sentence = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(st.characters(exclude_categories=()), max_size=20) | anything,
        "start": st.integers(-5000, 5000) | anything,
        "end": st.integers(-5000, 5000) | anything,
        "sentiment": st.sampled_from(["POSITIVE", "NEUTRAL", "NEGATIVE", "SARCASTIC"]) | anything,
        "confidence": st.floats() | anything,
        "speaker": st.sampled_from(["A", "1B", None]) | anything,
        "channel": anything,
    },
)
answer = st.fixed_dictionaries(
    {"status": st.sampled_from(["completed", "completed", "error", "queued", "paused"]) | anything},
    optional={
        "sentiment_analysis_results": st.lists(sentence | anything, max_size=5) | anything,
        "error": anything,
        "text": anything,
        "utterances": anything,
        "audio_duration": anything,
        "language_code": anything,
        "speech_model_used": anything,
        "words": anything,
        "audio_url": anything,
    },
)


def _read_from_bytes(transcript_id: str, body: object) -> Transcript:
    """The answer as the client reads it from bytes, with NaN and lone surrogates in them."""
    given_id = {"id": transcript_id, **body} if isinstance(body, dict) else body
    received = core.Answer(status_code=200, retry_after=None, body=json.dumps(given_id).encode())
    return core.read_transcript(core.get_transcript(transcript_id), received)


def _run_sql(db: Connection, statement: str) -> list[tuple[Any, ...]]:
    with db.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def db(centre: CallCentre, monkeypatch: pytest.MonkeyPatch) -> Any:
    from call_sentiment.database import connect_dsn

    for name, value in centre.workers.environment.items():
        monkeypatch.setenv(name, value)
    centre.migrate()
    connection = connect_dsn(centre.dsn)
    yield connection
    connection.close()


def _store_submitted(db: Connection) -> None:
    _run_sql(db, "TRUNCATE call_sentiment.calls CASCADE")
    for call_id in CALLS:
        _run_sql(db, f"INSERT INTO call_sentiment.calls (call_id, recording) VALUES ('{call_id}', '')")
        _run_sql(
            db,
            "INSERT INTO call_sentiment.transcripts"
            " (call_id, config_sha256, options, attempt, state, assemblyai_id)"
            f" VALUES ('{call_id}', '', '{{}}', 1, 'submitted', '{call_id}')",
        )


def _load_and_check(db: Connection, body: object) -> str:
    """Load the strange answer beside a plain one and assert that it is stored whole or not at all.

    Returns the state of its transcript.
    """
    plain = {
        "status": "completed",
        "sentiment_analysis_results": [
            {
                "text": "Good day.",
                "start": 0,
                "end": 900,
                "sentiment": "NEUTRAL",
                "confidence": 0.9,
                "speaker": "A",
            }
        ],
    }
    answers = {"odd": body, "even": plain}
    # An answer that cannot be read fails this try.
    with suppress(TransportError):
        load_batch(CONN, CALLS, lambda id_: _read_from_bytes(id_, answers[id_]), workers=1)
    score_pending(db)
    states = dict(_run_sql(db, "SELECT call_id, state FROM call_sentiment.transcripts"))
    assert states["even"] == "scored"
    ((stored, error, status),) = _run_sql(
        db,
        "SELECT (SELECT count(*) FROM call_sentiment.sentences AS s WHERE s.transcript_id = t.transcript_id),"
        " error, status FROM call_sentiment.transcripts AS t WHERE call_id = 'odd'",
    )
    results = body.get("sentiment_analysis_results") if isinstance(body, dict) else None
    if states["odd"] == "scored":
        assert stored == (len(results) if isinstance(results, list) else 0) or status == "no_speech"
    else:
        assert states["odd"] in ("failed", "submitted")
        assert stored == 0
        assert error or states["odd"] == "submitted"
    return states["odd"]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(answer | anything)
def _any_answer(db: Connection, faults: FaultRecorder, body: object) -> None:
    _store_submitted(db)
    _load_and_check(db, body)
    faults.record("strange-answer", Examination(calls=len(CALLS)))


def test_any_answer_is_loaded_whole_or_not_at_all(db: Connection, faults: FaultRecorder) -> None:
    _any_answer(db, faults)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (
            {
                "status": "completed",
                "sentiment_analysis_results": [{"text": "a\0b\ud800", "confidence": float("nan")}],
            },
            "scored",
        ),
        ({"status": "completed", "sentiment_analysis_results": [{"start": 900, "end": -3}] * 2}, "scored"),
        ({"status": "completed", "audio_duration": float("inf"), "sentiment_analysis_results": []}, "scored"),
        ({"status": "completed", "sentiment_analysis_results": {"text": "no list"}}, "scored"),
        ({"status": "error", "error": {"no": "text"}}, "failed"),
        ({"status": "error"}, "failed"),
        ({"status": "paused"}, "submitted"),
        ({"status": None}, "submitted"),
        ({"status": "completed", "id": 7}, "submitted"),
        ([], "submitted"),
        (None, "submitted"),
    ],
)
def test_an_answer_of_this_kind(db: Connection, faults: FaultRecorder, body: object, state: str) -> None:
    _store_submitted(db)
    assert _load_and_check(db, body) == state
    faults.record("strange-answer", Examination(calls=len(CALLS)))


@pytest.mark.faults
def test_100000_sentences_come_through(centre: CallCentre, faults: FaultRecorder) -> None:
    sentences = [
        {
            "text": f"Sentence {n}.",
            "start": 300 * n,
            "end": 300 * n + 250,
            "sentiment": ("POSITIVE", "NEUTRAL", "NEGATIVE")[n % 3],
            "confidence": 0.9,
            "speaker": "AB"[n % 2],
        }
        for n in range(100_000)
    ]
    centre.vendor.script(content_sha256(b"audio of alfa"), {"sentences": sentences, "audio_duration": 30_000})
    centre.workers.run_step("run", centre.location)
    faults.record("huge-answer", centre.examine())
    (row,) = centre.query("SELECT sentence_count FROM call_sentiment.call_overview WHERE call_id = 'alfa'")
    assert row["sentence_count"] == 100_000
