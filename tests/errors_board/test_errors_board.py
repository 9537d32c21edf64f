"""The errors board in a browser: the threshold by mouse and key, squares and chips as filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser
THEME = f"--theme.base={ROOT / 'app' / 'theme' / 'steplens.toml'}"
RULES = {"runOnly": ["wcag2a", "wcag2aa"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    environment = {"TEST_PAGE": str(Path(__file__).with_name("board_page.py"))}
    page = ROOT / "tests" / "support" / "page_app.py"
    with streamlit_server(page, environment, [THEME]) as served:
        yield served


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with open_page(browser, url) as opened:
        expect(opened.get_by_text("used None")).to_be_visible()
        yield opened
        assert opened.errors == []  # type: ignore[attr-defined]


def chip(page: Page, outcome: str) -> int:
    """How many solutions a chip counts."""
    count = page.locator(f"[data-outcome={outcome}] .count").inner_text()
    return int(count.replace(",", ""))


def squares(page: Page, outcome: str) -> int:
    """How many solutions the squares of an outcome count."""
    names = page.locator(f"g.cell.{outcome}")
    return sum(int(one.get_attribute("data-count") or 0) for one in names.all())


def runs(page: Page) -> str:
    return page.get_by_text(re.compile(r"^runs \d+$")).inner_text()


def drag(page: Page, to: float) -> None:
    """Take the threshold's handle to the threshold `to`, without letting go."""
    plot = page.locator(".plot").bounding_box()
    grip = page.locator(".grip").bounding_box()
    assert plot is not None
    assert grip is not None
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(plot["x"] + 30 + (plot["width"] - 42) * to, plot["y"] + 100, steps=8)


def test_the_threshold_is_dragged_without_a_run_and_stored_when_let_go(page: Page) -> None:
    slider = page.get_by_role("slider", name="Threshold")
    before, missed, right = runs(page), chip(page, "missed"), chip(page, "right")
    f1 = page.locator(".figure.f1 .value").inner_text()
    drag(page, 0.25)
    expect(slider).to_have_attribute("aria-valuenow", "0.25")
    # A lower threshold flags less.
    assert chip(page, "missed") > missed
    assert chip(page, "right") > right
    assert page.locator(".figure.f1 .value").inner_text() != f1
    assert squares(page, "mistake") == sum(
        chip(page, one) for one in ("missed", "false_alarm", "early", "late")
    )
    assert squares(page, "right") == chip(page, "exact") + chip(page, "right")
    assert runs(page) == before
    moved = chip(page, "missed")
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^t 0\.25, cell None"))).to_be_visible()
    # The page counts the same.
    expect(page.get_by_text(f"missed {moved}", exact=True)).to_be_visible()
    assert chip(page, "missed") == moved
    assert "t=0.25" in page.url


def test_the_threshold_goes_by_key(page: Page) -> None:
    slider = page.get_by_role("slider", name="Threshold")
    before = runs(page)
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "0.47")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\.47: F1 \.\d{3}, exact"))
    page.keyboard.press("Escape")
    expect(slider).to_have_attribute("aria-valuenow", "0.5")
    assert runs(page) == before
    page.keyboard.press("PageUp")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^t 0\.6,"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")  # leaving lets go
    expect(page.get_by_text(re.compile(r"^t 0\.61,"))).to_be_visible()


def test_a_chip_and_a_square_are_filters_and_a_second_click_clears_them(page: Page) -> None:
    missed = page.get_by_role("button", name=re.compile("missed"))
    missed.click()
    expect(page.get_by_text("outcome missed")).to_be_visible()
    expect(missed).to_have_attribute("aria-pressed", "true")
    lit = page.locator("g.cell:not(.dim)")
    assert sum(int(one.get_attribute("data-count") or 0) for one in lit.all()) == chip(
        page, "missed"
    )
    # A square takes the chip's place.
    square = page.locator("g.cell.mistake").first
    count = square.get_attribute("data-count")
    square.click()
    expect(page.get_by_text(re.compile(r"cell -?\d+_-?\d+, outcome None"))).to_be_visible()
    expect(missed).to_have_attribute("aria-pressed", "false")
    expect(page.locator("g.cell:not(.dim)")).to_have_count(1)
    expect(page.locator(".note")).to_contain_text(f"{count} solution")
    page.locator("g.cell.chosen").click()
    expect(page.get_by_text("cell None, outcome None")).to_be_visible()
    expect(page.locator("g.cell.dim")).to_have_count(0)


def test_squares_are_reached_by_key(page: Page) -> None:
    table = page.get_by_role("application")
    table.focus()
    page.keyboard.press("ArrowRight")
    first = table.get_attribute("aria-label") or ""
    page.keyboard.press("ArrowDown")
    expect(table).not_to_have_attribute("aria-label", first)
    expect(page.locator("g.keyed")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"cell -?\d+_-?\d+, outcome None"))).to_be_visible()


def test_the_address_opens_the_board_as_it_was(browser: Browser, url: str) -> None:
    with open_page(browser, f"{url}/?t=0.3&outcome=late") as page:
        expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "0.3")
        expect(page.get_by_role("button", name=re.compile("late"))).to_have_attribute(
            "aria-pressed", "true"
        )


def test_another_threshold_can_be_asked_for_as_the_annotators_own(page: Page) -> None:
    use = page.locator("button.use")
    expect(use).to_be_disabled()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^t 0\.49,"))).to_be_visible()
    page.get_by_role("button", name="use .49").click()
    expect(page.get_by_text("used 0.49")).to_be_visible()


def test_nothing_jumps_while_the_threshold_moves(page: Page) -> None:
    parts = (".figures", ".plot", ".table", ".note", ".chips")
    before = [page.locator(part).bounding_box() for part in parts]
    drag(page, 0.05)
    assert [page.locator(part).bounding_box() for part in parts] == before
    page.mouse.up()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_breaks_no_rule_of_wcag(browser: Browser, url: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    opened = context.new_page()
    opened.goto(f"{url}/?outcome=late")
    expect(opened.get_by_role("slider")).to_be_visible()
    broken = [
        (rule["id"], node["html"][:200])
        for rule in Axe().run(opened, options=RULES).response["violations"]
        for node in rule["nodes"]
    ]
    context.close()
    assert broken == []
