"""The read-only tables in a browser: one Tab stop a row, even rows, groups that open and close."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser
SUPPORT = ROOT / "tests" / "support"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    environment = {"TEST_PAGE": str(SUPPORT / "data_table_page.py")}
    with streamlit_server(SUPPORT / "page_app.py", environment) as served:
        yield served


@pytest.fixture
def page(url: str) -> Iterator[Page]:
    with chromium() as browser, open_page(browser, f"{url}/?filter=unsure") as opened:
        opened.wait_for_selector("input.check")
        yield opened


def test_a_row_is_one_stop_where_space_ticks_and_enter_opens(page: Page) -> None:
    page.get_by_role("checkbox", name="solution 1", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="solution 2", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("ticked [2]")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("solution 2", exact=True)).to_be_visible()
    assert page.url.endswith("/one?id=2")


def test_rows_are_of_one_height_however_many_annotators_there_are(page: Page) -> None:
    rows = page.locator("tbody tr:has(input.check)")
    heights = {row.evaluate("(row) => Math.round(row.offsetHeight)") for row in rows.all()}
    assert len(heights) == 1, heights


def test_a_group_opens_and_closes_by_key_and_by_mouse_and_the_address_remembers(page: Page) -> None:
    head = page.get_by_role("checkbox", name="every solution to problem 1", exact=True)
    inside = page.get_by_role("checkbox", name="solution 21", exact=True)
    link = page.get_by_role("link", name="problem 1", exact=True)
    head.focus()
    page.keyboard.press("ArrowLeft")  # closed already
    page.keyboard.press("ArrowRight")
    expect(inside).to_be_visible()
    expect(page).to_have_url(re.compile("open=1"))
    expect(link).to_have_attribute("aria-expanded", "true")
    expect(head).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("ticked of the group [21, 22]")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(inside).to_have_count(0)
    expect(link).to_have_attribute("aria-expanded", "false")
    expect(head).to_be_focused()
    expect(head).to_be_checked()
    link.click()
    expect(inside).to_be_checked()
    page.go_back()
    expect(inside).to_have_count(0)
