"""What a user does in the app from the queue to a new PRM's column, in a real browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from db import jobs
from db.annotations import annotations_of
from db.annotators import find_annotator, list_annotators
from db.corrections import correction_log
from db.engine import Database, create_database
from db.lists.browse import list_solutions
from db.lists.filters import SolutionFilter
from labeling.jobs.runner import run_job
from tests.support.browser import ROOT, chromium, open_page, streamlit_server
from tests.support.data import shared_data

pytestmark = pytest.mark.browser
MAIN = ROOT / "app" / "asgi.py"
JOB_SECONDS = 900


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def do(database: Database, kind: str, **params: object) -> dict[str, object]:
    return run_job(database, jobs.create_job(database, kind, params).id)


@pytest.fixture
def annotated(database: Database) -> Database:
    """A small playground project, annotated by Monte Carlo and the judge for real."""
    do(database, "sample", problems=30, solutions=3, seed=4)
    do(database, "annotate_mc", model="playground:policy", samples=8, strategy="scan", seed=1)
    do(database, "annotate_judge", model="playground:judge", prompt="playground")
    return database


def wait_for_job(page: Page, database: Database, kind: str) -> None:
    """Until the newest job is of this kind and done, and the page says so."""
    deadline = time.monotonic() + JOB_SECONDS
    while time.monotonic() < deadline:
        newest = jobs.list_jobs(database)[0]
        if newest.kind == kind and newest.status not in ("queued", "running"):
            break
        page.wait_for_timeout(500)
    assert (newest.kind, newest.status) == (kind, "done"), newest.message
    heading = page.get_by_text(re.compile(rf"^Job {newest.id}: "))
    expect(heading).to_be_visible()


def test_from_the_queue_to_a_new_prm(browser: Browser, annotated: Database, tmp_path: Path) -> None:
    environment = {"STEPLENS_DB": annotated.url, "USER": "ann", "LOGNAME": "ann"}
    with (
        streamlit_server(MAIN, environment) as url,
        open_page(browser, f"{url}/review") as page,
    ):
        # Relabel the first disagreement of the queue by keyboard.
        page.wait_for_selector("tr[aria-selected=true]")
        title = page.get_by_text(re.compile(r"^Solution \d+$")).first.inner_text()
        solution_id = int(title.split()[1])
        page.keyboard.press("j")
        page.keyboard.press("e")
        page.keyboard.press("Enter")
        expect(page.locator(".sync")).to_have_text("✓ saved")
        expect(page.get_by_text(title, exact=True)).to_have_count(0)
        (act,) = correction_log(annotated, solution_id)
        assert act.first_error == 1
        # It is there after a reload, and gone from the queue.
        page.reload()
        page.wait_for_selector("tr[aria-selected=true]")
        expect(page.get_by_text(title, exact=True)).to_have_count(0)
        page.goto(f"{url}/solution?id={solution_id}")
        wrong = page.get_by_role("button", name="Step 2: wrong", exact=True)
        expect(wrong).to_have_attribute("aria-pressed", "true")
        # Export the consensus with it.
        page.goto(f"{url}/consensus")
        page.get_by_role("button", name="Export", exact=True).click()
        expect(page.get_by_role("link", name="Train on it")).to_be_visible()
        export = next((Path(annotated.url.removeprefix("sqlite:///") + ".d") / "exports").iterdir())
        assert f'"solution_id": {solution_id},' in (export / "data.jsonl").read_text()
        # Train on it, and score with what came out.
        page.get_by_role("link", name="Train on it").click()
        page.get_by_role("button", name="Start training").click()
        wait_for_job(page, annotated, "train")
        page.get_by_role("button", name="Score with it").click()
        wait_for_job(page, annotated, "annotate_prm")
        # Where it is wrong opens: on the problems that it was not trained on.
        page.get_by_role("link", name="See where it is wrong").click()
        expect(page.locator("h1")).to_have_text("PRM errors")
        assert "prm=prm%3Aprm-1" in page.url
        expect(page.get_by_text("mistakes").first).to_be_visible()
        # The new PRM has a column in the viewer.
        page.goto(f"{url}/solution?id={solution_id}")
        column = page.locator("th.kind-prm")
        expect(column).to_contain_text("prm-1")
        assert page.errors == []  # type: ignore[attr-defined]
        assert page.strangers == []  # type: ignore[attr-defined]
    prm = find_annotator(annotated, "prm:prm-1")
    (scored,) = [a for a in annotations_of(annotated, [solution_id]) if a.annotator_id == prm.id]
    assert all(score is not None and 0 <= score <= 1 for score in scored.scores)


def test_processbench_is_browsed_with_its_labels_and_mathematics(
    browser: Browser, database: Database
) -> None:
    files = [str(shared_data(f"processbench/{name}.json")) for name in ("gsm8k", "math")]
    result = do(database, "import", format="processbench", files=files, strict=True)
    assert result["solutions"] == 1400
    (teacher,) = list_annotators(database)
    rows = list_solutions(database, SolutionFilter(dataset="processbench-math"), limit=400)
    shown = next(row for row in rows if row.n_steps > 6 and "\\frac" in row.problem)
    with (
        streamlit_server(MAIN, {"STEPLENS_DB": database.url}) as url,
        open_page(browser, f"{url}/browse?dataset=processbench-math") as page,
    ):
        expect(page.get_by_text("1,000 solutions")).to_be_visible()
        expect(page.get_by_role("link", name=str(rows[0].id), exact=True)).to_be_visible()
        page.goto(f"{url}/solution?id={shown.id}")
        expect(page.locator("th.kind-human").last).to_contain_text(teacher.name)
        expect(page.locator(".katex").first).to_be_visible()
        (label,) = annotations_of(database, [shown.id])
        flags = page.locator("tbody tr:has(td.kind-human .flag:text('⚑'))")
        expect(flags).to_have_count(0 if label.first_error == -1 else 1)
        assert page.strangers == []  # type: ignore[attr-defined]


HOSTILE = [
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>",
    "[click](javascript:window.pwned=1) ![x](https://evil.example/a.png)",
    r"\(\includegraphics{https://evil.example/b.png}\) $\href{javascript:window.pwned=1}{x}$",
    r"broken \(\frac{1}{2\) and huge $" + "x+" * 5000 + "x$",
    "<style>*{display:none}</style><iframe src='https://evil.example'></iframe>",
]


def test_hostile_text_neither_runs_nor_loads_anything(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    row = {
        "problem": HOSTILE[0] + " " + HOSTILE[1],
        "gold_answer": HOSTILE[2],
        "generator": HOSTILE[0],
        "dataset": HOSTILE[4],
        "steps": HOSTILE,
        "first_error": 2,
        "annotator": HOSTILE[1],
    }
    file = tmp_path / "hostile.jsonl"
    file.write_text(json.dumps(row) + "\n")
    result = do(database, "import", format="jsonl", files=[str(file)], strict=True)
    assert result["solutions"] == 1
    with (
        streamlit_server(MAIN, {"STEPLENS_DB": database.url}) as url,
        open_page(browser, url) as page,
    ):
        pages = ("agreement", "prm_errors", "evaluation", "consensus", "jobs")
        for path in ("", "browse", "solution?id=1", "review", *pages):
            page.goto(f"{url}/{path}")
            page.wait_for_selector("h1, tr[aria-selected=true]")
            page.wait_for_timeout(1500)
            assert page.evaluate("window.pwned") is None, path
            assert page.locator("iframe, img[src*=evil], a[href^=javascript]").count() == 0, path
        assert page.strangers == []  # type: ignore[attr-defined]


def test_the_project_is_opened_by_its_address(tmp_path: Path, browser: Browser) -> None:
    """An address with nonsense in it gives a page that says so, not an error."""
    url_db = f"sqlite:///{tmp_path / 'empty.db'}"
    create_database(url_db).close()
    with (
        streamlit_server(MAIN, {"STEPLENS_DB": url_db}) as url,
        open_page(browser, f"{url}/solution?id=-1%00x") as page,
    ):
        expect(page.get_by_text("No such solution")).to_be_visible()
        page.goto(url)
        expect(page.locator("h1")).to_have_text("An empty project")
