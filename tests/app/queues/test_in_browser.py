"""A queue from its saving to the person who works on it, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from db.corrections import correction_log
from db.engine import Database
from db.review.saved_queues import saved_queues
from tests.app.test_pages import fill
from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser


def as_person(page: Page, url: str, name: str, path: str) -> None:
    page.context.add_cookies([{"name": "steplens_reviewer", "value": name, "url": url}])
    page.goto(f"{url}/{path}")


def test_a_blind_queue_is_saved_assigned_and_worked_on(database: Database) -> None:
    fill(database, 12)
    with (
        streamlit_server(ROOT / "app" / "asgi.py", {"STEPLENS_DB": database.url}) as url,
        chromium() as browser,
    ):
        with open_page(browser, "about:blank") as page:
            as_person(page, url, "mia", "browse?answer=Wrong+answer&sort=newest")
            expect(page.get_by_text("4 solutions")).to_be_visible()
            page.get_by_role("button", name="Save as a queue").click()
            page.get_by_role("textbox", name="Name").fill("Surely wrong")
            page.get_by_role("combobox", name="Assigned to").fill("ann")
            page.keyboard.press("Enter")
            page.get_by_role("textbox", name="Instructions").fill("Judge <b>alone</b>.")
            page.get_by_text("Blind", exact=True).click()
            page.get_by_role("button", name="Save", exact=True).click()
            # It stands in the list of queues, for whom it is.
            link = page.get_by_role("link", name="Surely wrong")
            expect(link).to_be_visible()
            expect(page.get_by_text("0 of 4")).to_be_visible()
            expect(page.locator("tr.chosen")).to_contain_text("ann")
            page.go_back()
            expect(page).to_have_url(re.compile(r"/browse\?answer=Wrong"))
            expect(page.get_by_text("4 solutions")).to_be_visible()
            assert page.errors == []  # type: ignore[attr-defined]
        (saved,) = saved_queues(database)
        assert (saved.assigned, saved.blind, saved.made_by) == (("ann",), True, "mia")
        with open_page(browser, "about:blank") as page:
            as_person(page, url, "ann", "review")
            # Without a choice ann is in it: by its number, with the instructions as they stand.
            expect(page.locator(".pill.why")).to_have_text(f"Queue {saved.id}")
            expect(page.get_by_text("Judge <b>alone</b>.")).to_be_visible()
            for telling in ("Surely wrong", "Wrong answer"):
                expect(page.get_by_text(telling)).to_have_count(0)
            expect(page.get_by_text(re.compile("wrong answer"))).to_have_count(0)
            assert page.url.endswith("/review")
            assert "wrong" not in page.title().lower()
            expect(page.locator(".title")).to_have_text("Solution 11")
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            expect(page.locator(".sync")).to_have_text("\u2713 saved")
            expect(page.locator(".title")).to_have_text("Solution 8")
            page.get_by_role("link", name="All queues").click()
            expect(page.get_by_text("1 of 4")).to_be_visible()
            expect(page.get_by_text("ann 1", exact=True)).to_be_visible()
            assert page.errors == []  # type: ignore[attr-defined]
    (act,) = correction_log(database, 11)
    assert act.blind
