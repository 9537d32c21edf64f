"""Steps cut anew on the page of their solution, and the way between the two."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea

from db.annotators import ensure_reviewer
from db.corrections import append_corrections, current_acts
from db.engine import Database
from db.review.recuts import replacement
from db.solutions import get_solution
from tests.support.pages import open_page, shown, words_of
from tests.support.rows import correction, fill


def press(test: AppTest, label: str) -> AppTest:
    (button,) = [one for one in test.button if one.label == label]
    return button.click().run()


def steps_of(test: AppTest) -> TextArea:
    (found,) = [one for one in test.text_area if one.label == "Steps"]
    return found


def test_a_flagged_split_is_mended_and_taken_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 2)
    ada = ensure_reviewer(database, "Ada")
    flagged = correction(1, ada.id, "t", labels=(1, 1), first_error=-1, flags=("bad_split",))
    append_corrections(database, [flagged])
    test = open_page(database, monkeypatch, "solution", id="1")
    (form,) = test.expander
    assert form.proto.expanded
    assert steps_of(test).value == "0 + 0 = 0\n----------\nThat is it."
    steps_of(test).set_value("0 + 0 = 0\n----------\nThat was it.")
    assert "say something else" in words_of(press(test, "Cut"))
    assert replacement(database, 1) is None
    steps_of(test).set_value("0 + 0\n----------\n= 0\n----------\nThat is it.")
    assert not press(test, "Cut").exception
    made = replacement(database, 1)
    assert made is not None
    assert str(made) in test.query_params["id"]
    assert shown(test, "solution")["items"][0]["steps"] == ["0 + 0", "= 0", "That is it."]
    act = current_acts(database, [made], ada.id)[made]
    assert (act.labels, act.flags) == ((1, 1, 1), ())
    assert "Cut anew from" in str(shown(test, "lineage"))
    assert not press(test, "Put solution 1 back").exception
    assert "1" in test.query_params["id"]
    old = open_page(database, monkeypatch, "solution", id=str(made))
    assert "Set aside" in str(shown(old, "lineage"))
    assert not old.expander
    assert get_solution(database, made).steps == ("0 + 0", "= 0", "That is it.")
    assert "No such solution" not in words_of(old)
