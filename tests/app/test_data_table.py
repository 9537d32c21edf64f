"""The read-only tables in a browser: links without a load, one Tab stop a row, even rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser
SUPPORT = ROOT / "tests" / "support"
# What would not outlive the load of another document.
MARK = "() => { window.sameDocument = true; }"
KEPT = "() => window.sameDocument === true"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    environment = {"TEST_PAGE": str(SUPPORT / "data_table_page.py")}
    with streamlit_server(SUPPORT / "page_app.py", environment) as served:
        yield served


@pytest.fixture
def page(url: str) -> Iterator[Page]:
    with chromium() as browser, open_page(browser, f"{url}/?filter=unsure") as opened:
        opened.wait_for_selector("input.check")
        opened.evaluate(MARK)
        yield opened


def test_a_link_changes_the_page_without_loading_it_and_back_returns(page: Page) -> None:
    page.get_by_role("link", name="solution 2", exact=True).click()
    expect(page.get_by_text("solution 2", exact=True)).to_be_visible()
    assert page.url.endswith("/one?id=2")
    assert page.evaluate(KEPT)
    page.go_back()
    expect(page.get_by_text("drawn with unsure")).to_be_visible()
    expect(page.locator("input.check").first).to_be_visible()
    assert page.evaluate(KEPT)


def test_a_link_keeps_what_a_widget_of_the_page_is_bound_to(page: Page) -> None:
    page.get_by_role("link", name="these", exact=True).click()
    expect(page.get_by_text("solution 7", exact=True)).to_be_visible()
    expect(page.get_by_text("bound kept", exact=True)).to_be_visible()
    assert page.url.endswith("/one?id=7&bound=kept")


def test_a_click_for_another_tab_is_the_browsers(page: Page) -> None:
    link = page.get_by_role("link", name="solution 3", exact=True)
    for click in ({"modifiers": ["Control"]}, {"button": "middle"}):
        with page.context.expect_page() as opened:
            link.click(**click)  # type: ignore[arg-type]
        expect(opened.value.get_by_text("solution 3", exact=True)).to_be_visible()
        assert opened.value.url.endswith("/one?id=3")
        expect(page.get_by_text("drawn with unsure")).to_be_visible()


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
