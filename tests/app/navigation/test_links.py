"""Links, Back and the address in a browser: nothing is loaded anew, nothing chosen is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser
SUPPORT = ROOT / "tests" / "support"
# What would not outlive the load of another document.
MARK = "() => { window.sameDocument = true; }"
KEPT = "() => window.sameDocument === true"
PLACE = "() => document.querySelector('[data-testid=stMain]').scrollTop"


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


def choose(page: Page, colour: str) -> None:
    page.get_by_label("Colour", exact=True).click()
    page.get_by_role("option", name=colour, exact=True).click()
    expect(page).to_have_url(re.compile(f"colour={colour}"))


def chosen(page: Page, colour: str) -> None:
    expect(page.get_by_label("Colour", exact=True)).to_have_value(colour)


def test_a_link_changes_the_page_without_loading_it_and_back_returns(page: Page) -> None:
    page.get_by_role("link", name="solution 2", exact=True).click()
    expect(page.get_by_text("solution 2", exact=True)).to_be_visible()
    assert page.url.endswith("/one?id=2")
    assert page.evaluate(KEPT)
    page.go_back()
    expect(page.get_by_text("drawn with unsure")).to_be_visible()
    expect(page.locator("input.check").first).to_be_visible()
    assert page.evaluate(KEPT)


def test_a_link_keeps_a_name_that_the_page_left_has_a_widget_for(page: Page) -> None:
    page.get_by_role("link", name="these", exact=True).click()
    expect(page.get_by_text("solution 7", exact=True)).to_be_visible()
    expect(page.get_by_text("bound kept", exact=True)).to_be_visible()
    assert page.evaluate(KEPT)
    assert page.url.endswith("/one?id=7&bound=kept")


def test_a_click_for_another_tab_is_the_browsers(page: Page) -> None:
    link = page.get_by_role("link", name="solution 3", exact=True)
    for click in ({"modifiers": ["Control"]}, {"button": "middle"}):
        with page.context.expect_page() as opened:
            link.click(**click)  # type: ignore[arg-type]
        expect(opened.value.get_by_text("solution 3", exact=True)).to_be_visible()
        assert opened.value.url.endswith("/one?id=3")
        expect(page.get_by_text("drawn with unsure")).to_be_visible()


def test_a_link_to_the_same_page_brings_its_own_choices_and_no_others(page: Page) -> None:
    box = page.get_by_role("textbox", name="Bound")
    box.fill("words")
    box.press("Enter")
    expect(page).to_have_url(re.compile("filter=unsure&bound=words$"))
    choose(page, "red")
    page.get_by_role("link", name="anew", exact=True).click()
    expect(page.get_by_text("drawn with no filter")).to_be_visible()
    expect(box).to_have_value("")
    chosen(page, "blue")
    assert page.url.endswith("/?colour=blue")
    page.go_back()
    expect(box).to_have_value("words")
    chosen(page, "red")
    assert page.evaluate(KEPT)


def test_back_and_forward_go_through_what_was_chosen(page: Page) -> None:
    """Each is pressed at once, whatever is being drawn."""
    choose(page, "red")
    page.get_by_test_id("stPaginationNext").click()
    expect(page).to_have_url(re.compile("colour=red&page=2$"))
    page.get_by_role("link", name="solution 2", exact=True).click()
    page.go_back()
    expect(page.get_by_text("page 2", exact=True)).to_be_visible()
    chosen(page, "red")
    page.go_back()
    expect(page.get_by_text("page 1", exact=True)).to_be_visible()
    chosen(page, "red")
    page.go_back()
    chosen(page, "")
    expect(page).to_have_url(re.compile(r"/\?filter=unsure$"))
    page.go_forward()
    chosen(page, "red")
    page.go_forward()
    expect(page.get_by_text("page 2", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.get_by_text("solution 2", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/one\?id=2$"))
    page.go_back()
    expect(page.get_by_text("page 2", exact=True)).to_be_visible()
    assert page.evaluate(KEPT)
    page.reload()
    expect(page.get_by_text("page 2", exact=True)).to_be_visible()
    chosen(page, "red")
    expect(page.get_by_text("drawn with unsure")).to_be_visible()


def test_back_at_once_after_a_page_of_the_sidebar(page: Page) -> None:
    page.get_by_test_id("stSidebarNavLink").nth(1).click()
    page.go_back()
    expect(page.get_by_text("drawn with unsure")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?filter=unsure$"))
    page.go_forward()
    expect(page.get_by_text("solution None", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/one$"))
    assert page.evaluate(KEPT)


def test_another_choice_leads_to_the_first_page_of_another_list(page: Page) -> None:
    page.get_by_test_id("stPaginationNext").click()
    expect(page.get_by_text("page 2", exact=True)).to_be_visible()
    box = page.get_by_role("textbox", name="Bound")
    box.fill("words")
    box.press("Enter")
    expect(page.get_by_text("page 1", exact=True)).to_be_visible()
    assert page.url.endswith("/?filter=unsure&bound=words")


def test_a_page_begins_at_its_top_and_back_returns_to_the_place(page: Page) -> None:
    page.get_by_role("link", name="far below", exact=True).scroll_into_view_if_needed()
    place = page.evaluate(PLACE)
    assert place > 500
    page.get_by_role("link", name="far below", exact=True).click()
    expect(page.get_by_text("solution 9", exact=True)).to_be_visible()
    page.wait_for_function(f"({PLACE})() === 0")
    page.go_back()
    expect(page.get_by_role("link", name="far below", exact=True)).to_be_visible()
    page.wait_for_function(f"Math.abs(({PLACE})() - {place}) < 2")
