from __future__ import annotations

import json

import pytest

from assemblyai_provider.exceptions import AuthenticationError
from assemblyai_provider.hooks import AssemblyAIHook
from assemblyai_sandbox.testing import SandboxServer


@pytest.fixture
def wrong_key(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> AssemblyAIHook:
    fields = {"conn_type": "assemblyai", "host": sandbox.url, "password": "wrong-S3CRET"}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps(fields))
    return AssemblyAIHook("wrong")


def test_checking_the_account_is_one_request(assemblyai_conn: str, sandbox: SandboxServer) -> None:
    AssemblyAIHook(assemblyai_conn).check_account()
    (entry,) = sandbox.journal()
    assert (entry["endpoint"], entry["query"]) == ("list", "limit=1")


def test_a_refused_key_names_the_connection_and_the_cure(wrong_key: AssemblyAIHook) -> None:
    with pytest.raises(AuthenticationError, match=r"'wrong'.*Correct the API key") as raised:
        wrong_key.check_account()
    assert "S3CRET" not in str(raised.value)


def test_the_test_button_shows_success_and_failure(assemblyai_conn: str, wrong_key: AssemblyAIHook) -> None:
    assert AssemblyAIHook(assemblyai_conn).test_connection() == (True, "AssemblyAI accepted the API key")
    works, message = wrong_key.test_connection()
    assert not works
    assert "Correct the API key" in message


def test_a_transcript_is_read_as_it_is(assemblyai_conn: str, sandbox: SandboxServer) -> None:
    hook = AssemblyAIHook(assemblyai_conn)
    transcript_id = hook.client.post_transcript({"audio_url": "https://h/a.mp3"}, lambda: None)
    assert hook.get_transcript(transcript_id).raw["audio_url"] == "https://h/a.mp3"


def test_jobs_are_in_progress_until_one_has_ended_or_is_unknown(
    assemblyai_conn: str, sandbox: SandboxServer
) -> None:
    sandbox.script("*", {"processing_s": 30})
    sandbox.script("quick", {"processing_s": 10})
    hook = AssemblyAIHook(assemblyai_conn)
    slow, quick = (
        hook.client.post_transcript({"audio_url": f"https://h/{name}.mp3"}, lambda: None)
        for name in ("slow", "quick")
    )
    before = len(sandbox.journal())
    assert hook.are_in_progress([slow, quick])
    # Two lists answer for both, without requests by id.
    assert {entry["endpoint"] for entry in sandbox.journal()[before:]} == {"list"}
    assert not hook.are_in_progress([slow, "unknown"])
    sandbox.clock.advance(15)
    assert not hook.are_in_progress([slow, quick])
    assert hook.are_in_progress([slow])
