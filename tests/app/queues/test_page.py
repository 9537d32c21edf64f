"""Saving, opening and changing queues in the app, without a browser."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.auth import identity
from app.ui import filters
from app.ui.queues import wording
from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import keep_list
from db.review.recuts import recut
from db.review.saved_queues import (
    Contents,
    SavedQueue,
    change_queue,
    find_queue,
    save_queue,
    saved_queues,
)
from db.solutions import get_solution
from labeling.review.queues import GROUPS, QUEUES
from tests.app.test_pages import HOSTILE, fill
from tests.support.pages import open_page, shown, words_of
from tests.support.rows import correction

WRONG = Contents("filter", SolutionFilter(answer="wrong"), "newest")


def items(test: AppTest) -> list[int]:
    """The solutions that Review has at hand."""
    return [item["solution_id"] for item in shown(test, "review")["items"]]


def queue_box(test: AppTest) -> str:
    """What Review calls the queue on screen."""
    (box,) = [one for one in test.selectbox if one.label == "Queue"]
    return str(box.format_func(box.value))


def test_a_filter_is_saved_named_and_assigned_in_browse(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    ensure_reviewer(database, "bob")
    test = open_page(database, monkeypatch, "browse", answer="Wrong answer", sort="newest")
    test.text_input(key="browse name").set_value("Wrong ones")
    test.multiselect(key="browse assigned").set_value(["bob"])
    test.text_area(key="browse instructions").set_value("Look twice.")
    test.selectbox(key="browse per item").set_value("2")
    (button,) = [one for one in test.button if one.label == "Save"]
    button.click().run()
    assert not test.exception
    (saved,) = saved_queues(database)
    assert (saved.name, saved.assigned, saved.instructions) == (
        "Wrong ones",
        ("bob",),
        "Look twice.",
    )
    assert (saved.contents, saved.per_item, saved.made_by) == (WRONG, 2, "Ada")
    # It is shown in the list of queues, and from there it opens.
    assert shown(test, "follow")["href"] == f"queues?queue={saved.token}"
    (row,) = shown(open_page(database, monkeypatch, "queues"), "queues")["rows"]
    assert row["cells"][0]["cells"][0]["href"] == f"review?queue={saved.token}"
    review = open_page(database, monkeypatch, "review", queue=saved.token)
    assert items(review) == [11, 8, 5, 2]
    assert "Look twice." in words_of(review)
    assert queue_box(review) == "Wrong ones"


def test_a_name_that_is_taken_says_so_and_saves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 3)
    save_queue(database, WRONG, "Mia", name="Taken")
    test = open_page(database, monkeypatch, "browse")
    test.text_input(key="browse name").set_value("Taken")
    next(one for one in test.button if one.label == "Save").click().run()
    assert "There is a queue Taken already." in words_of(test)
    assert test.text_input(key="browse name").value == "Taken"
    assert len(saved_queues(database)) == 1


def test_review_opens_with_what_is_assigned_and_has_something_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    ada = ensure_reviewer(database, "Ada")
    one = Contents("filter", SolutionFilter(ids=(3,)))
    save_queue(database, one, "Mia", name="A done one", assigned=("Ada",))
    save_queue(database, WRONG, "Mia", name="Bob's", assigned=("bob",))
    mine = save_queue(database, WRONG, "Mia", name="Mine", assigned=("bob", "Ada"))
    append_corrections(database, [correction(3, ada.id, "t", labels=(1, -1, None))])
    test = open_page(database, monkeypatch, "review")
    assert (queue_box(test), items(test)) == ("Mine", [11, 8, 5, 2])
    # An address that asks for something else is heard.
    assert queue_box(open_page(database, monkeypatch, "review", queue="random")) == "Random control"
    assert queue_box(open_page(database, monkeypatch, "review", ids="4")) == "All disagreements"
    change_queue(database, mine.token, "Mia", archived=True)
    assert queue_box(open_page(database, monkeypatch, "review")) == "All disagreements"
    gone = open_page(database, monkeypatch, "review", queue="nosuchqueue")
    assert "This project has no queue nosuchqueue." in words_of(gone)


def test_no_reason_is_given_for_a_cut_that_nobody_annotated(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the place of the old cut on screen, of which alone the reason is true."""
    fill(database, 3)
    ada = ensure_reviewer(database, "Ada")
    (old, *others) = items(open_page(database, monkeypatch, "review", queue="random"))
    first, second, last = get_solution(database, old).steps
    made = recut(database, old, [first, *second.split(), last], ada, "cut-1")
    data = shown(open_page(database, monkeypatch, "review", queue="random"), "review")
    reasons = {one["solution_id"]: one["queue_reason"] for one in data["items"]}
    assert reasons == {made: None, **dict.fromkeys(others, "Random control")}


def everything_said(test: AppTest) -> str:
    """All that a page gives away: its texts, its menus, what components draw, and its address."""
    menus = [option for one in test.selectbox for option in one.options]
    texts = [str(element.value) for element in [*test.text, *test.markdown, *test.title]]
    drawn = [element.proto.json for element in test.get("bidi_component")]
    return json.dumps([menus, texts, drawn, dict(test.query_params)])


def test_nothing_tells_what_a_blind_queue_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    saved = save_queue(
        database,
        Contents("filter", SolutionFilter(answer="wrong", text='"b 4"')),
        "Mia",
        name="Telling name",
        instructions="Judge alone.",
        assigned=("Ada",),
        blind=True,
    )
    monkeypatch.setattr(identity, "is_manager", lambda: False)
    for page, query in (("review", {}), ("review", {"queue": saved.token}), ("queues", {})):
        test = open_page(database, monkeypatch, page, **query)
        assert not test.exception
        said = everything_said(test)
        assert f"Queue {saved.id}" in said
        assert "Telling" not in said
        assert "containing" not in said
        assert dict(test.query_params).keys() <= {"queue"}
        if page == "review":
            data = shown(test, "review")
            assert data["blind"]
            assert {item["queue_reason"] for item in data["items"]} == {f"Queue {saved.id}"}
            assert "Judge alone." in words_of(test)
            assert not [one for one in test.toggle if one.label.startswith("Blind")]


def test_a_filter_that_goes_blind_leaves_the_address(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    test = open_page(
        database, monkeypatch, "review", queue="filter", answer="Wrong answer", sort="newest"
    )
    assert "Wrong answer" in words_of(test)
    next(one for one in test.toggle if one.label.startswith("Blind")).set_value(True).run()
    assert not test.exception
    address = {name: "".join(given) for name, given in dict(test.query_params).items()}
    assert address.keys() == {"queue", "blind"}
    assert items(test) == [11, 8, 5, 2]
    assert queue_box(test).startswith("Queue ")
    assert "Wrong answer" not in words_of(test)
    # A link that asks for both does the same, and finds the same queue.
    link = open_page(
        database,
        monkeypatch,
        "review",
        queue="filter",
        answer="Wrong answer",
        sort="newest",
        blind="true",
    )
    assert {name: "".join(given) for name, given in dict(link.query_params).items()} == address
    assert "Wrong answer" not in words_of(link)
    # With open eyes it says again what it holds.
    seen = open_page(database, monkeypatch, "review", queue=address["queue"])
    assert "Wrong answer" in words_of(seen)
    assert items(seen) == [11, 8, 5, 2]
    assert saved_queues(database) == []


def test_only_managers_save_and_change_and_see_the_queues_of_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 6)
    free = save_queue(database, WRONG, "Mia", name="For anybody")
    save_queue(database, WRONG, "Mia", name="For bob", assigned=("bob",))

    def names() -> list[str]:
        rows = shown(open_page(database, monkeypatch, "queues"), "queues")["rows"]
        return [row["cells"][0]["cells"][0]["value"] for row in rows]

    assert names() == ["For anybody", "For bob"]
    monkeypatch.setattr(identity, "is_manager", lambda: False)
    assert names() == ["For anybody"]
    page = open_page(database, monkeypatch, "queues", queue=free.token)
    assert not page.button
    browse = open_page(database, monkeypatch, "browse")
    assert not [one for one in browse.button if one.label == "Save"]


@pytest.fixture
def saved(database: Database) -> SavedQueue:
    fill(database, 3)
    return save_queue(database, WRONG, "Mia", name="First")


def press(test: AppTest, label: str) -> AppTest:
    next(one for one in test.button if one.label == label).click()
    test.run()
    assert not test.exception
    return test


def test_a_change_is_noted_and_taken_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, saved: SavedQueue
) -> None:
    def now() -> SavedQueue:
        found = find_queue(database, saved.token)
        assert found is not None
        return found

    test = open_page(database, monkeypatch, "queues", queue=saved.token)
    key = f"change {saved.token} 0"
    test.text_input(key=f"{key} name").set_value("Second")
    test.checkbox(key=f"{key} blind").set_value(True)
    press(test, "Save changes")
    assert (now().name, now().blind) == ("Second", True)
    assert [(one.by, one.was) for one in now().history] == [
        ("Ada", {"name": "First", "blind": False})
    ]
    press(test, "Archive")
    assert now().archived
    press(test, "Undo the last change")
    assert not now().archived
    press(test, "Undo the last change")
    assert (now().name, now().blind) == ("First", False)
    said = json.dumps(shown(test, "history"))
    assert said.count("took a change back") == 2
    assert "changed the name, which was First; changed whether it is blind, taken back" in said


def test_what_somebody_else_changed_meanwhile_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch, saved: SavedQueue
) -> None:
    test = open_page(database, monkeypatch, "queues", queue=saved.token)
    test.text_area(key=f"change {saved.token} 0 instructions").set_value("Read it all.")
    change_queue(database, saved.token, "Ned", name="Renamed", assigned=("bob",))
    press(test, "Save changes")
    now = find_queue(database, saved.token)
    assert now is not None
    assert (now.name, now.assigned, now.instructions) == ("Renamed", ("bob",), "Read it all.")
    assert test.text_input(key=f"change {saved.token} 1 name").value == "Renamed"


def test_long_instructions_can_be_folded_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 3)
    for name, text, folds in (("short", "Look twice.", 0), ("long", "Look twice.\n" * 60, 1)):
        made = save_queue(database, Contents("random"), "Mia", name=name, instructions=text)
        test = open_page(database, monkeypatch, "review", queue=made.token)
        assert "Look twice." in words_of(test)
        assert len(test.expander) == folds


def test_every_queue_that_is_always_there_has_its_counts_and_group(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    ada = ensure_reviewer(database, "Ada")
    append_corrections(database, [correction(1, ada.id, "t", labels=(1, -1, None))])
    rows = shown(open_page(database, monkeypatch, "queues"), "always")["rows"]
    told = {row["cells"][1]["href"]: [cell["value"] for cell in row["cells"][2:4]] for row in rows}
    assert told.keys() == {f"review?queue={name}" for name in QUEUES if name != "filter"}
    assert told["review?queue=random"] == ["12", "11"]
    assert told["review?queue=mc_only"] == ["4", "3"]
    groups = [row["cells"][0]["value"] for row in rows]
    assert [one for one in groups if one] == list(GROUPS)


def test_a_saved_queue_may_be_called_as_one_that_is_always_there(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    made = save_queue(database, WRONG, "Mia", name="Random control")
    test = open_page(database, monkeypatch, "review", queue=made.token)
    assert (queue_box(test), items(test)) == ("Random control (saved)", [11, 8, 5, 2])
    assert queue_box(open_page(database, monkeypatch, "review", queue="random")) == "Random control"


@pytest.mark.parametrize("text", HOSTILE, ids=["html", "markdown", "rest"])
def test_what_people_write_of_a_queue_is_never_parsed(
    database: Database, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    fill(database, 3)
    made = save_queue(
        database, WRONG, text, name=text[:80], instructions=text, assigned=(text, "Ada")
    )
    change_queue(database, made.token, text, name="plain")
    change_queue(database, made.token, text, name=text[:80])
    for page in ("review", "queues"):
        test = open_page(database, monkeypatch, page, queue=made.token)
        assert not test.exception
        for element in [*test.markdown, *test.caption, *test.title, *test.subheader]:
            assert text[:20] not in element.value


def test_every_filter_is_said_in_an_address_as_it_was_understood(database: Database) -> None:
    fill(database, 6)
    kept = keep_list(database, [3, 1], words="two", origin="browse")
    for wanted in (
        SolutionFilter(),
        SolutionFilter(dataset="d1 ", generator="g0 ", answer="not_graded"),
        SolutionFilter(steps_from=2, steps_to=3, text='"b 1"', reviewed="flagged"),
        SolutionFilter(disagreement="mc_only", annotator=2, verdict="no_verdict"),
        SolutionFilter(annotator=3, verdict=0),
        SolutionFilter(differ=(2, 3), differ_after=1),
        SolutionFilter(outcome=("missed", 3, 1), cell=(-1, 1, 3, 1)),
        SolutionFilter(ids=(4, 2), listed=kept.id),
    ):
        said = wording.in_address(database, wanted)
        assert filters.understood(database, said) == wanted
    for sort in ("oldest", "newest", "lowest:2", f"listed:{kept.id}"):
        word = wording.sort_in_address(database, sort)
        assert filters.sort_of(database, word or "", kept.token) == sort
