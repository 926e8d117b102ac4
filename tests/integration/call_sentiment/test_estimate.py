"""Minutes and cost of what would be sent, before anything is."""

from __future__ import annotations

import json
import logging
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from call_sentiment.costs.durations import measure
from call_sentiment.costs.estimate import estimate
from call_sentiment.costs.prices import read_prices
from call_sentiment.discovery.preview import preview
from call_sentiment.estimate import main
from call_sentiment.tasks import estimate_calls
from local_stack.paths import REPOSITORY
from tests.support import dag_steps
from tests.support.ledgers import discover, put_into
from tests.support.stored import query
from tests.support.wav import write_wav

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

HANGUP = REPOSITORY / "recordings" / "short-hangup.mp3"
PRICES = json.dumps({"taken_on": "2026-10-01", "models": {"m": 3.6}, "add_ons": {"sentiment_analysis": 0}})


def request_for(options: object) -> dict[str, object]:
    return {"speech_models": ["m"], "sentiment_analysis": True}


@pytest.mark.parametrize(("name", "container"), [("b.mka", "matroska"), ("c.MP4", "mp4"), ("d.mp3", "mp3")])
def test_lengths_come_from_the_headers(tmp_path: Path, name: str, container: str) -> None:
    with av.open(HANGUP) as source, av.open(tmp_path / name, "w", format=container) as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert measure(str(tmp_path / name)) == pytest.approx(7.29, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"no sound", b"\0\0\0\x18ftypM4A ", b"#EXTM3U\n/etc/passwd\n"])
def test_a_file_without_a_readable_header_has_no_length(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert measure(str(tmp_path / "a.wav")) is None
    assert measure(str(tmp_path / "missing.wav")) is None
    assert measure("https://example.com/a.wav?secret=1") is None


def test_an_estimate_counts_what_a_run_would_send_and_changes_nothing(db: Connection, tmp_path: Path) -> None:
    for name, seconds in (("done", 100), ("open", 30), ("new", 59.5)):
        write_wav(tmp_path / f"{name}.wav", seconds)
        if name != "new":
            discover(db, tmp_path)
    put_into(db, f"{tmp_path}/done.wav", "scored")
    (tmp_path / "wrong.wav").write_bytes(b"x")
    (tmp_path / "wrong.json").write_text('{"call_id": []}')
    (tmp_path / "odd.amr").write_bytes(b"no sound")
    before = (
        query(db, "SELECT * FROM call_sentiment.calls"),
        query(db, "SELECT * FROM call_sentiment.transcripts"),
    )
    found = estimate(preview(db, str(tmp_path), {}), read_prices(PRICES), request_for)
    assert found.minutes * 60 == pytest.approx(89.5)
    assert found.costs == {"USD": Decimal("0.09")}
    assert found.unmeasured == [f"{tmp_path}/odd.amr"]
    assert found.lines() == [
        "5 recordings are listed; 2 are known and not sent again",
        "3 calls would be sent: 2 new ones, 1 open from before",
        "1.5 minutes of audio, by the headers of their recordings",
        "At most 0.09 USD: each begun second, the dearest of the models, all add-ons",
        f"1 recordings of unknown length, which are not in this estimate (1 .amr): {tmp_path}/odd.amr",
        f"1 recordings refused: {tmp_path}/wrong.wav (sidecar wrong.json: call_id must be a text)",
    ]
    after = (
        query(db, "SELECT * FROM call_sentiment.calls"),
        query(db, "SELECT * FROM call_sentiment.transcripts"),
    )
    assert after == before


def test_the_dags_dry_run_logs_the_estimate(
    results_db: Connection, airflow_results_conn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_wav(tmp_path / "a.wav", 60)
    params = {**dag_steps.PARAMS, "recordings": str(tmp_path)}
    with caplog.at_level(logging.INFO):
        estimate_calls(airflow_results_conn, params, PRICES, request_for)
    assert "At most 0.06 USD" in caplog.text
    assert query(results_db, "SELECT * FROM call_sentiment.calls") == []


@pytest.mark.usefixtures("assemblyai_conn")
def test_the_command_works_with_and_without_a_database(
    airflow_results_conn: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(HANGUP, tmp_path)
    main([str(tmp_path)])
    with_database = capsys.readouterr().out
    assert "1 calls would be sent: 1 new ones" in with_database
    assert "not known: no price for assemblyai-stt-3-7, sentiment_analysis, speaker_labels" in with_database
    assert airflow_results_conn
    own = {"taken_on": "2026-11-25", "models": {"assemblyai-stt-3-7": 36}}
    own["add_ons"] = {"sentiment_analysis": 0, "speaker_labels": 0}
    monkeypatch.setenv("AIRFLOW_VAR_CALL_SENTIMENT_PRICES", json.dumps(own))
    main([str(tmp_path), "--no-database"])
    assert "At most 0.08 USD" in capsys.readouterr().out


def test_the_command_names_a_wrong_location(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="is not a folder"):
        main(["/no/such/folder", "--no-database"])
