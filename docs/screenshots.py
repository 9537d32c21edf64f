"""Makes the pictures of the docs from the prepared project: `python docs/screenshots.py [NAME…]`.

Needs Chromium and the `dev` extra. They are made, not kept by hand, so that they stay true.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from playwright.sync_api import Page  # noqa: E402

from app.serve import OPTIONS  # noqa: E402
from db.engine import create_database  # noqa: E402
from db.lists.filters import SolutionFilter  # noqa: E402
from db.review.saved_queues import Contents, save_queue  # noqa: E402
from labeling.demo.prepare import prepare_demo  # noqa: E402
from tests.support.browser import chromium, streamlit_server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
STANDS = "() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
TO_THE_TOP = "one => { one.style.scrollMarginTop = '8px'; one.scrollIntoView() }"
SIZE = {"width": 1280, "height": 800}
# name -> (address, keys pressed there, colour scheme)
PICTURES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "overview": ("", (), "light"),
    "browse": ("browse", (), "light"),
    "browse-problems": ("browse?sort=problem&open=2,4", (), "light"),
    "browse-search": ("browse?text=pencils&disagreement=Only+the+judge+sees+an+error", (), "light"),
    "review": ("review", (), "light"),
    "review-dark": ("review", (), "dark"),
    "review-first-error": ("review?queue=location", ("j", "j", "e"), "light"),
    "review-flag": ("review?queue=location", ("f",), "light"),
    "review-blind": ("review?queue=location&blind=true", (), "light"),
    "prm-errors": ("prm_errors?outcome=missed", (), "light"),
    "prm-errors-drawer": ("prm_errors?outcome=missed&open=1294", ("j",), "light"),
    "prm-errors-slices": ("prm_errors", (), "light"),
    "prm-errors-calibration": ("prm_errors?tab=Calibration", (), "light"),
    "prm-errors-versions": ("prm_errors?tab=Version+to+version", (), "light"),
    "prm-errors-biases": ("prm_errors?tab=Biases", (), "light"),
    "queues": ("queues", (), "light"),
    "review-prm": ("review?queue=high_wrong", (), "light"),
    "solution": ("solution?id=1", (), "light"),
    "solution-rollouts": ("solution?id=25", ("j", "j", "v"), "light"),
    "solution-critique": ("solution?id=25", ("j", "j", "j", "v", "v"), "light"),
    "consensus": ("consensus", (), "light"),
    "evaluation": ("evaluation", (), "light"),
    "evaluation-best-of-n": ("evaluation?show=Best-of-N", (), "light"),
    "evaluation-biases": ("evaluation?show=Biases", (), "light"),
}
# name -> the tab that stands at the top of the picture
SCROLLED_TO = {
    "prm-errors-slices": "Slices",
    "prm-errors-calibration": "Calibration",
    "prm-errors-versions": "Version to version",
    "prm-errors-biases": "Biases",
}


def main(wanted: list[str]) -> None:
    """Every picture, or those named; from a project of its own, so that none depends on another."""
    IMAGES.mkdir(exist_ok=True)
    theme = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
    with tempfile.TemporaryDirectory() as folder:
        url = prepare_demo(Path(folder) / "playground.db", lambda *_: None)
        save_queues(url)
        environment = {"STEPLENS_DB": url, "USER": "ann", "LOGNAME": "ann"}
        with streamlit_server(ROOT / "app" / "asgi.py", environment, theme) as at:
            with chromium() as browser:
                for name, (path, keys, scheme) in PICTURES.items():
                    if wanted and name not in wanted:
                        continue
                    context = browser.new_context(viewport=SIZE, color_scheme=scheme)  # type: ignore
                    take(
                        context.new_page(),
                        f"{at}/{path}",
                        keys,
                        IMAGES / f"{name}.png",
                        SCROLLED_TO.get(name),
                    )
                    context.close()


def save_queues(url: str) -> None:
    """Two queues that somebody saved, so that the page Queues has something to show."""
    with contextlib.closing(create_database(url)) as database:
        save_queue(
            database,
            Contents("location", SolutionFilter(answer="wrong")),
            "ann",
            name="Wrong answers, steps differ",
            instructions="Mark the first wrong step, even if a later one repairs it.",
            assigned=("ann", "ben"),
            per_item=2,
        )
        save_queue(
            database, Contents("high_wrong"), "ann", name="What the PRM passes", assigned=("ben",)
        )


def take(
    page: Page, address: str, keys: tuple[str, ...], file: Path, tab: str | None = None
) -> None:
    """Open a page, press keys there, scroll to a tab, and keep what it looks like."""
    page.goto(address)
    page.wait_for_selector("h1, tr[aria-selected=true]")
    page.wait_for_function(STANDS)
    page.wait_for_timeout(3000)
    for key in keys:
        page.keyboard.press(key)
    if tab is not None:
        page.get_by_role("radio", name=tab).evaluate(TO_THE_TOP)
    page.wait_for_timeout(1500 if keys or tab else 0)
    page.screenshot(path=file)
    print(file.name)


if __name__ == "__main__":
    main(sys.argv[1:])
