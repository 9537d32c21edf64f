"""Every page in a real window: on an empty, a small and a full project, narrow and wide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from app.serve import OPTIONS
from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import create_database, open_database
from db.jobs import claim_job, create_job, finish_job, report
from db.records import AnnotationRecord
from labeling.demo.prepare import prepare_demo
from tests.app.test_pages import fill
from tests.support.browser import ROOT, chromium, open_page, streamlit_server

pytestmark = pytest.mark.browser
THEME = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
OVERFLOW = """() => [document.documentElement, document.querySelector(".stMain")]
  .map((box) => box.scrollWidth - box.clientWidth)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@contextmanager
def site(folder: Path, project: str) -> Iterator[str]:
    """The app on a project that is `empty`, `small` (12 solutions) or `full` (the prepared one)."""
    url = f"sqlite:///{folder / 'project.db'}"
    if project == "full":
        prepare_demo(folder / "project.db", lambda *_: None)
    else:
        database = create_database(url)
        if project == "small":
            fill(database, 12)
            prm = ensure_annotator(database, "prm", "prm-v1", {"model": "m", "threshold": 0.5})
            scores = [
                AnnotationRecord(i, prm.id, (0.9, 0.3, 0.2), 1, "ok", {}) for i in range(1, 13)
            ]
            save_wave(database, prm.id, None, scores)
        database.close()
    environment = {"STEPLENS_DB": url, "USER": "ann", "LOGNAME": "ann"}
    with streamlit_server(ROOT / "app" / "asgi.py", environment, THEME) as at:
        yield at


def settled(page: Page) -> None:
    """Wait until the page stands: its heading or its steps, and nothing running."""
    page.wait_for_selector("h1, tr[aria-selected=true]")
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
    page.wait_for_timeout(500)


@pytest.mark.parametrize("project", ["empty", "small"])
@pytest.mark.parametrize("width", [820, 1280])
def test_no_page_fails_or_is_wider_than_its_window(
    browser: Browser, tmp_path: Path, project: str, width: int
) -> None:
    with site(tmp_path, project) as url, open_page(browser, url, width=width) as page:
        complaints: list[str] = []

        def note(message: ConsoleMessage) -> None:
            # Streamlit looks for its server below the page's own path first, which is not there.
            if message.type == "error" and "/_stcore/" not in message.location["url"]:
                complaints.append(f"{page.url}: {message.text}")

        page.on("console", note)
        settled(page)
        nav = page.locator("[data-testid=stSidebarNavLink]")
        pages = [str(nav.nth(i).get_attribute("href")) for i in range(nav.count())]
        assert len(pages) >= 6
        for address in [*pages, f"{url}/solution?id=1"]:
            page.goto(address)
            settled(page)
            assert page.locator(".stException").count() == 0, address
            assert page.evaluate(OVERFLOW) == [0, 0], address
        assert page.errors == []  # type: ignore[attr-defined]
        assert complaints == []


# Of every frame: the most tables headed "Settings", and how faint what is kept up to date became.
WATCH = """() => {
  window.most = 0;
  window.faintest = 1;
  const look = () => {
    const live = [...document.querySelectorAll(".st-key-live .stElementContainer")];
    const roots = live.flatMap((one) => [...one.querySelectorAll("*")])
      .map((one) => one.shadowRoot).filter(Boolean);
    const heads = roots.flatMap((one) => [...one.querySelectorAll("th")]);
    window.most = Math.max(window.most, heads.filter((one) => one.innerText === "Settings").length);
    for (const one of live)
      window.faintest = Math.min(window.faintest, Number(getComputedStyle(one).opacity));
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_job_that_ends_leaves_no_ghost_and_nothing_dims(browser: Browser, tmp_path: Path) -> None:
    with site(tmp_path, "small") as url:
        database = open_database(f"sqlite:///{tmp_path / 'project.db'}")
        job = claim_job(database, create_job(database, "sample", {"problems": 9}).id)
        report(database, job, 10, 100, "under way")
        with open_page(browser, f"{url}/jobs") as page:
            expect(page.get_by_text("10 of 100")).to_be_visible()
            page.evaluate(WATCH)
            report(database, job, 60, 100, "under way")
            expect(page.get_by_text("60 of 100")).to_be_visible()
            # What Streamlit does to an element while its page runs for long has no effect.
            dimmed = """it => {
              it.dataset.stale = "true";
              it.style.opacity = 0.33;
              const {opacity} = getComputedStyle(it);
              it.style.opacity = "";
              return opacity;
            }"""
            stale = page.locator(".st-key-live .stElementContainer").first
            assert stale.evaluate(dimmed) == "1"
            finish_job(database, job, "done", "", {"solutions": 9})
            expect(page.get_by_text("✓ done").first).to_be_visible()
            page.wait_for_timeout(1000)
            assert page.evaluate("[window.most, window.faintest]") == [1, 1]
            assert page.errors == []  # type: ignore[attr-defined]
        database.close()


def test_browse_says_what_matters_at_every_width(browser: Browser, tmp_path: Path) -> None:
    """The problem can be recognised, no head is cut, and the newest PRM is on the screen."""
    with site(tmp_path, "full") as url:
        for width in (820, 1280):
            with open_page(browser, f"{url}/browse", width=width) as page:
                settled(page)
                problem = page.locator("tr:has(td input.check) td.clip").first.bounding_box()
                assert problem is not None
                assert problem["width"] > 150
                heads = page.locator("th.prm")
                assert heads.all_inner_texts() == ["prm-v2", "prm-v1"]
                newest = heads.first.bounding_box()
                assert newest is not None
                assert newest["x"] + newest["width"] <= width
                cut = "it => it.filter(one => one.scrollWidth > one.clientWidth).length"
                assert page.locator("th").evaluate_all(cut) == 0
                if width > 1200:
                    wide = page.locator(".scroll:has(th.prm)")
                    assert wide.evaluate("it => it.scrollWidth <= it.clientWidth")
                assert not [text for text in page.locator("th").all_inner_texts() if "…" in text]
