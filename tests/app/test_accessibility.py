"""Every page against WCAG 2 A and AA by axe, in light and dark; and without a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from app.serve import OPTIONS
from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import open_database
from db.lists.filters import SolutionFilter
from db.review.saved_queues import Contents, save_queue
from labeling.demo.prepare import prepare_demo
from tests.support.browser import ROOT, WAIT, chromium, open_page, streamlit_server
from tests.support.rows import correction

pytestmark = pytest.mark.browser
PAGES = (
    "",
    "imports",
    "browse",
    "browse?text=nothing+like+this",
    "review",
    "review?blind=true",
    "review?queue=adjudication",
    "queues",
    "solution?id=25",
    "consensus",
    "agreement",
    "evaluation",
    "evaluation?show=Biases",
    "jobs",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa"]}
THEME = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The prepared project, with two people who labelled and differ."""
    url = prepare_demo(tmp_path_factory.mktemp("site") / "demo.db", lambda *_: None)
    database = open_database(url)
    for name, labels, first in (("ann", (1, 1, 1, 1), -1), ("bob", (1, -1, None, None), 1)):
        person = ensure_reviewer(database, name)
        act = correction(25, person.id, f"token-{name}", labels=labels, first_error=first)
        append_corrections(database, [act])
    one = Contents("filter", SolutionFilter(ids=(25,)))
    save_queue(database, one, "ann", name="One", instructions="Read it all.", assigned=("bob",))
    database.close()
    with streamlit_server(ROOT / "app" / "asgi.py", {"STEPLENS_DB": url}, THEME) as at:
        yield at


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_wcag(browser: Browser, site: str, scheme: str) -> None:
    broken = []
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{site}/{path}")
        page.wait_for_selector("h1, tr[aria-selected=true]")
        page.wait_for_timeout(2000)
        for rule in Axe().run(page, options=RULES).response["violations"]:
            broken += [(path, rule["id"], node["html"][:200]) for node in rule["nodes"]]
    context.close()
    assert broken == []


def test_browse_works_without_a_mouse(browser: Browser, site: str) -> None:
    """Tab goes from row to row; there blank ticks the box, and Enter opens the solution."""
    with open_page(browser, f"{site}/browse") as page:
        box = page.get_by_role("checkbox", name="solution 1", exact=True)
        box.focus()
        page.keyboard.press("Space")
        expect(page.get_by_text(re.compile(r"1 of [\d,]+ solutions ticked"))).to_be_visible()
        expect(box).to_be_checked()
        page.keyboard.press("Tab")
        below = page.get_by_role("checkbox", name="solution 2", exact=True)
        expect(below).to_be_focused()
        outline = below.evaluate("node => getComputedStyle(node).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/solution\?id=2\b"))


def test_a_cell_of_the_matrix_opens_its_pair(browser: Browser, site: str) -> None:
    with open_page(browser, f"{site}/agreement") as page:
        cell = page.locator("td a[href*='pair=']").first
        cell.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Kappa of any error or none")).to_be_visible()
        differ = page.get_by_role("link", name=re.compile(r"See the [\d,]+ on which they differ"))
        n = differ.inner_text().split()[2]
        differ.click()
        expect(page.get_by_text(f"{n} solutions")).to_be_visible()


# Every text that a figure draws: (words, size in pixels, contrast with the page) per WCAG 2.1.
PLOT_TEXT = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const luminance = (colour) => parse(colour).map((part) => part / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const page = luminance(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  return [...document.querySelectorAll(".js-plotly-plot svg text")]
    .filter((one) => one.textContent.trim() && getComputedStyle(one).opacity !== "0")
    .map((one) => {
      const {fill, fontSize} = getComputedStyle(one);
      const ink = luminance(fill);
      const contrast = (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
      return [one.textContent, parseFloat(fontSize), contrast];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_figures_say_can_be_read(browser: Browser, site: str, scheme: str) -> None:
    for path in ("prm_errors", "evaluation"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{site}/{path}")
        expect(page.locator(".js-plotly-plot svg text").first).to_be_attached(timeout=WAIT)
        page.wait_for_timeout(1000)
        told = page.evaluate(PLOT_TEXT)
        assert len(told) > 10
        assert [one for one in told if one[1] < 12 or one[2] < 4.5] == []
        context.close()
