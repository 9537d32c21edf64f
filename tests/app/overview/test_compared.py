"""Overview: who is compared is chosen there, and annotators are renamed, hidden and shown."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from app.ui.project_summary import beside_earlier
from db.annotators import ensure_annotator, rename_annotator
from db.engine import Database
from db.lists import choice
from db.lists.comparison import compared_annotators
from db.results import Measured, add_evaluation, list_evaluations
from tests.support.pages import open_page, words_of
from tests.support.rows import fill, machine


@pytest.fixture
def project(database: Database) -> Database:
    """One Monte Carlo, a judge on everything, and a trial judge on one solution."""
    ids = fill(database, 6)
    machine(database, "mc", dict.fromkeys(ids, -1))
    machine(database, "judge", dict.fromkeys(ids, -1))
    return database


def compared(database: Database) -> list[str]:
    return [one.label for one in compared_annotators(database).members()]


def box(test: AppTest, label: str) -> Selectbox:
    return next(one for one in test.selectbox if one.label == label)


def press(test: AppTest, label: str) -> None:
    next(one for one in test.button if one.label == label).click().run()


def test_a_choice_is_made_kept_and_given_up(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename_annotator(project, "judge:judge", "full")
    trial = machine(project, "prm", {1: -1})
    machine(project, "mc", {})
    test = open_page(project, monkeypatch, "overview")
    assert "Compared: mc · full · prm" in words_of(test)
    one = box(test, "PRM")
    assert one.options == ["Most coverage (prm)", "prm"]
    one.set_value(trial.label).run()
    assert not test.exception
    choice.hide(project, "mc:mc")
    assert compared(project) == ["judge:full", "prm:prm"]
    again = open_page(project, monkeypatch, "overview")
    one = box(again, "PRM")
    assert one.value == "prm:prm"
    one.set_value("Most coverage").run()
    last = open_page(project, monkeypatch, "overview")
    one = box(last, "PRM")
    assert one.value == "Most coverage (prm)"


def test_an_annotator_is_renamed_hidden_and_shown(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(project, monkeypatch, "overview")
    box(test, "Rename or hide for everybody").set_value("judge:judge")
    test.run()
    next(one for one in test.text_input if one.label == "Name").set_value("reader").run()
    press(test, "Rename")
    assert not test.exception
    assert compared(project) == ["mc:mc", "judge:reader"]
    box(test, "Rename or hide for everybody").set_value("judge:reader")
    test.run()
    press(test, "Hide")
    assert compared(project) == ["mc:mc"]
    box(test, "Rename or hide for everybody").set_value("judge:reader")
    test.run()
    press(test, "Show")
    assert compared(project) == ["mc:mc", "judge:reader"]


def test_a_name_that_is_taken_is_refused_on_the_page(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename_annotator(project, "mc:mc", "first")
    rename_annotator(project, "mc:first", "second")
    machine(project, "mc", {1: -1})
    test = open_page(project, monkeypatch, "overview")
    next(one for one in test.text_input if one.label == "Name").set_value("x" * 300).run()
    press(test, "Rename")
    assert "name has 1 to 200 characters" in words_of(test)


def test_an_old_link_and_an_old_evaluation_say_the_new_name(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = compared_annotators(project).judge
    assert judge is not None
    told = {"annotator": judge.label, "reference": "mc:mc"}
    add_evaluation(project, "processbench", judge.id, None, Measured(), told)
    rename_annotator(project, "judge:judge", "reader")
    test = open_page(project, monkeypatch, "overview", by="judge:judge", says="no error")
    assert not test.exception
    assert test.query_params["by"] == "judge:reader"
    assert test.query_params["says"] == "no error"
    (stored,) = list_evaluations(project)
    assert stored.result["annotator"] == "judge:reader"


def test_a_new_prm_is_shown_beside_the_one_before_it(project: Database) -> None:
    newest = machine(project, "prm", {1: -1})
    assert beside_earlier(project, newest.label) == {"prm": "prm:prm"}
    rename_annotator(project, "prm:prm", "v1")
    second = ensure_annotator(project, "prm", "v2", {"model": "v2"})
    assert beside_earlier(project, second.label) == {"prm": "prm:v2", "vs": "prm:v1"}
    choice.hide(project, "prm:v1")
    assert beside_earlier(project, "prm:v2") == {"prm": "prm:v2"}
