"""GET /v2/transcript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from assemblyai_sandbox.testing import SandboxServer
from tests.support.sandbox_api import AUDIO_URL, Api

DAY_S = 86_400


def test_the_newest_comes_first_ten_at_a_time(api: Api) -> None:
    ids = [api.submit() for _ in range(12)]

    assert api.ids() == ids[:1:-1]


def test_prev_leads_to_older_pages_and_next_back_to_newer_ones(api: Api) -> None:
    ids = [api.submit() for _ in range(7)][::-1]

    def follow(url: str) -> tuple[list[str], str | None, str | None]:
        page = api.http.get(url).json()
        details = page["page_details"]
        assert (details["limit"], details["result_count"]) == (3, len(page["transcripts"]))
        return [item["id"] for item in page["transcripts"]], details["prev_url"], details["next_url"]

    newest, older, none = follow(f"{api.server.url}/v2/transcript?limit=3")
    middle, oldest_url, back = follow(str(older))
    oldest, end, _ = follow(str(oldest_url))
    assert [newest, middle, oldest] == [ids[:3], ids[3:6], ids[6:]]
    assert none is end is None
    assert "before_id=" in str(older)
    assert "after_id=" in str(back)
    assert follow(str(back))[0] == newest


def test_a_page_of_newer_ones_is_the_nearest(api: Api) -> None:
    ids = [api.submit() for _ in range(6)]

    assert api.ids(after_id=ids[0], limit=2) == [ids[2], ids[1]]


def test_an_item_says_what_the_list_promises(api: Api, server: SandboxServer) -> None:
    server.script("*", {"status": "error", "error": "No."}, {"processing_s": 5})
    failed, running = api.submit(), api.submit()
    server.clock.advance(1)
    items = {item["id"]: item for item in api.http.get("/v2/transcript").json()["transcripts"]}

    assert set(items[failed]) == {
        "id",
        "resource_url",
        "status",
        "created",
        "completed",
        "audio_url",
        "error",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", items[failed]["created"])
    assert (items[failed]["status"], items[failed]["completed"], items[failed]["error"]) == (
        "error",
        None,
        "No.",
    )
    assert (items[running]["status"], items[running]["completed"], items[running]["error"]) == (
        "processing",
        None,
        None,
    )
    assert items[running]["audio_url"] == AUDIO_URL
    assert api.http.get(items[running]["resource_url"]).json()["id"] == running


def test_filters_keep_what_they_name(api: Api, server: SandboxServer) -> None:
    server.script("*", {"status": "error", "error": "No."}, {"processing_s": 5}, {"sentences": []})
    failed, running, done = api.submit(), api.submit(), api.submit()

    by_status = {status: api.ids(status=status) for status in ("queued", "processing", "completed", "error")}

    assert by_status == {"queued": [], "processing": [running], "completed": [done], "error": [failed]}
    today = server.clock.now().date().isoformat()
    assert api.ids(created_on=today) == [done, running, failed]
    assert api.ids(created_on="2001-01-01") == []


def test_throttled_only_overrides_the_status(start: Callable[..., Api]) -> None:
    api = start(concurrency=1)
    api.server.script("*", {"processing_s": 5})
    _, waiting = api.submit(), api.submit()

    assert api.ids(throttled_only="true", status="completed") == [waiting]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "status=done", "created_on=today", "page=2"]
)
def test_a_wrong_query_is_refused(api: Api, query: str) -> None:
    assert api.http.get(f"/v2/transcript?{query}").status_code == 400


def test_after_90_days_the_list_forgets_what_an_id_still_finds(start: Callable[..., Api]) -> None:
    api = start(retention_s=None)
    transcript_id = api.submit()
    api.server.clock.advance(90 * DAY_S)
    assert api.ids() == [transcript_id]

    api.server.clock.advance(1)

    assert api.ids() == []
    assert api.get(transcript_id)["status"] == "completed"


def test_after_its_retention_a_transcript_is_gone_but_was_paid(start: Callable[..., Api]) -> None:
    api = start(retention_s=30 * DAY_S)
    transcript_id = api.submit()

    api.server.clock.advance(30 * DAY_S)

    assert api.http.get(f"/v2/transcript/{transcript_id}").status_code == 404
    assert api.ids() == []
    assert len(api.server.charges()) == 1


def test_a_submission_may_show_in_the_list_only_later(api: Api, server: SandboxServer) -> None:
    server.fault("list_delay", delay_s=30)
    transcript_id = api.submit()

    assert api.ids() == []
    assert api.get(transcript_id)["id"] == transcript_id
    server.clock.advance(30)
    assert api.ids() == [transcript_id]


def test_an_id_may_be_unknown_for_a_moment(api: Api, server: SandboxServer) -> None:
    server.fault("get_delay", delay_s=2)
    transcript_id = api.submit()

    assert api.http.get(f"/v2/transcript/{transcript_id}").status_code == 404
    assert api.ids() == [transcript_id]
    server.clock.advance(2)
    assert api.get(transcript_id)["status"] == "completed"
