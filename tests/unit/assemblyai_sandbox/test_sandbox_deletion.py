"""DELETE, and what is left of a transcript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

URL = "http://deleted_by_user"


def test_a_deleted_transcript_still_says_completed(api: Api, server: SandboxServer) -> None:
    server.script("*", {"audio_duration": 61, "sentences": [{"text": "My secret.", "start": 0, "end": 900}]})
    transcript_id = api.submit(webhook_url="http://127.0.0.1:1/hook", sentiment_analysis=True)

    deleted = api.http.delete(f"/v2/transcript/{transcript_id}")

    assert deleted.status_code == 200
    assert deleted.json() == api.get(transcript_id)
    scrubbed = deleted.json()
    assert (scrubbed["id"], scrubbed["status"], scrubbed["audio_duration"]) == (
        transcript_id,
        "completed",
        61,
    )
    assert (scrubbed["text"], scrubbed["audio_url"], scrubbed["webhook_url"]) == (
        "Deleted by user.",
        URL,
        URL,
    )
    assert scrubbed["words"] is scrubbed["confidence"] is scrubbed["sentiment_analysis_results"] is None
    assert "secret" not in deleted.text
    item = api.http.get("/v2/transcript").json()["transcripts"][0]
    assert (item["audio_url"], item["status"]) == (URL, "completed")
    assert len(server.charges()) == 1


def test_the_uploaded_file_is_deleted_too(api: Api) -> None:
    upload_url = api.upload()
    api.http.delete(f"/v2/transcript/{api.submit(upload_url)}")

    assert api.result(upload_url)["error"].startswith("Download error")


def test_a_running_transcript_is_not_deleted(api: Api, server: SandboxServer) -> None:
    server.script("*", {"processing_s": 5})
    transcript_id = api.submit()

    refused = api.http.delete(f"/v2/transcript/{transcript_id}")

    assert refused.status_code == 400
    assert "status of 'processing'" in refused.json()["error"]
    server.clock.advance(5)
    assert api.http.delete(f"/v2/transcript/{transcript_id}").status_code == 200


@pytest.mark.parametrize(
    ("preset", "status", "message"),
    [("spec", 404, "Not found"), ("docs", 400, "Transcript lookup error, transcript id not found")],
)
def test_the_preset_sets_the_status_of_an_unknown_id(
    start: Callable[..., Api], preset: str, status: int, message: str
) -> None:
    api = start(preset=preset)

    for answer in (api.http.get("/v2/transcript/none"), api.http.delete("/v2/transcript/none")):
        assert (answer.status_code, answer.json()) == (status, {"error": message})


def test_no_word_of_a_deleted_call_stays_on_disk(start: Callable[..., Api], tmp_path: Path) -> None:
    api = start(state_dir=tmp_path)
    api.server.script("*", {"sentences": [{"text": "My secret.", "start": 0, "end": 900}]})
    transcript_id = api.submit(api.upload(b"secret audio"))
    assert "secret" in (tmp_path / "transcripts" / f"{transcript_id}.json").read_text()

    api.http.delete(f"/v2/transcript/{transcript_id}")

    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]
