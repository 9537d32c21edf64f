"""Saved queues: named, assigned, changed and changed back; lists that keep their order."""

from __future__ import annotations

import pytest

from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, DatabaseError
from db.lists.browse import count_solutions, solution_ids
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import find_list, get_list, keep_list
from db.review.leases import next_items
from db.review.saved_queues import (
    Contents,
    change_queue,
    find_queue,
    for_person,
    save_queue,
    saved_queues,
    undo_change,
    unnamed_queue,
)
from labeling.review.saved import handed_out, progress_of
from tests.support.rows import correction, fill, machine

EVERYTHING = Contents("filter")


def test_a_saved_queue_holds_what_its_filter_leaves_in_its_order(database: Database) -> None:
    fill(database, 5)
    prm = machine(
        database, "prm", {1: 0, 2: -1, 3: 1}, {1: (0.3, 0.2), 2: (0.9, 0.8), 3: (0.7, 0.1)}
    )
    flagged = SolutionFilter(annotator=prm.id, verdict="error")
    made = save_queue(
        database,
        Contents("filter", flagged, f"lowest:{prm.id}"),
        "Mia",
        name="  What the\nPRM flags ",
        instructions="<b>Read</b> the problem first.\x00",
        assigned=("ann", "bob", "ann", " "),
        per_item=2,
        blind=True,
    )
    found = find_queue(database, made.token)
    assert found == made
    assert (made.name, made.made_by, made.blind) == ("What the PRM flags", "Mia", True)
    assert made.assigned == ("ann", "bob")
    assert made.instructions.startswith("<b>Read</b> the problem first.")
    assert "\x00" not in made.instructions
    assert "PRM" not in made.token
    assert next_items(database, handed_out(made, 2), None, 9) == [3, 1]
    # Also one of the queues that are always there, narrowed.
    only = save_queue(
        database, Contents("uncertain_prm", SolutionFilter(ids=(1, 2))), "Mia", name="Two"
    )
    assert next_items(database, handed_out(only, 1), None, 9) == []  # nothing has a margin here


def test_who_is_handed_which_queue(database: Database) -> None:
    ours = save_queue(database, EVERYTHING, "Mia", name="beta", assigned=("ann",))
    anyone = save_queue(database, EVERYTHING, "Mia", name="Alpha")
    theirs = save_queue(database, EVERYTHING, "Mia", name="gamma", assigned=("bob",))
    assert saved_queues(database) == [anyone, ours, theirs]
    assert for_person(saved_queues(database), "ann") == [ours, anyone]
    assert for_person(saved_queues(database), "cy") == [anyone]
    change_queue(database, anyone.token, "Mia", archived=True)
    assert [one.name for one in saved_queues(database)] == ["beta", "gamma"]
    assert [one.name for one in saved_queues(database, archived=True)] == ["beta", "gamma", "Alpha"]
    assert find_queue(database, anyone.token) is not None  # its address goes on leading there


def test_every_change_is_noted_and_can_be_taken_back(database: Database) -> None:
    first = save_queue(database, EVERYTHING, "Mia", name="first", assigned=("ann",))
    change_queue(database, first.token, "Mia", name="second")
    change_queue(database, first.token, "Ned", assigned=("bob", "cy"), instructions="New.")
    same = change_queue(database, first.token, "Ned", name="second", assigned=("bob", "cy"))
    assert [(one.by, one.was) for one in same.history] == [
        ("Mia", {"name": "first"}),
        ("Ned", {"assigned": ("ann",), "instructions": ""}),
    ]
    one_back = undo_change(database, first.token, "Mia")
    assert (one_back.name, one_back.assigned, one_back.instructions) == ("second", ("ann",), "")
    two_back = undo_change(database, first.token, "Mia")
    assert (two_back.name, two_back.assigned) == ("first", ("ann",))
    assert undo_change(database, first.token, "Mia") == two_back  # nothing is left to take back
    assert [one.undoes for one in two_back.history] == [None, None, 1, 0]
    again = change_queue(database, first.token, "Mia", archived=True)
    assert again.standing() == [4]
    assert not undo_change(database, first.token, "Mia").archived


def test_a_name_is_taken_once(database: Database) -> None:
    taken = save_queue(database, EVERYTHING, "Mia", name="One")
    other = save_queue(database, EVERYTHING, "Mia", name="Two")
    with pytest.raises(DatabaseError, match="there is a queue One already"):
        save_queue(database, EVERYTHING, "Mia", name="One")
    with pytest.raises(DatabaseError, match="there is a queue One already"):
        change_queue(database, other.token, "Mia", name="One", instructions="lost?")
    assert find_queue(database, other.token) == other
    change_queue(database, taken.token, "Mia", name="Former")
    save_queue(database, EVERYTHING, "Mia", name="One")
    with pytest.raises(DatabaseError, match="there is a queue One already"):
        undo_change(database, taken.token, "Mia")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"name": " \x07 "}, "1 to 80 characters"),
        ({"name": "x" * 81}, "1 to 80 characters"),
        ({"name": "x", "instructions": "y" * 4001}, "at most 4,000 characters"),
        ({"name": "x", "per_item": 0}, "at least one person"),
    ],
)
def test_what_cannot_be_saved_says_why(
    database: Database, settings: dict[str, object], why: str
) -> None:
    with pytest.raises(DatabaseError, match=why):
        save_queue(database, EVERYTHING, "Mia", **settings)  # type: ignore[arg-type]
    with pytest.raises(DatabaseError, match="cannot be sorted"):
        save_queue(database, Contents("filter", sort="best"), "Mia", name="x")
    assert saved_queues(database) == []


def test_a_queue_without_a_name_is_told_by_what_it_holds(database: Database) -> None:
    wrong = Contents("filter", SolutionFilter(answer="wrong"), "newest")
    one = unnamed_queue(database, wrong, "ann")
    assert unnamed_queue(database, wrong, "bob") == one
    assert unnamed_queue(database, EVERYTHING, "ann").token != one.token
    assert find_queue(database, one.token) == one
    assert saved_queues(database) == []  # on nobody's list
    assert "wrong" not in one.token


def test_how_far_a_queue_is_and_by_whom(database: Database) -> None:
    fill(database, 4)
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    some = Contents("filter", SolutionFilter(ids=(1, 2, 3)))
    once = save_queue(database, some, "Mia", name="once")
    twice = save_queue(database, some, "Mia", name="twice", per_item=2)
    both = save_queue(
        database, some, "Mia", name="both", per_item=None, assigned=("ann", "bob", "cy")
    )
    for token, solution, who in (("a", 1, ann), ("b", 2, ann), ("c", 2, bob), ("d", 4, bob)):
        append_corrections(database, [correction(solution, who.id, token)])
    skip = correction(3, bob.id, "e", action="skip", labels=None, first_error=None)
    append_corrections(database, [skip])
    for queue, done in ((once, 2), (twice, 1), (both, 0)):
        now = progress_of(database, queue)
        assert (now.total, now.done, now.by) == (3, done, {"ann": 2, "bob": 1})
    assert list(progress_of(database, once).by) == ["ann", "bob"]  # most first


def test_a_list_keeps_the_order_it_was_shown_in(database: Database) -> None:
    fill(database, 6)
    kept = keep_list(database, [5, 2, 6, 2], words="missed", origin="prm_errors?t=.4")
    assert keep_list(database, [5, 2, 6], words="missed", origin="prm_errors?t=.4") == kept
    other = keep_list(database, [2, 5, 6], words="missed", origin="prm_errors?t=.4")
    assert other.token != kept.token
    assert find_list(database, kept.token) == get_list(database, kept.id) == kept
    listed = SolutionFilter(listed=kept.id)
    assert SolutionFilter.from_json(listed.to_json()) == listed
    assert solution_ids(database, listed) == [2, 5, 6]
    assert solution_ids(database, listed, sort=f"listed:{kept.id}") == [5, 2, 6]
    assert solution_ids(database, listed, sort=f"listed:{kept.id}", offset=1, limit=1) == [2]
    narrowed = SolutionFilter(listed=kept.id, ids=(5, 6, 1))
    assert solution_ids(database, narrowed, sort=f"listed:{kept.id}") == [5, 6]
    assert count_solutions(database, SolutionFilter(), f"listed:{kept.id}") == 3
    assert solution_ids(database, SolutionFilter(listed=99)) == []
    with pytest.raises(DatabaseError, match="a solution of this list does not exist"):
        keep_list(database, [1, 7], words="", origin="")
    queue = save_queue(
        database, Contents("filter", listed, f"listed:{kept.id}"), "Mia", name="As shown"
    )
    assert next_items(database, handed_out(queue, 1), None, 9) == [5, 2, 6]
