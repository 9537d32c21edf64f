"""A number that opens a list says how many solutions are in it, on every page that has some."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from app.components.data_table.data_table import page_href
from app.ui import filters
from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, open_database
from db.lists.browse import count_solutions, list_solutions
from db.lists.filters import SolutionFilter
from labeling.demo.prepare import prepare_demo
from tests.app.prm_errors.test_page import line
from tests.support.pages import open_page
from tests.support.rows import correction

COUNT = re.compile(r"\d{1,3}(,\d{3})*")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The prepared project, in which two people labelled, skipped and flagged some solutions."""
    file = tmp_path_factory.mktemp("counts") / "p.db"
    database = open_database(prepare_demo(file, lambda *_: None))
    several = [one for one in list_solutions(database, SolutionFilter()) if one.n_steps > 2]
    for name, rows in (("Ada", several[:9]), ("Emmy", several[5:12])):
        person = ensure_reviewer(database, name)
        append_corrections(
            database,
            [
                correction(
                    row.id,
                    person.id,
                    f"{name} {row.id}",
                    labels=(1, -1, *[None] * (row.n_steps - 2)) if place else None,
                    first_error=1 if place else None,
                    action="label" if place else "skip",
                    flags=("bad_problem",) if place == 1 else (),
                )
                for place, row in enumerate(rows)
            ],
        )
    yield database
    database.close()


def doors(test: AppTest, page: str) -> set[tuple[str, str]]:
    """(address, number) of all numbers on the page that open a list on another page."""
    found: set[tuple[str, str]] = set()

    def look(at: Any) -> None:
        if isinstance(at, dict):
            href, value = at.get("href"), at.get("value")
            if str(href).startswith(f"{page}?") and COUNT.fullmatch(str(value)):
                found.add((str(href), str(value)))
            at = list(at.values())
        for one in at if isinstance(at, list) else ():
            look(one)

    for element in test.get("bidi_component"):
        look(json.loads(element.proto.json))
    return found


@pytest.mark.parametrize(
    ("page", "query", "least"),
    [
        ("overview", {}, 20),
        ("consensus", {}, 25),
        ("agreement", {}, 20),
        ("agreement", {"dataset": "playground-b"}, 12),
        ("prm_errors", {}, 2),
        ("prm_errors", {"on": "all"}, 2),
        ("prm_errors", {"answer": "Wrong answer"}, 1),
        ("evaluation", {"show": "Biases"}, 15),
        ("evaluation", {"show": "Biases", "problems": "all"}, 15),
    ],
)
def test_a_number_is_how_many_solutions_it_opens(
    project: Database,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, str],
    least: int,
) -> None:
    test = open_page(project, monkeypatch, page, **query)
    assert not test.exception
    found = doors(test, "browse")
    wrong = {}
    for href, value in found:
        address = dict(parse_qsl(href.partition("?")[2]))
        n = count_solutions(project, filters.understood(project, address))
        if f"{n:,}" != value:
            wrong[href] = (value, n)
    assert not wrong
    assert len(found) >= least, found


@pytest.mark.parametrize(
    ("query", "least"),
    [
        ({}, 2),
        ({"t": "0.3"}, 2),
        ({"slice": "steps: 2 steps"}, 4),
        ({"tab": "Version to version"}, 12),
    ],
)
def test_a_number_of_prm_errors_is_how_many_solutions_it_lists_there(
    project: Database, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], least: int
) -> None:
    test = open_page(project, monkeypatch, "prm_errors", **query)
    assert not test.exception
    found = doors(test, "prm_errors")
    for href, value in found:
        assert len(href) < 500
        assert listed(project, monkeypatch, href) == value, href
    assert len(found) >= least, found


@pytest.mark.parametrize(
    ("page", "query", "least"),
    [
        ("evaluation", {"show": "Biases"}, 19),
        ("prm_errors", {"tab": "Biases", "from": "3", "t": "0.3"}, 20),
    ],
)
def test_a_mark_is_how_many_solutions_it_opens(
    project: Database,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, str],
    least: int,
) -> None:
    test = open_page(project, monkeypatch, page, **query)
    assert not test.exception
    found = marks(test)
    for opens, value in found:
        href = opens[0]
        if "?" not in href:  # a part of the page, and perhaps a slice
            part, slice = (*opens, "")[:2]
            href = page_href(page, **query, part=part, slice=slice or None)
        assert listed(project, monkeypatch, href) == value, opens
    assert len(found) >= least, found


def marks(test: AppTest) -> set[tuple[tuple[str, ...], str]]:
    """(what it opens, how many it says it counts) of all marks of figures that say "n of m"."""
    found: set[tuple[tuple[str, ...], str]] = set()
    for one in test.get("plotly_chart"):
        for trace in json.loads(one.proto.spec)["data"]:
            data, texts = trace.get("customdata") or [], trace.get("text") or []
            for opens, words in zip(data, texts, strict=bool(data)):
                count = re.search(r"([\d,]+) of [\d,]+", str(words))
                if count and opens:
                    found.add((tuple(opens), count[1]))
    return found


def listed(project: Database, monkeypatch: pytest.MonkeyPatch, href: str) -> str:
    """How many solutions an address lists, as the page writes it."""
    page, _, words = href.partition("?")
    query = dict(parse_qsl(words))
    query.pop("tab", None)  # What is below the list takes time, and changes nothing of it.
    if page == "browse":
        return f"{count_solutions(project, filters.understood(project, query)):,}"
    opened = open_page(project, monkeypatch, page, **query)
    assert not opened.exception
    return line(opened, "list heading").split()[0]
