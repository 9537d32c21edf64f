"""PRM errors in a browser: cells, thresholds, Back, and fifty mistakes by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.serve import OPTIONS
from db.annotators import find_annotator
from db.corrections import correction_log
from db.engine import Database, open_database
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from labeling.demo.prepare import prepare_demo
from labeling.evaluation.processbench import evaluate_processbench
from labeling.evaluation.scored import scored_solutions
from tests.support.browser import ROOT, WAIT, chromium, open_page, streamlit_server
from training.metrics.processbench.scored import report

pytestmark = pytest.mark.browser
PRM, TRUTH = "prm:prm-v2", "human:playground-truth"
FIFTY = 50


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    """The prepared playground project."""
    database = open_database(prepare_demo(tmp_path / "demo.db", lambda *_: None))
    yield database
    database.close()


@pytest.fixture
def app(demo: Database) -> Iterator[str]:
    environment = {"STEPLENS_DB": demo.url, "USER": "ann", "LOGNAME": "ann"}
    theme = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
    with streamlit_server(ROOT / "app" / "asgi.py", environment, theme) as url:
        yield url


def heading(page: Page, words: str) -> None:
    """The list is of so many of these."""
    expect(page.get_by_text(re.compile(f"^{re.escape(words)}$")).first).to_be_visible()


def headline(page: Page) -> str:
    found = page.locator(".figure").first
    expect(found).to_be_visible()
    return found.inner_text()


def test_the_threshold_gives_the_f1_that_the_command_line_prints(
    browser: Browser, app: str, demo: Database
) -> None:
    with open_page(browser, f"{app}/prm_errors?prm={PRM}&ref={TRUTH}") as page:
        printed = evaluate_processbench(demo, PRM, TRUTH)["all"]["f1"]
        expect(page.locator(".figure").first).to_have_text(f"{printed:.3f}")
        slider = page.get_by_role("slider")
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"[?&]t=0\.\d+"), timeout=WAIT)
        t = float(re.search(r"[?&]t=([\d.]+)", page.url).group(1))  # type: ignore[union-attr]
        prm, truth = find_annotator(demo, PRM), find_annotator(demo, TRUTH)
        found = scored_solutions(demo, prm, truth)
        there = report(found.scored, found.datasets, t).mean.f1
        expect(page.locator(".figure").first).to_have_text(f"{there:.3f}")
        assert t < 0.5


def test_a_cell_is_a_list_and_back_returns(browser: Browser, app: str, demo: Database) -> None:
    with open_page(browser, f"{app}/prm_errors?outcome=missed") as page:
        heading(page, "missed")
        page.get_by_role("button", name=re.compile("^early")).first.click()
        expect(page).to_have_url(re.compile("outcome=early"))
        page.go_back()
        expect(page).to_have_url(re.compile("outcome=missed"))
        heading(page, "missed")
        page.goto(f"{app}/prm_errors?cell=none,3")
        heading(page, "PRM: no error, reference: step 3")
        prm, truth = find_annotator(demo, PRM), find_annotator(demo, TRUTH)
        there = solution_ids(demo, SolutionFilter(cell=(-1, 2, prm.id, truth.id)))
        assert there
        expect(page.locator("tr.door button.main")).to_have_count(min(50, len(there)))


def test_fifty_mistakes_are_read_and_relabelled_by_keyboard(
    browser: Browser, app: str, demo: Database
) -> None:
    with open_page(browser, f"{app}/prm_errors?outcome=missed", width=1440, height=900) as page:
        heading(page, "missed")
        rows = page.locator("tr.door button.main")
        ids = [int(text) for text in rows.all_inner_texts()[:FIFTY]]
        assert len(ids) == FIFTY
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        for place, id in enumerate(ids):
            expect(page.get_by_text(f"Solution {id}", exact=True)).to_be_visible()
            assert len(correction_log(demo, id)) == 0
            page.keyboard.press("j")
            page.keyboard.press("e" if place % 2 else "a")
            page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"open=\d+"))
        expect(page.get_by_text("51 of 113")).to_be_visible()
        page.wait_for_function("() => !document.body.innerText.includes('unsaved')")
        assert "/prm_errors" in page.url
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("open="))
        for place, id in enumerate(ids):
            acts = correction_log(demo, id)
            assert [act.first_error for act in acts] == [1 if place % 2 else -1]


def test_the_list_is_walked_without_labels(browser: Browser, app: str) -> None:
    with open_page(browser, f"{app}/prm_errors?outcome=missed", width=1440, height=900) as page:
        rows = page.locator("tr.door button.main")
        expect(rows.first).to_be_visible()
        ids = rows.all_inner_texts()
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Solution {ids[1]}", exact=True)).to_be_visible()
        for key, at in (("]", 2), ("]", 3), ("[", 2)):
            page.keyboard.press(key)
            expect(page.get_by_text(f"Solution {ids[at]}", exact=True)).to_be_visible()
            expect(page).to_have_url(re.compile(f"open={ids[at]}"))
        page.go_back()
        expect(page.get_by_text(f"Solution {ids[3]}", exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_text("Close (Esc)")).to_have_count(0)
