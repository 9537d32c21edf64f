"""The report of a small run: in Markdown, as a page, and in the app."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from db.engine import open_database
from db.lists.counts import coverage
from labeling.lessons.findings import FINDINGS
from labeling.lessons.parts import folder_of, project_url
from labeling.lessons.plan import SOURCES
from labeling.lessons.report import trace
from labeling.lessons.report.contents import sections
from labeling.lessons.report.markdown import APP, code, plain
from labeling.lessons.report.page.page import cell, page
from labeling.lessons.report.section import Code, Link, Verdict
from labeling.lessons.report.state import state_of
from tests.labeling.lessons.command import report
from tests.support.browser import chromium, expect, open_page
from tests.support.pages import open_page as open_in_app
from tests.support.pages import shown, words_of

HOSTILE = (
    """</script><img src="http://evil.example/x" onerror='alert(1)'>| `a` [x](javascript:y) *b*"""
)


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_report_says_what_it_found_and_where_its_rows_are(calm: Path) -> None:
    told, text = report(calm), (calm / "report.md").read_text("utf-8")
    assert {one["verdict"] for one in told["figures"]["findings"]} == {"not testable at this size"}
    for words in (*SOURCES.values(), "maj@N", told["settings_hash"], told["command"]):
        assert words in text
    database = open_database(project_url(calm))
    counts = {one.annotator.label: one.annotated for one in coverage(database)}
    database.close()
    for source in (*SOURCES, "mc-above-2"):
        assert f"=prm%3A{source}-seed0" in text  # the address that opens its solutions
        assert counts[f"prm:{source}-seed0"] == told["figures"]["solutions"]
    paths = {path for one in FINDINGS for path in trace.paths(one, told["figures"])}
    assert paths
    for path in paths:
        assert f"`{path}`" in text
        assert (calm / path).exists(), path


def test_the_page_loads_nothing_and_shows_what_models_wrote_letter_by_letter(calm: Path) -> None:
    told = report(calm) | {"spent": {"core_seconds": 1}, "command": HOSTILE}
    told["settings"]["judge"] = HOSTILE
    tags = Tags(page(told)).found
    assert not {"img", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags}
    assert not any("src" in given or "onerror" in given for _, given in tags)
    addresses = [given["href"] or "" for tag, given in tags if tag == "a"]
    assert all(one.startswith(("#", APP)) for one in addresses)
    policy = next(given for tag, given in tags if given.get("http-equiv"))
    assert "default-src 'none'" in (policy["content"] or "")
    for one in (HOSTILE, Code(HOSTILE), Verdict(HOSTILE), Link(HOSTILE, "browse", {"by": HOSTILE})):
        assert not {tag for tag, _ in Tags(cell(one)).found} - {"code", "span", "a"}


def test_a_cell_of_markdown_is_one_cell_and_no_markup() -> None:
    assert plain("a|b\n<i>*c*") == r"a\|b \<i\>\*c\*"
    assert code("a|`b`") == r"`` a\|`b` ``"


def test_the_page_draws_its_figures_in_light_and_dark(calm: Path) -> None:
    figures = sum(
        len(one.charts) for one in sections(report(calm) | {"spent": {"core_seconds": 1}})
    )
    with chromium() as browser, open_page(browser, (calm / "report.html").as_uri()) as opened:
        drawn = opened.locator(".chart .main-svg:first-child")
        expect(drawn).to_have_count(figures)
        opened.emulate_media(color_scheme="dark")
        expect(opened.locator("html.dark")).to_have_count(1)
        opened.get_by_role("button", name="Light or dark").click()
        expect(opened.locator("html.dark")).to_have_count(0)
        expect(drawn).to_have_count(figures)
        assert opened.strangers == []  # type: ignore[attr-defined]
        assert opened.errors == []  # type: ignore[attr-defined]


def test_the_app_shows_a_run_and_its_links_open_the_solutions(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(project_url(calm))
    found = open_in_app(database, monkeypatch, "lessons")
    assert not found.exception
    rows = shown(found, "table Findings")["rows"]
    assert len(rows) == len(FINDINGS)
    links = [link["href"] for row in rows for link in row["cells"][-1]["cells"]]
    kinds = {}
    for link in links:
        asked = dict(parse_qsl(urlsplit(link).query))
        kinds[urlsplit(link).path, *sorted(asked)] = asked
    for (path, *_), asked in kinds.items():
        opened = open_in_app(database, monkeypatch, path, **asked)
        assert not opened.exception
        assert "This project has no" not in words_of(opened)
        assert "cannot be" not in words_of(opened)
    database.close()


def test_a_run_that_is_half_done_says_which_parts_are_left(calm: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(calm / "parts", half / "parts")
    shutil.copy(calm / "settings.json", half)
    (half / "parts" / "figures.json").unlink()
    state = state_of(half)
    assert {part.name for part in state.parts} - state.done == {"figures"}
    assert 0.5 < state.share < 1
    assert not state.is_at_work
    titles = {one.title for one in sections(state.told)}
    assert "Labels" in titles
    assert "Findings" not in titles
    assert state_of(calm).is_finished


def test_only_the_project_of_a_run_has_lessons(calm: Path, tmp_path: Path) -> None:
    assert folder_of(calm / "project.db") == calm
    assert folder_of(calm / "other.db") is None
    assert folder_of(tmp_path / "project.db") is None
