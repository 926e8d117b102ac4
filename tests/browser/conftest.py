"""The pages in the system's Chromium, inside the Airflow UI, on a real api-server and database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from call_sentiment.scoring.score import score_pending
from local_stack.paths import REPOSITORY
from tests.support.fixtures import server_folder
from tests.support.pages import PagesServer, pages_server
from tests.support.stored import query, said, store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<script>document.title='owned'</script>"
CALL = "refund & return?"

expect.set_options(timeout=20_000)


# Not longer than its module: as long as it runs, no other test can run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        message = "no Chromium on this machine: install it (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


def add_calls(server: PagesServer) -> None:
    """One call that can be heard, with words that are no markup, and one without speech."""
    sentences = [
        said("POSITIVE", 0.9, 500, role="agent", text="Hello, how can I help you?"),
        said("NEGATIVE", 0.8, 4000, role="customer", speaker="B", text=HOSTILE),
        *(
            said(
                "NEGATIVE",
                0.9,
                8000 + 3000 * n,
                role="customer",
                speaker="B",
                text=f"It is broken, part {n}.",
            )
            for n in range(6)
        ),
    ]
    recording = str(REPOSITORY / "recordings" / "refund-refused.mp3")
    with closing(server.results()) as db:
        (heard,) = store(db, [sentences], queue="billing", agent_id="agent-7", started_at="2026-11-20 10:00Z")
        store(db, [[]], status="no_speech", queue="orders", started_at="2026-11-21 10:00Z")
        query(
            db,
            "INSERT INTO call_sentiment.calls (call_id, recording, queue, agent_id, started_at)"
            " SELECT %s, %s, queue, agent_id, started_at FROM call_sentiment.calls WHERE queue = 'billing'",
            CALL,
            recording,
        )
        query(db, "UPDATE call_sentiment.transcripts SET call_id = %s WHERE transcript_id = %s", CALL, heard)
        query(db, "DELETE FROM call_sentiment.calls WHERE queue = 'billing' AND call_id <> %s", CALL)
        query(
            db,
            "INSERT INTO call_sentiment.transcript_tasks (transcript_id, dag_id, run_id, task_id, map_index)"
            " VALUES (%s, 'call_sentiment', 'manual__1', 'load', 0)",
            heard,
        )
        score_pending(db)


@pytest.fixture(scope="module")
def server() -> Iterator[PagesServer]:
    """The pages below a path, with users."""
    with server_folder() as folder, pages_server(folder, path="/air") as server:
        add_calls(server)
        yield server


Login = Callable[..., Page]


@pytest.fixture
def log_in(browser: Browser, server: PagesServer) -> Iterator[Login]:
    """Open a place of Airflow as a user, through its login page."""
    contexts = []

    def open_as(user: str, place: str, *, theme: str = "light", width: int = 1400) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        page = context.new_page()
        page.goto(f"{server.base_url}/{place}")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(user * 2)
        page.get_by_role("button", name="Sign in").click()
        return page

    yield open_as
    for context in contexts:
        context.close()


def frame_of(page: Page) -> Frame:
    """The frame of our page in the Airflow UI."""
    handle = page.wait_for_selector("iframe", timeout=30_000)
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector("main", timeout=30_000)
    return frame
