"""The read-only tables in a browser: one Tab stop a row, even rows."""

from __future__ import annotations

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
