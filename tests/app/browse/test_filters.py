"""What narrows a list, on the page: notices for what cannot be meant, chips that take it away."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Database
from db.ingest import insert_rows
from tests.support.pages import open_page, shown, words_of
from tests.support.rows import machine, row


def fill(database: Database, n: int) -> None:
    """`n` solutions, a third of them with a wrong answer; MC flags the second step of each."""
    insert_rows(database, [row(i, is_correct=i % 3 != 1) for i in range(n)])
    machine(database, "mc", {i + 1: 1 for i in range(n)})


@pytest.mark.parametrize("page", ["browse", "review", "jobs"])
@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ({"dataset": "gone"}, "This project has no data set gone."),
        ({"by": "prm:gone", "says": "an error"}, "This project has no annotator prm:gone."),
    ],
)
def test_a_filter_the_project_does_not_have_is_said(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, str],
    notice: str,
) -> None:
    """Without it the list would be another one, and a job would run on everything."""
    fill(database, 3)
    test = open_page(database, monkeypatch, page, **query)
    assert not test.exception
    assert notice in words_of(test)
    assert "3 solutions" not in words_of(test)
    assert not [button for button in test.button if button.label.startswith("Start ")]


def test_a_chip_takes_its_condition_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    query = {"answer": "Wrong answer", "by": "mc:mc", "says": "an error in step 2"}
    test = open_page(database, monkeypatch, "browse", page="2", **query)
    assert "4 solutions" in words_of(test)
    chips = {button.label: button for button in test.button}
    assert {"Wrong answer \u2715", "Clear all"} < set(chips)
    chips["Wrong answer \u2715"].click().run()
    assert not test.exception
    assert "12 solutions" in words_of(test)
    assert set(test.query_params) & {"answer", "by", "says", "page"} == {"by", "says"}
    next(button for button in test.button if button.label.startswith("annotated by")).click().run()
    assert "12 solutions" in words_of(test)
    assert "by" not in test.query_params


def test_by_problem_a_page_has_heads_and_the_solutions_of_the_open_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_rows(database, [row(i, problem=f"p{i % 2}", steps=(str(i),)) for i in range(6)])
    test = open_page(database, monkeypatch, "browse", sort="problem")
    assert not test.exception
    assert "6 solutions to 2 problems" in words_of(test)
    assert places(test) == []
    test = open_page(database, monkeypatch, "browse", sort="problem", open="2")
    assert places(test) == [(2, 4), (4, 5), (6, 6)]  # as the list that they carry has them
    next(button for button in test.button if button.label == "Open all").click().run()
    assert not test.exception
    assert places(test) == [(1, 1), (3, 2), (5, 3), (2, 4), (4, 5), (6, 6)]
    next(button for button in test.button if button.label == "Close all").click().run()
    assert places(test) == []
    assert "open" not in test.query_params


def test_open_problems_are_shown_a_part_at_a_time_and_none_is_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.browse.problems.MOST", 2)
    insert_rows(database, [row(i, problem=f"p{i % 2}", steps=(str(i),)) for i in range(10)])
    seen: list[tuple[int, int]] = []
    query = {"sort": "problem", "open": "all"}
    for number in range(1, 6):
        test = open_page(database, monkeypatch, "browse", **query)
        assert not test.exception
        (line,) = shown(test, "part of the open")["rows"]
        told, *links = line["cells"][0]["cells"]
        assert told["value"] == f"{2 * number - 1} to {2 * number} of 10 solutions of open problems"
        seen += places(test)
        ways = {link["value"]: link["href"] for link in links}
        assert ("The 2 before" in ways) is (number > 1)
        query = dict(parse_qsl(ways.get("The next 2", "").partition("?")[2]))
    assert query == {}
    assert [place for _, place in seen] == list(range(1, 11))
    assert {id for id, _ in seen} == set(range(1, 11))


def places(test: AppTest) -> list[tuple[int, int]]:
    """(solution, its place in the list) of the rows, as their links say."""
    rows = json.dumps(shown(test, "solutions 0")["rows"])
    found = re.findall(r"solution\?id=(\d+)[^\"]*&at=(\d+)", rows)
    return [(int(id), int(at)) for id, at in found]
