"""Whose columns a page shows: chosen there, remembered for the person, and open to who comes."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.lists import choice
from db.lists.columns import chosen_columns
from db.records import AnnotationRecord
from tests.support.pages import open_page, shown
from tests.support.rows import correction, fill, machine


@pytest.fixture
def project(database: Database) -> Database:
    """One Monte Carlo, a judge and a PRM on two solutions."""
    ids = fill(database, 2)
    for kind in ("mc", "judge", "prm"):
        machine(database, kind, dict.fromkeys(ids, -1))
    return database


def heads(test: AppTest) -> list[str]:
    """The annotators whose columns Browse shows."""
    columns = shown(test, "solutions 0")["columns"]
    return [one["label"] for one in columns if "name" in one.get("style", "").split()]


def pick(test: AppTest, page: str, kind: str, *ids: int) -> AppTest:
    key = f"columns {page} {kind}"
    (found,) = [one for one in test.button_group if one.key == key]
    found.set_value(list(ids))
    return test.run()


def test_columns_are_chosen_on_browse_and_remembered(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(project, monkeypatch, "browse")
    assert heads(test) == ["mc", "judge", "prm"]
    assert heads(pick(test, "browse", "judge")) == ["mc", "prm"]
    # For this person, on this page; whoever comes later is shown, and whoever is hidden is not.
    new = ensure_annotator(project, "judge", "second", {})
    save_wave(project, new.id, None, [AnnotationRecord(1, 0, (1.0, 1.0), -1, "ok", {})])
    again = open_page(project, monkeypatch, "browse")
    assert heads(again) == ["mc", new.name, "prm"]
    choice.hide(project, "mc:mc")
    assert heads(open_page(project, monkeypatch, "browse")) == [new.name, "prm"]
    (back,) = [one for one in again.button if one.label == "Back to the usual columns"]
    back.click().run()
    assert chosen_columns(project, "Ada", "browse") is None
    assert "judge" in heads(open_page(project, monkeypatch, "browse"))


def test_review_and_a_solution_remember_their_own(
    project: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that names columns shows those, and nobody's labels are shown before one's own."""

    def columns(test: AppTest, page: str) -> list[str]:
        assert not test.exception
        return [one["name"] for one in shown(test, page)["items"][0]["annotators"]]

    bob = ensure_reviewer(project, "bob")
    said = correction(1, bob.id, "b", labels=(1, 1), first_error=-1)
    append_corrections(project, [said])
    review = open_page(project, monkeypatch, "review", queue="random")
    assert columns(review, "review") == ["mc", "judge", "prm"]
    assert columns(pick(review, "review", "prm"), "review") == ["mc", "judge"]
    solution = open_page(project, monkeypatch, "solution", id="1")
    assert columns(solution, "solution") == ["mc", "judge", "prm"]
    (box,) = [one for one in solution.multiselect if one.label == "Annotators"]
    box.set_value(["judge:judge", "human:bob"]).run()
    assert columns(solution, "solution") == ["judge", "bob"]
    assert columns(open_page(project, monkeypatch, "solution", id="1"), "solution") == ["judge"]
    linked = open_page(project, monkeypatch, "solution", id="2", annotators="prm:prm")
    assert columns(linked, "solution") == ["prm"]
    again = open_page(project, monkeypatch, "review", queue="random")
    assert columns(again, "review") == ["mc", "judge"]
