from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from assemblyai_provider._client import AssemblyAIClient
from assemblyai_provider._submission.lost_answers import find_submission, submit_job
from assemblyai_provider.exceptions import SubmissionUnknownError
from assemblyai_provider.submission_memory import hash_audio_url
from assemblyai_sandbox.testing import SandboxServer
from tests.integration.assemblyai_provider.conftest import Pauses

URL = "https://h.example/a.mp3"


def newest(transcript_ids: Sequence[str]) -> str | None:
    return transcript_ids[0]


def send(client: AssemblyAIClient) -> str:
    return submit_job(client, {"audio_url": URL}, before_post=lambda: None, adopt=newest)


@pytest.mark.parametrize("fault", ["lost_answer", "reset_after", "truncated_json", "truncated_body"])
def test_a_job_whose_answer_was_lost_is_found_and_not_posted_again(
    client: AssemblyAIClient, sandbox: SandboxServer, fault: str
) -> None:
    sandbox.fault(fault, "submit")
    transcript_id = send(client)
    assert [charge["transcript_id"] for charge in sandbox.charges()] == [transcript_id]
    assert len(sandbox.journal("submit")) == 1


@pytest.mark.parametrize("fault", ["server_error", "unavailable", "gateway_timeout", "html"])
def test_a_job_that_was_accepted_behind_a_server_error_is_found(
    client: AssemblyAIClient, sandbox: SandboxServer, fault: str
) -> None:
    sandbox.fault(fault, "submit", accepted=True)
    transcript_id = send(client)
    assert [charge["transcript_id"] for charge in sandbox.charges()] == [transcript_id]


def test_a_job_that_appears_late_in_the_list_is_waited_for(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.fault("list_delay", delay_s=50)
    sandbox.fault("lost_answer", "submit")
    send(client)
    assert len(sandbox.charges()) == 1


@pytest.mark.parametrize("fault", ["server_error", "reset_before"])
def test_a_job_that_never_appears_is_posted_again_after_a_while(
    client: AssemblyAIClient, sandbox: SandboxServer, pauses: Pauses, fault: str
) -> None:
    sandbox.fault(fault, "submit")
    send(client)
    assert len(sandbox.charges()) == 1
    assert len(sandbox.journal("submit")) == 2
    assert sum(pauses) == pytest.approx(60)


def test_it_is_posted_three_times_and_then_left_to_a_retry(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.fault("server_error", "submit", count=None)
    with pytest.raises(SubmissionUnknownError):
        send(client)
    assert len(sandbox.journal("submit")) == 3


def test_it_is_not_posted_again_while_the_list_cannot_be_read(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    sandbox.fault("lost_answer", "submit")
    sandbox.fault("server_error", "list", count=None)
    with pytest.raises(SubmissionUnknownError):
        send(client)
    assert len(sandbox.journal("submit")) == 1


def test_it_is_made_durable_before_every_post(client: AssemblyAIClient, sandbox: SandboxServer) -> None:
    sandbox.fault("rate_limited", "submit")
    sandbox.fault("reset_before", "submit")
    posts_before = []
    submit_job(
        client,
        {"audio_url": URL},
        before_post=lambda: posts_before.append(len(sandbox.journal("submit"))),
        adopt=newest,
    )
    assert posts_before == [0, 1, 2]


def find(client: AssemblyAIClient, url: str = URL, minutes_ago: float = 0) -> str | None:
    posted_at = client.now() - timedelta(minutes=minutes_ago)
    return find_submission(client, hash_audio_url(url), posted_at, adopt=newest)


def test_the_job_of_an_earlier_try_is_found_among_many_pages(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    transcript_id = client.post_transcript({"audio_url": URL}, lambda: None)
    for number in range(250):
        client.post_transcript({"audio_url": f"https://h.example/{number}"}, lambda: None)
    assert find(client, minutes_ago=2) == transcript_id
    assert len(sandbox.journal("list")) == 2


def test_an_old_try_is_searched_for_once_without_waiting(client: AssemblyAIClient, pauses: Pauses) -> None:
    assert find(client, minutes_ago=10) is None
    assert pauses == []


def test_a_job_of_the_same_url_from_long_before_is_another(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    client.post_transcript({"audio_url": URL}, lambda: None)
    sandbox.clock.advance(3600)
    assert find(client) is None


def test_the_list_is_read_no_further_back_than_the_post(
    client: AssemblyAIClient, sandbox: SandboxServer
) -> None:
    for number in range(201):
        client.post_transcript({"audio_url": f"https://h.example/{number}"}, lambda: None)
    sandbox.clock.advance(3600)
    find(client, minutes_ago=10)
    assert len(sandbox.journal("list")) == 1
