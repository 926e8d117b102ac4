"""What AssemblyAI has never answered yet, over the wire and through the Dag's own load.

Strange sentences are the matter of tests/integration/call_sentiment/test_load.py; here it is whole answers.
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
from tests.support.reliability.verdict import Verdict
from tests.support.reliability.world import World, content_sha256

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from tests.reliability.conftest import Trials

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


def _over_the_wire(transcript_id: str, body: object) -> Transcript:
    """The answer as bytes, read by the client's own core: NaN and lone surrogates are really there."""
    given_id = {"id": transcript_id, **body} if isinstance(body, dict) else body
    received = core.Answer(status_code=200, retry_after=None, body=json.dumps(given_id).encode())
    return core.read_transcript(core.get_transcript(transcript_id), received)


def _ledger(db: Connection, statement: str) -> list[tuple[Any, ...]]:
    with db.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def db(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    from call_sentiment.database import connect_dsn

    for name, value in world.workers.environment.items():
        monkeypatch.setenv(name, value)
    world.migrate()
    connection = connect_dsn(world.dsn)
    yield connection
    connection.close()


def _submitted(db: Connection) -> None:
    _ledger(db, "TRUNCATE call_sentiment.calls CASCADE")
    for call_id in CALLS:
        _ledger(db, f"INSERT INTO call_sentiment.calls (call_id, recording) VALUES ('{call_id}', '')")
        _ledger(
            db,
            "INSERT INTO call_sentiment.transcripts"
            " (call_id, config_sha256, options, attempt, state, assemblyai_id)"
            f" VALUES ('{call_id}', '', '{{}}', 1, 'submitted', '{call_id}')",
        )


def _judge(db: Connection, body: object) -> str:
    """Load the strange answer beside a plain one; returns what became of it. It is whole or it is nothing."""
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
    # One that cannot be read is left for the next try.
    with suppress(TransportError):
        load_batch(CONN, CALLS, lambda id_: _over_the_wire(id_, answers[id_]), workers=1)
    score_pending(db)
    states = dict(_ledger(db, "SELECT call_id, state FROM call_sentiment.transcripts"))
    assert states["even"] == "scored"
    ((stored, error, status),) = _ledger(
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
def _any_answer(db: Connection, trials: Trials, body: object) -> None:
    _submitted(db)
    _judge(db, body)
    trials.tried("strange-answer", Verdict(calls=len(CALLS)))


def test_any_answer_is_loaded_whole_or_not_at_all(db: Connection, trials: Trials) -> None:
    _any_answer(db, trials)


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
def test_an_answer_of_this_kind(db: Connection, trials: Trials, body: object, state: str) -> None:
    _submitted(db)
    assert _judge(db, body) == state
    trials.tried("strange-answer", Verdict(calls=len(CALLS)))


@pytest.mark.faults
def test_100000_sentences_come_through(world: World, trials: Trials) -> None:
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
    world.vendor.script(content_sha256(b"audio of alfa"), {"sentences": sentences, "audio_duration": 30_000})
    world.workers.run("run", world.location)
    trials.tried("huge-answer", world.examine())
    (row,) = world.query("SELECT sentence_count FROM call_sentiment.call_overview WHERE call_id = 'alfa'")
    assert row["sentence_count"] == 100_000
