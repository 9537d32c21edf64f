"""Import in a browser: good and bad rows, wrong formats, scores, a file too large or taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.serve import OPTIONS
from db.engine import create_database, open_database
from db.lists.counts import project_counts
from tests.support.browser import ROOT, chromium, open_page, streamlit_server
from tests.support.rows import fill, machine

pytestmark = pytest.mark.browser
OPTIONS_HERE = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
OPTIONS_HERE += ["--server.maxUploadSize=1"]
ROW = {"problem": "What is $1 + 1$?", "steps": ["It is <b>2</b>.", "So 2."], "labels": [1, 1]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'project.db'}"
    create_database(url).close()
    with streamlit_server(ROOT / "app" / "asgi.py", {"STEPLENS_DB": url}, OPTIONS_HERE) as at:
        yield at


RESTS = "() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"


def drop(page: Page, name: str, content: bytes) -> None:
    # Into an uploader that is about to be drawn anew, the file would be gone with it.
    expect(page.get_by_role("heading", name="Import", exact=True)).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(1)
    page.wait_for_function(RESTS)
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content}
    )


def wrong_formats_are_said(page: Page) -> None:
    """What is no rows, and rows of no format; each is taken back again."""
    for name, content, told in (
        ("packed.jsonl", b"PK\x03\x04", "a zip archive, not JSON. Unpack it"),
        ("odd.jsonl", b'{"a": 1}\n', "the rows have the fields 'a', which no one format has"),
    ):
        drop(page, name, content)
        expect(page.get_by_text(told)).to_be_visible()
        expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
        page.get_by_role("button", name=f"Remove {name}").click()
        expect(page.get_by_text(told)).to_have_count(0)


def test_a_file_is_dropped_seen_and_imported(browser: Browser, site: str, tmp_path: Path) -> None:
    rows = [json.dumps(ROW), '{"problem": "no steps"}', "not JSON"]
    with open_page(browser, site) as page:
        page.get_by_role("link", name="Import files").click()
        wrong_formats_are_said(page)
        drop(page, "../mine rows.jsonl", "\n".join(rows).encode())
        expect(page.get_by_text("1 solution as jsonl, recognised by its fields")).to_be_visible()
        expect(page.get_by_text("2 rows rejected.")).to_be_visible()
        # What a model wrote is text.
        expect(page.get_by_text("It is <b>2</b>.")).to_be_visible()
        with page.expect_download() as started:
            page.get_by_role("button", name="Rejected rows as CSV").click()
        lines = Path(started.value.path()).read_text().splitlines()
        assert lines[0] == "file,line,reason"
        assert [line.split(",")[:2] for line in lines[1:]] == [
            ["mine-rows.jsonl", "2"],
            ["mine-rows.jsonl", "3"],
        ]
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("Done: 1 new solution")).to_be_visible()
        page.get_by_role("link", name="See the solutions").click()
        expect(page.get_by_role("heading", name="Browse")).to_be_visible()
        assert page.errors == []  # type: ignore[attr-defined]
    database = open_database(f"sqlite:///{tmp_path / 'project.db'}")
    assert project_counts(database).solutions == 1
    database.close()


def test_scores_are_dropped_matched_and_stand_beside_a_prms(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'project.db'}")
    first, *_ = fill(database, 3)
    machine(database, "prm", {first: 1}, {first: (0.93, 0.21)})
    database.close()
    lines = [
        f'{{"solution_id": {first}, "scores": [0.9712, 0.3391]}}',
        f'{{"solution_id": {first + 1}, "scores": [0.9]}}',
        '{"solution_id": 99, "scores": [0.9, 0.2]}',
        f'{{"solution_id": {first + 2}, "scores": [NaN, 0.2]}}',
    ]
    with open_page(browser, f"{site}/imports?what=Scores&kind=judge") as page:
        threshold = page.get_by_label("Threshold", exact=True)
        threshold.fill("0.5")
        threshold.press("Enter")
        drop(page, "theirs.jsonl", "\n".join(lines).encode())
        expect(page.get_by_text("1 of 4 rows matched a solution; 3 rejected.")).to_be_visible()
        for line, reason in (
            ("2", "scores must be a list of 2, one a step, not 1"),
            ("3", "there is no solution 99 in this project"),
            ("4", "NaN is not JSON"),
        ):
            row = page.get_by_role("row").filter(has_text=reason)
            expect(row.get_by_role("cell", name=line, exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="NAME, step 1: score 0.971")).to_be_visible()
        expect(
            page.get_by_role("button", name="Import: give the annotator a name")
        ).to_be_disabled()
        page.get_by_label("Called").fill("genprm")
        page.get_by_label("Called").press("Enter")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("Done: 1 of 4 rows matched a solution")).to_be_visible()
        page.goto(f"{site}/solution?id={first}")
        for score in ("genprm, step 2: score 0.339, first error", "prm, step 2: score 0.210"):
            expect(page.get_by_role("button", name=score)).to_be_visible()
        expect(
            page.get_by_role("columnheader", name="genprm (judge), ⚑ step 2, ≥ .50")
        ).to_be_visible()
        assert page.errors == []  # type: ignore[attr-defined]


def test_a_file_over_the_limit_is_refused_and_the_way_round_is_said(
    browser: Browser, site: str
) -> None:
    with open_page(browser, f"{site}/imports") as page:
        expect(page.get_by_text("1MB per file").first).to_be_visible()
        drop(page, "large.jsonl", b" " * 2_000_000)
        expect(page.get_by_text("File must be 1.0MB or smaller")).to_be_visible()
        expect(page.get_by_text("import FILE")).to_be_visible()
        expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)


def test_an_upload_is_taken_back(browser: Browser, site: str, tmp_path: Path) -> None:
    with open_page(browser, f"{site}/imports") as page:
        drop(page, "mine.jsonl", json.dumps(ROW).encode())
        expect(page.get_by_text("1 solution as jsonl")).to_be_visible()
        page.get_by_role("button", name="Remove mine.jsonl").click()
        expect(page.get_by_text("1 solution as jsonl")).to_have_count(0)
        expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
    assert not (tmp_path / "project.db.d" / "uploads").exists()
