"""The page on a PRM's errors as Streamlit runs it: figures, states, and wrong addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import save_wave
from db.annotators import ensure_annotator, find_annotator
from db.engine import Database, open_database
from db.ingest import insert_rows
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord, ImportRow, SourceLabel
from labeling.demo.prepare import prepare_demo
from labeling.evaluation.processbench import evaluate_processbench
from tests.support.pages import open_page, shown, words_of

PRM, OLDER, TRUTH = "prm:prm-v2", "prm:prm-v1", "human:playground-truth"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The prepared playground project; these tests only read it."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    database = open_database(prepare_demo(file, lambda *_: None))
    yield database
    database.close()


def texts(cell: Any) -> str:
    """The words of a cell and of those in it."""
    if isinstance(cell, dict):
        return " ".join(
            [str(cell.get("value", "")), *(texts(one) for one in cell.get("cells") or [])]
        ).strip()
    return "" if cell is None else str(cell)


def line(test: AppTest, key: str) -> str:
    """The words of a line of cells."""
    return " ".join(texts(shown(test, key)["rows"][0]["cells"][0]).split())


def listed(test: AppTest) -> list[int]:
    """The ids of the list of mistakes, as it is shown."""
    return [int(row["cells"][0]["value"]) for row in shown(test, "mistakes")["rows"]]


def test_the_figures_are_those_of_the_command_line(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(demo, monkeypatch, "prm_errors", prm=PRM, ref=TRUTH, vs=OLDER)
    assert not test.exception
    found = evaluate_processbench(demo, PRM, TRUTH)["all"]
    older = evaluate_processbench(demo, OLDER, TRUTH)["all"]
    assert found["f1"] is not None
    assert older["f1"] is not None
    low, high = found["intervals"]["f1"]["low"], found["intervals"]["f1"]["high"]
    words = line(test, "headline")
    assert f"F1 {found['f1']:.3f} [{low:.3f} to {high:.3f}]" in words
    assert f"difference to prm-v1 {found['f1'] - older['f1']:+.3f} [" in words
    assert "over 741 with an error and 1,412 without one" in words
    board = shown(test, "board")
    at = board["thresholds"].index(board["t"])
    drawn = [board[curve][at] for curve in ("f1", "exact", "clean", "versus")]
    printed = [found["f1"], found["error_accuracy"], found["correct_accuracy"], older["f1"]]
    assert [f"{one:.6f}" for one in drawn] == [f"{one:.6f}" for one in printed]


def test_a_cell_and_an_outcome_are_lists(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = open_page(demo, monkeypatch, "prm_errors", outcome="missed")
    assert line(missed, "list heading").startswith("113 missed")
    assert listed(missed)[0] == 1294  # every step of it scored .99
    cell = open_page(demo, monkeypatch, "prm_errors", cell="none,3")
    prm, truth = (find_annotator(demo, label).id for label in (PRM, TRUTH))
    ids = solution_ids(demo, SolutionFilter(cell=(-1, 2, prm, truth)))
    assert line(cell, "list heading").startswith(f"{len(ids)} PRM: no error, reference: step 3")
    assert sorted(listed(cell)) == ids


@pytest.mark.parametrize(
    ("pick", "page"), [("Review all", "Review"), ("Browse all", "Browse"), ("Own page", "Solution")]
)
def test_the_list_is_taken_along_as_it_is_shown(
    demo: Database, monkeypatch: pytest.MonkeyPatch, pick: str, page: str
) -> None:
    """At a threshold that no database knows, in an order that no filter can say."""
    query = {"outcome": "missed", "t": "0.2", "sort": "highest score first"}
    test = open_page(demo, monkeypatch, "prm_errors", **query)
    order = listed(test)
    assert order != sorted(order)
    where = "list heading"
    if pick == "Own page":
        test = open_page(demo, monkeypatch, "prm_errors", **query, open=str(order[1]))
        where = "drawer head"
    cells = shown(test, where)["rows"][0]["cells"][0]["cells"]
    wish = next(cell["id"] for cell in cells if cell.get("value") == pick)
    test.session_state[where] = {"picked": wish}
    test.run()
    assert not test.exception
    to, _, words = shown(test, "follow")["href"].partition("?")
    given = dict(parse_qsl(words))
    test = open_page(demo, monkeypatch, to, **given)
    assert test.title[0].value == page
    if page == "Review":
        assert [item["solution_id"] for item in shown(test, "review")["items"]] == order[:6]
        assert "missed, highest score first (prm-v2" in words_of(test)
        assert given == {"queue": "filter", "sort": "listed", "listed": given["listed"]}
    elif page == "Browse":
        rows = shown(test, "solutions")["rows"]
        assert [int(row["cells"][1]["value"]) for row in rows] == order[: len(rows)]
    else:
        assert given["id"] == str(order[1])
        back, _, at, after = shown(test, "carried")["rows"][0]["cells"][0]["cells"]
        assert at["value"].startswith("2 of ")
        assert f"id={order[2]}&" in after["href"]
        assert back["value"] == "PRM errors"
        assert "t=0.2" in back["href"]
        assert "open" not in back["href"]


def test_words_that_an_address_cannot_mean_are_said_and_passed_over(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"prm": "prm:gone", "ref": "human:nobody", "vs": "x", "t": "much", "cell": "9,9,9"}
    test = open_page(
        demo, monkeypatch, "prm_errors", **wrong, outcome="odd", sort="?", open="x", page="0"
    )
    assert not test.exception
    assert "F1 0.828" in line(test, "headline")
    notices = [
        element.proto.json for element in test.get("bidi_component") if "notice" in element.proto.id
    ]
    assert any("prm:gone" in one for one in notices)
    assert any("human:nobody" in one for one in notices)


def small(database: Database, *, labels: bool, scores: bool = True) -> None:
    """Four solutions, with the labels of a data set or none, scored by a PRM or not."""
    rows = [
        ImportRow(
            problem=f"problem {n}",
            steps=("a", "b"),
            generator="g",
            dataset="set",
            labels=(SourceLabel("people", (None, None), n % 2 - 1),) if labels else (),
        )
        for n in range(4)
    ]
    insert_rows(database, rows)
    if scores:
        prm = ensure_annotator(database, "prm", "p", {"model": "p", "threshold": 0.5})
        said = [AnnotationRecord(n, prm.id, (0.9, 0.4), 1, "ok", {}) for n in range(1, 5)]
        save_wave(database, prm.id, None, said)


def test_nothing_to_show_says_what_to_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(database, labels=False, scores=False)
    test = open_page(database, monkeypatch, "prm_errors")
    assert "No PRM has scored" in words_of(test)
    assert "Score with a PRM" in line(test, "no prm")


def test_without_a_reference_thirty_random_solutions_are_offered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(database, labels=False)
    test = open_page(database, monkeypatch, "prm_errors")
    assert "nobody has labelled any" in words_of(test)
    assert "Label 30 random solutions" in line(test, "no reference")


def test_few_solutions_get_no_interval(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    small(database, labels=True)
    test = open_page(database, monkeypatch, "prm_errors")
    assert not test.exception
    assert find_annotator(database, "human:people")
    assert "too few" in line(test, "headline")
    assert "[" not in line(test, "headline")
    assert shown(test, "board")["interval"] is None
