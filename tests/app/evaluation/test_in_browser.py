"""Evaluation in a browser: figures are saved, numbers open, what is missing is measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from db.engine import Database
from db.jobs import list_jobs
from db.results import Measured, add_evaluation, add_export, list_evaluations
from labeling.evaluation.processbench import evaluate_processbench
from tests.app.evaluation.test_page import PEOPLE, fill, score
from tests.app.prm_errors.test_tabs import click_mark
from tests.support.browser import ROOT, chromium, open_page, streamlit_server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.browser
def test_figures_are_saved_and_a_number_opens_its_solutions_and_back_returns(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    fill(database)
    score(database, "v1", 0.7)
    evaluate_processbench(database, "prm:v1", PEOPLE)
    score(database, "v2", 0.5)
    evaluate_processbench(database, "prm:v2", PEOPLE)
    trained(database)
    environment = {"STEPLENS_DB": database.url, "USER": "ann", "LOGNAME": "ann"}
    with (
        streamlit_server(ROOT / "app" / "asgi.py", environment) as url,
        open_page(browser, f"{url}/evaluation") as page,
    ):
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        for kind, begins in (
            ("PNG", b"\x89PNG"),
            ("SVG", b"<svg"),
            ("CSV", b"annotator,data set,F1"),
            ("LaTeX", b"\\begin{tabular}"),
            ("PNG", b"\x89PNG"),
        ):
            assert saved(page, kind, tmp_path).startswith(begins), kind
        page.get_by_role("link", name="70%").first.click()
        expect(page.get_by_role("heading", name="Browse")).to_be_visible()
        expect(page.get_by_text(re.compile(r"\b28 (of|solutions)")).first).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Evaluation")).to_be_visible()
        expect(page.get_by_role("link", name="70%").first).to_be_visible()
        # Marks over versions, and then over what these were trained on.
        page.get_by_role("radio", name="Over versions").click()
        expect(page.get_by_role("heading", name="F1 over versions")).to_be_visible()
        expect(page.locator(".js-plotly-plot .points path.point")).to_have_count(4)
        click_mark(page, "trained on", at=3)
        expect(page.get_by_role("heading", name="Consensus")).to_be_visible()
        expect(page.locator("tr.chosen")).to_contain_text("/data/export-1")
        page.go_back()
        expect(page.get_by_role("heading", name="F1 over versions")).to_be_visible()
        expect(page.locator(".js-plotly-plot .points path.point")).to_have_count(4)
        click_mark(page, "v1")
        expect(page.get_by_role("heading", name="PRM errors")).to_be_visible()
        assert not page.errors  # type: ignore[attr-defined]
        assert not page.strangers  # type: ignore[attr-defined]


def trained(database: Database) -> None:
    """What the versions were trained on, in their newest evaluations."""
    for place, stored in enumerate(reversed(list_evaluations(database))):
        manifest = {"counts": {}, "files": {"data.jsonl": {"sha256": f"sum{place}"}}}
        add_export(database, f"/data/export-{place}", "jsonl", manifest)
        measured = Measured(n_training=1000 * (place + 1), training_export=f"sum{place}")
        who, reference = stored.annotator_id, stored.reference_id
        add_evaluation(database, stored.kind, who, reference, measured, stored.result)


@pytest.mark.browser
def test_a_missing_figure_is_measured_from_the_page(browser: Browser, database: Database) -> None:
    fill(database)
    score(database, "v1", 0.7)
    environment = {"STEPLENS_DB": database.url, "USER": "ann", "LOGNAME": "ann"}
    with (
        streamlit_server(ROOT / "app" / "asgi.py", environment) as url,
        open_page(browser, f"{url}/evaluation") as page,
    ):
        page.get_by_role("button", name="Measure what is missing").click()
        expect(page.get_by_role("link", name="70%").first).to_be_visible(timeout=120_000)
        (job,) = list_jobs(database)
        assert job.kind == "evaluate"
        for _ in range(300):  # Its figure is there a moment before it is done.
            if job.status == "done":
                break
            page.wait_for_timeout(100)
            (job,) = list_jobs(database)
        assert job.status == "done"
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def saved(page: Page, kind: str, folder: Path) -> bytes:
    """What the button of this kind under the figure saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file.read_bytes()
