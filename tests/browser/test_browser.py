"""What people do with the pages: log in, filter, open a call, listen, follow a link to Airflow and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import CALL, HOSTILE, Login, frame_of
from tests.support.blind_labels import add_calls, draw, label
from tests.support.stored import query

if TYPE_CHECKING:
    from tests.support.pages import PagesServer

CALL_QUERY = f"id={quote_plus(CALL)}"
PAGES = (
    *("calls", f"call?{CALL_QUERY}", "pipeline", "trends", "calibration"),
    *("review", f"review/call?{CALL_QUERY}"),
)


def open_call(page: Page) -> None:
    """From the list of calls to the one that can be heard."""
    frame_of(page).get_by_role("link", name=CALL, exact=True).click()
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_contain_text(CALL)


def test_a_deep_link_survives_the_login(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls?queue=billing")
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Calls")
    expect(page).to_have_url(re.compile(r"/air/plugin/calls"))


def test_filters_narrow_the_list_and_stay_in_the_address(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls")
    frame = frame_of(page)
    expect(frame.locator("tbody tr")).to_have_count(2)
    frame.get_by_label("Queue").select_option("billing")
    frame.get_by_role("button", name=re.compile("filter|apply|show|find", re.IGNORECASE)).first.click()
    inner = page.frame_locator("iframe")
    expect(inner.locator("tbody tr")).to_have_count(1)
    expect(inner.locator("tbody")).to_contain_text(CALL)
    expect(page).to_have_url(re.compile("queue=billing"))


def test_a_sentence_plays_from_its_start_and_is_lit(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls")
    open_call(page)
    inner = page.frame_locator("iframe")
    inner.locator("tr#s3 button, tr#s3 a").first.click()
    expect(inner.locator("tr#s3")).to_have_attribute("aria-current", "true")
    audio = inner.locator("audio")
    expect(audio).not_to_have_js_property("readyState", 0)
    assert 11_000 <= 1000 * audio.evaluate("a => a.currentTime") < 14_000


def test_words_of_a_call_are_text(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls")
    open_call(page)
    inner = page.frame_locator("iframe")
    expect(inner.locator("tr#s1")).to_contain_text(HOSTILE)
    assert "owned" not in page.title()


def test_a_link_leads_to_the_task_in_airflow_and_back(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls")
    open_call(page)
    page.frame_locator("iframe").get_by_role("link", name=re.compile(r"^load")).first.click()
    expect(page).to_have_url(re.compile(r"/air/dags/call_sentiment/runs/manual__1/tasks/load"))
    page.go_back()
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_contain_text(CALL)


def test_the_frame_follows_airflows_switch_of_light_and_dark(log_in: Login) -> None:
    page = log_in("vera", "plugin/calls")
    frame = frame_of(page)
    root = frame.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    light = root.evaluate("e => getComputedStyle(e).backgroundColor")
    page.evaluate("document.documentElement.classList.replace('light', 'dark')")
    expect(root).to_have_attribute("data-theme", "dark")
    assert root.evaluate("e => getComputedStyle(e).backgroundColor") != light


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(log_in: Login, server: PagesServer, path: str, theme: str) -> None:
    page = log_in("uma", "plugin/calls", theme=theme)
    frame_of(page)
    find_nothing_by_axe(page, f"{server.pages}/{path}")


def find_nothing_by_axe(page: Page, address: str) -> None:
    """Open a page of ours outside of the frame and have axe look at it."""
    page.goto(address)
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("[role=alert]")).to_have_count(0)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def sample(server: PagesServer) -> Iterator[None]:
    """A reviewed sample of calls of its own, for as long as the test runs."""
    with closing(server.results()) as db:
        calls = add_calls(db, 24, queue="sampled")
        for number, call in enumerate(calls):
            draw(db, call, wanted=2, sentences={0: 1, 1: 1})
            for reviewer, said in (("ben", "POSITIVE"), ("cleo", ("POSITIVE", "NEUTRAL")[number % 2])):
                label(db, call, reviewer, said, ("POSITIVE", "NEGATIVE")[number % 5 == 0])
                for position, confidence in ((0, 0.5), (1, 0.9)):
                    label(db, call, reviewer, said, "POSITIVE", position=position, confidence=confidence)
        yield
        query(db, "DELETE FROM call_sentiment.transcripts WHERE transcript_id = ANY (%s)", calls)
        query(db, "DELETE FROM call_sentiment.calls WHERE queue = 'sampled'")


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_figures_of_a_sample(log_in: Login, server: PagesServer, theme: str) -> None:
    page = log_in("vera", "plugin/calls", theme=theme)
    frame_of(page)
    page.goto(f"{server.pages}/calibration?queue=sampled")
    expect(page.locator("table.agreement tbody tr")).to_have_count(4)
    expect(page.locator("svg.reliability circle")).to_have_count(2)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_call_is_drawn_and_reviewed_and_then_seen_with_both_labels(
    log_in: Login, server: PagesServer
) -> None:
    draw_and_review(log_in("uma", "plugin/call-review"))
    page = log_in("vera", "plugin/calls")
    open_call(page)
    inner = page.frame_locator("iframe")
    expect(inner.locator("#reviews")).to_contain_text("Calm throughout.")
    expect(inner.get_by_role("link", name=re.compile("review this call|correct", re.I))).to_have_count(0)
    expect(inner.get_by_role("button", name="Take back")).to_have_count(0)
    for theme in ("light", "dark"):
        page = log_in("uma", "plugin/calls", theme=theme)
        frame_of(page)
        for path in (f"call?{CALL_QUERY}&reviewed=1&list=sample", f"review/call?{CALL_QUERY}", "review"):
            find_nothing_by_axe(page, f"{server.pages}/{path}")


def draw_and_review(page: Page) -> None:
    """By mouse and keyboard, from the empty sample to both labels side by side."""
    inner = page.frame_locator("iframe")
    inner.get_by_label("Rate in %").fill("100")
    inner.get_by_role("button", name="Draw", exact=True).click()
    expect(inner.locator("#draw")).to_contain_text("1 call drawn.")
    inner.get_by_role("link", name="Review the next call").first.click()
    expect(inner.get_by_role("heading", level=1)).to_have_text(f"Review {CALL}")
    expect(inner.locator("main")).not_to_contain_text("0.90")
    whole = inner.locator("fieldset.whole")
    whole.get_by_role("radio", name="very negative").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(whole.get_by_role("radio", name="neutral")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Calm throughout.")
    for row in inner.locator("table.asked tbody tr").all():
        row.get_by_role("radio", name="positive").check()
    inner.locator("table.asked").get_by_role("button", name="Play from 0:04").click()
    expect(inner.locator("tr#s1")).to_have_attribute("aria-current", "true")
    inner.get_by_role("button", name="Store the review").click()
    expect(inner.get_by_role("status").first).to_contain_text("Your review is stored.")
    compared = inner.locator("dl.compared")
    expect(compared.locator(".label")).to_have_text(["very negative", "neutral"])
    expect(compared).to_contain_text("1 of 8 labelled alike")
    expect(inner.locator("#reviews")).to_contain_text("Calm throughout.")


def test_a_stranger_sees_the_login_page_alone(browser: object, server: PagesServer) -> None:
    answer = server.get("calls", user=None)
    assert (answer.status_code, answer.content) == (401, b"")
