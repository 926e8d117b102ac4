"""A sidecar's channels on their whole way: from disk through AssemblyAI's answer to the figures of a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support import dag_steps
from tests.support.ledgers import call, discover, record, rows
from tests.support.stored import Row, query

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

pytestmark = pytest.mark.usefixtures("airflow_results_conn", "assemblyai_conn")
BY_CHANNEL = {"1": "agent", "2": "customer"}
BY_LABEL = {"A": "agent", "B": "customer"}


def said(number: int, speaker: str, channel: str) -> Row:
    return {
        "text": f"Sentence {number}.",
        "start": 1000 * number,
        "end": 1000 * number + 900,
        "sentiment": "POSITIVE",
        "confidence": 0.9,
        "speaker": speaker,
        "channel": channel,
    }


STEREO = [said(0, "A", "1"), said(1, "B", "2")]
MONO = [said(0, "A", "1"), said(1, "B", "1")]


def transcribe(
    sandbox: SandboxServer, folder: Path, channels: Any, sentences: list[Row] | None, **outcome: Any
) -> None:
    """Run all steps for one call of the folder, as the Dag does."""
    sandbox.script("*", {"sentences": sentences, **outcome})
    record(folder, "a", call_id="A", channels=channels)
    (batch,) = dag_steps.discover(str(folder))
    dag_steps.submit(batch)
    dag_steps.load(batch)
    dag_steps.score()


def overview(db: Connection) -> Row:
    (row,) = query(db, "SELECT * FROM call_sentiment.call_overview WHERE call_id = 'A'")
    return row


def scored_roles(db: Connection) -> list[str]:
    row = overview(db)
    return [role for role in ("agent", "customer") if row[f"{role}_score"] is not None]


@pytest.mark.parametrize(
    ("channels", "sentences", "options"),
    [
        (BY_CHANNEL, STEREO, {"multichannel"}),
        ({" 01": "Agent ", "2": "CUSTOMER"}, STEREO, {"multichannel"}),
        ({"agent": "1", "customer": 2}, STEREO, {"multichannel"}),
        (BY_LABEL, MONO, {"speaker_labels"}),
        ({"agent": "a", "customer": "b"}, MONO, {"speaker_labels"}),
        ({"1A": "agent", "2A": "customer"}, STEREO, {"multichannel", "speaker_labels"}),
    ],
)
def test_named_channels_and_labels_become_scores_of_roles(
    db: Connection,
    sandbox: SandboxServer,
    tmp_path: Path,
    channels: Any,
    sentences: list[Row],
    options: set[str],
) -> None:
    transcribe(sandbox, tmp_path, channels, sentences, audio_channels=2)
    (row,) = rows(db, "A")
    asked = {"multichannel", "speaker_labels"}
    assert {name for name in asked if row["request"].get(name)} == options
    assert scored_roles(db) == ["agent", "customer"]
    assert row["notices"] == []


@pytest.mark.parametrize(
    ("channels", "sentences", "outcome", "parts", "scored"),
    [
        # One channel is on the recording, though two are named.
        (BY_CHANNEL, MONO, {"audio_channels": 1}, ["customer_score is empty", "has no channel 2"], ["agent"]),
        ({"2": "customer"}, MONO, {"audio_channels": 1}, ["agent_score and customer_score are empty"], []),
        # Two are, and nobody speaks on one.
        (BY_CHANNEL, MONO, {"audio_channels": 2}, ["customer_score is empty", "nothing to do if"], ["agent"]),
        ({"1": "agent"}, STEREO, {}, ["customer_score is empty", "what is not named has no role"], ["agent"]),
        (
            BY_CHANNEL,
            [*STEREO, said(2, "C", "3")],
            {"audio_channels": 3},
            ["the transcript has channel 1, channel 2, channel 3;", "name it in"],
            ["agent", "customer"],
        ),
        (
            BY_LABEL,
            [said(0, "A", "1")],
            {},
            ["the transcript has speaker A;", "customer_score is"],
            ["agent"],
        ),
        ({"1": "caller", "2": "agent"}, MONO, {}, ["channel 1 (caller)", "agent_score and cust"], []),
    ],
)
def test_channels_that_do_not_match_are_told_in_one_sentence(
    db: Connection,
    sandbox: SandboxServer,
    tmp_path: Path,
    channels: Any,
    sentences: list[Row],
    outcome: Row,
    parts: list[str],
    scored: list[str],
) -> None:
    transcribe(sandbox, tmp_path, channels, sentences, **outcome)
    (notice,) = rows(db, "A")[0]["notices"]
    assert [part for part in parts if part not in notice] == []
    assert scored_roles(db) == scored


def test_what_the_notice_of_a_mono_recording_advises_gives_both_scores(
    db: Connection, sandbox: SandboxServer, tmp_path: Path
) -> None:
    transcribe(sandbox, tmp_path, BY_CHANNEL, MONO, audio_channels=1)
    assert scored_roles(db) == ["agent"]
    record(tmp_path, "a", call_id="A", channels=BY_LABEL)
    assert discover(db, tmp_path, retranscribe=True) == ["A"]
    dag_steps.submit(["A"])
    dag_steps.load(["A"])
    dag_steps.score()
    assert scored_roles(db) == ["agent", "customer"]
    assert rows(db, "A")[-1]["notices"] == []


@pytest.mark.parametrize(
    ("channels", "label"),
    [(BY_CHANNEL, {"speaker": "A"}), (BY_CHANNEL, {}), (BY_LABEL, {"channel": "1", "speaker": "1A"})],
)
def test_an_answer_of_the_other_kind_is_told(
    db: Connection, sandbox: SandboxServer, tmp_path: Path, channels: Any, label: Row
) -> None:
    bare = {key: value for key, value in said(0, "", "").items() if key not in ("speaker", "channel")}
    answer = {"sentiment_analysis_results": [bare | label]}
    transcribe(sandbox, tmp_path, channels, None, audio_channels=2, transcript=answer)
    (notice,) = rows(db, "A")[0]["notices"]
    assert "agent_score and customer_score are empty" in notice
    assert "out of transcript_options" in notice


@pytest.mark.parametrize(("channels", "sentences"), [(None, STEREO), (BY_CHANNEL, [])])
def test_nothing_is_told_where_nothing_is_named_or_nobody_spoke(
    db: Connection, sandbox: SandboxServer, tmp_path: Path, channels: Any, sentences: list[Row]
) -> None:
    transcribe(sandbox, tmp_path, channels, sentences)
    (row,) = rows(db, "A")
    assert (row["state"], row["notices"]) == ("scored", [])


def test_a_name_that_assemblyai_gave_a_speaker_is_not_in_the_notice(
    db: Connection, sandbox: SandboxServer, tmp_path: Path
) -> None:
    answer = {"sentiment_analysis_results": [{**said(0, "Jane Doe", ""), "channel": None}]}
    transcribe(sandbox, tmp_path, BY_LABEL, None, transcript=answer)
    (notice,) = rows(db, "A")[0]["notices"]
    assert "the transcript has other names" in notice


@pytest.mark.parametrize(
    "channels", [{"left": "agent"}, {"ch1": "agent"}, {"0": "agent"}, {"1": "agent", "B": "customer"}]
)
def test_channels_that_cannot_be_read_fail_the_call_unpaid(
    db: Connection, sandbox: SandboxServer, tmp_path: Path, channels: Any
) -> None:
    record(tmp_path, "a", call_id="A", channels=channels)
    (batch,) = dag_steps.discover(str(tmp_path))
    dag_steps.submit(batch)
    (row,) = rows(db)
    assert (row["state"], row["assemblyai_id"]) == ("failed", None)
    assert "a.json: channels: " in row["error"]
    # Mended, it goes its way.
    (tmp_path / "a.json").write_text(json.dumps({"call_id": "A", "channels": BY_CHANNEL}))
    assert dag_steps.discover(str(tmp_path)) == [["A"]]
    assert call(db, "A")["channels"] == BY_CHANNEL
