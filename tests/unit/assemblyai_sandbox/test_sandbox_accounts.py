"""Keys, projects, regions, rate limits and balances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import Api

UNAUTHENTICATED = {"error": "Authentication error, API token missing/invalid"}
KEYS = {"red": "acme/sales", "blue": "acme/sales", "green": "acme/support", "other": "rival/main"}


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "wrong"}, {"authorization": "Bearer sandbox-key"}], ids=repr
)
def test_a_missing_a_wrong_and_a_bearer_key_get_the_same_answer(api: Api, headers: dict[str, str]) -> None:
    api.http.headers.pop("authorization")

    answer = api.http.get("/v2/transcript", headers=headers)

    assert (answer.status_code, answer.json()) == (401, UNAUTHENTICATED)


def test_two_keys_of_a_project_see_the_same_transcripts(
    start: Callable[..., Api], connect: Callable[..., Api]
) -> None:
    red = start(api_keys=KEYS)
    blue = connect(red.server, "blue")

    transcript_id = red.submit()

    assert blue.get(transcript_id)["id"] == transcript_id
    assert blue.ids() == [transcript_id]


@pytest.mark.parametrize("key", ["green", "other"])
def test_another_project_sees_neither_transcript_nor_upload(
    start: Callable[..., Api], connect: Callable[..., Api], key: str
) -> None:
    red = start(api_keys=KEYS)
    foreign = connect(red.server, key)
    upload_url = red.upload()
    transcript_id = red.submit()

    assert foreign.http.get(f"/v2/transcript/{transcript_id}").status_code == 404
    assert foreign.http.delete(f"/v2/transcript/{transcript_id}").status_code == 404
    assert foreign.ids() == []
    refused = foreign.post(upload_url)
    assert (refused.status_code, refused.json()) == (403, {"error": "Cannot access uploaded file"})
    assert foreign.ids() == []


def test_the_other_region_knows_nothing_of_an_id_or_an_upload(start: Callable[..., Api]) -> None:
    us, eu = start(region="us"), start(region="eu")
    upload_url, transcript_id = us.upload(), us.submit()

    assert eu.http.get(f"/v2/transcript/{transcript_id}").status_code == 404
    assert us.submit() != eu.submit()
    assert eu.result(upload_url)["error"].startswith(f"Download error, unable to download {upload_url}.")
    assert us.result(upload_url)["status"] == "completed"


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limited"), (403, "rate_limited_403")])
def test_the_rate_limit_is_the_accounts_and_ends_with_its_window(
    start: Callable[..., Api], connect: Callable[..., Api], status: int, kind: str
) -> None:
    red = start(api_keys=KEYS, rate_limit=3, rate_limit_status=status)
    green, other = connect(red.server, "green"), connect(red.server, "other")
    red.submit()
    green.submit()
    red.server.clock.advance(100)
    red.submit()

    limited = green.http.get("/v2/transcript")

    assert (limited.status_code, limited.json()) == (status, {"error": "Too Many Requests"})
    assert limited.headers["retry-after"] == "200"
    assert other.http.get("/v2/transcript").status_code == 200
    red.server.clock.advance(200)
    assert green.http.get("/v2/transcript").status_code == 200


def test_a_rate_limit_on_posts_lets_polling_pass(start: Callable[..., Api]) -> None:
    api = start(rate_limit=1, rate_limit_counts="post")
    transcript_id = api.submit()

    assert api.get(transcript_id)["status"] == "completed"
    assert api.post().status_code == 429


def test_a_negative_balance_refuses_submissions_with_400(api: Api, server: SandboxServer) -> None:
    server.account(negative_balance=True)

    refused = api.post()

    assert refused.status_code == 400
    assert refused.json()["error"].startswith("Your current account balance is negative.")
    server.account(negative_balance=False)
    assert api.post().status_code == 200


def test_a_negative_balance_may_instead_leave_one_job_at_a_time(start: Callable[..., Api]) -> None:
    api = start(negative_balance="limit")
    api.server.account(negative_balance=True)
    api.server.script("*", {"processing_s": 60, "sentences": []})

    first, second = api.submit(), api.submit()

    assert [api.get(first)["status"], api.get(second)["status"]] == ["processing", "queued"]


def test_an_account_is_changed_only_in_what_it_has(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="no account named"):
        server.account("nobody", concurrency=1)
    with pytest.raises(ValueError, match="no colour"):
        server.account(colour="red")
