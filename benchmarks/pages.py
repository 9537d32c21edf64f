"""First paint of every page of the app, in headless Chromium, on a project of a given size.

    python -m benchmarks.pages [--solutions 200000] [--keep FILE] [--runs 3]

The project is that of `benchmarks.million`: three machines on nearly every solution; here also a
reference, a person's labels and a consensus. A page is opened by its address in a browser that
knows the app (its files are cached, the counts of the server are warm), and its first paint is
when its heading, or the first step, and all it draws at once is there: no spinner, nothing that
Streamlit still marks as to come. The median of the runs is printed; the goal is under 1.5 s.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import text

from app.serve import OPTIONS
from benchmarks.million import fill, timed
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, create_database
from db.lists import solution_index
from labeling.consensus.run import default_rule, run_consensus
from labeling.review.commits import to_correction
from tests.support.browser import ROOT, chromium, streamlit_server

GOAL = 1.5  # seconds
LABELLED = 20  # solutions that a person labelled
THEME = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
STANDS = """() => document.querySelector("h1, tr[aria-selected=true]") !== null
  && !document.querySelector("[data-testid=stSpinner], [data-testid=stSkeleton]")
  && document.querySelector(".stApp")?.dataset.testScriptState === "notRunning" """
BY_THE_REFERENCE = (
    "INSERT INTO annotation (solution_id, annotator_id, scores, first_error, status, evidence, "
    "created_at) SELECT solution_id, :reference, '[]', first_error, 'ok', '{}', created_at "
    "FROM annotation WHERE annotator_id = :like"
)

AS_MANY = (
    "UPDATE annotator SET n_annotations = (SELECT n_annotations FROM annotator WHERE id = :like) "
    "WHERE id = :reference"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=int, default=200_000)
    parser.add_argument("--keep", type=Path, help="keep the project in this file, or use it")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = (given.keep or Path(folder) / "pages.db").resolve()
        url = f"sqlite:///{file}"
        if not file.exists():
            database = create_database(url)
            timed("make the project", lambda: make(database, given.solutions), once=True)
            database.close()
        environment = {"STEPLENS_DB": url, "USER": "ann", "LOGNAME": "ann"}
        with streamlit_server(ROOT / "app" / "asgi.py", environment, THEME) as at:
            with chromium() as browser:
                slow = measure(browser, at, given.runs)
    print(f"{slow} of the pages took more than {GOAL} s" if slow else f"every page under {GOAL} s")


def make(database: Database, solutions: int) -> None:
    """`solutions` with three machines, a reference that the judge agrees with, and a few labels."""
    fill(database, solutions)
    judge = ensure_annotator(database, "judge", "judge", {"threshold": 0.5})
    truth = ensure_annotator(database, "human", "truth", {"source": "benchmark"})
    with database.write() as session:
        like = {"reference": truth.id, "like": judge.id}
        session.execute(text(BY_THE_REFERENCE), like)
        session.execute(text(AS_MANY), like)
    ann = ensure_reviewer(database, "ann")
    for i in range(1, LABELLED + 1):
        act = {"token": f"token-{i:04}", "solution_id": i, "action": "skip", "note": "looked at"}
        append_corrections(database, [to_correction(act, ann.id, {i: 1})])
    solution_index.ensure(database)
    rule = default_rule(database)
    if rule is not None:
        run_consensus(database, rule)


def measure(browser: Browser, at: str, runs: int) -> int:
    """Print the median first paint of each page; returns how many are slower than the goal."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    paint(page, at)
    nav = page.locator("[data-testid=stSidebarNavLink]")
    links = [str(nav.nth(i).get_attribute("href")) for i in range(nav.count())]
    slow = 0
    for address in [*links, f"{at}/solution?id=1"]:
        cold = paint(page, address)
        warm = statistics.median(paint(page, address) for _ in range(runs))
        slow += warm > GOAL
        name = address.removeprefix(at).strip("/") or "overview"
        print(f"{warm:7.2f} s warm  {cold:7.2f} s the first time  {name}", flush=True)
    return slow


def paint(page: Page, address: str) -> float:
    """Seconds from asking for an address to a page that stands."""
    began = time.perf_counter()
    page.goto(address, timeout=600_000)
    page.wait_for_function(STANDS, timeout=600_000, polling="raf")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
