"""Steps that people cut anew: nothing is lost, labels go along, one solution stands at a time."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.cli.main import main
from db.annotations import annotations_of, compare
from db.annotators import ensure_reviewer, find_annotator
from db.corrections import append_corrections, correction_log, current_acts
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.lists.browse import count_solutions, solution_ids
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import count_cut_anew, keep_list
from db.records import AnnotatorRecord, SourceLabel
from db.review.leases import next_items
from db.review.queues import Queue, disagreements
from db.review.recuts import (
    carry_late,
    lineages,
    made_by,
    recut,
    replacement,
    undo_cut,
    undo_recut,
)
from db.review.steps import cut_of, merge_step, split_step
from db.review.tables import Recut
from db.solutions import each_solution, get_solution
from tests.support.rows import correction, machine, row

STEPS = ("Two and two. Is 4.", "Then 5.", "So 9.")


@pytest.fixture
def solution(database: Database) -> int:
    """Labelled by its data set, by a PRM, and by ann, who flags the split at its wrong step 2."""
    label = SourceLabel("unit", (1.0, -1.0, None), 1)
    insert_rows(database, [row(1, steps=STEPS, labels=(label,)), row(2)])
    machine(database, "prm", {1: 1}, {1: (0.9, 0.2, 0.1)})
    ann = ensure_reviewer(database, "ann")
    act = correction(
        1, ann.id, "t1", labels=(1, -1, None), first_error=1, note="see", flags=("bad_split",)
    )
    append_corrections(database, [act])
    return 1


def standing(database: Database) -> list[int]:
    found = sorted(solution_ids(database, SolutionFilter()))
    assert found == sorted(one.id for chunk in each_solution(database) for one in chunk)
    return found


def test_a_split_carries_labels_over_and_sets_the_old_cut_aside(
    database: Database, solution: int
) -> None:
    ann = ensure_reviewer(database, "ann")
    steps = split_step(STEPS, 0, STEPS[0].index("Is"))
    prm = find_annotator(database, "prm:prm").id
    unit = find_annotator(database, "human:unit").id
    assert [one.solution_id for one in compare(database, prm, unit)] == [solution]
    made = recut(database, solution, steps, ann, "cut")
    assert not list(compare(database, prm, unit))
    assert get_solution(database, made).steps == ("Two and two.", "Is 4.", "Then 5.", "So 9.")
    assert standing(database) == [2, made]
    assert lineages(database, [made, solution]) == {made: [solution], solution: []}
    assert replacement(database, solution) == made
    act = current_acts(database, [made], ann.id)[made]
    assert (act.labels, act.first_error) == ((1, 1, -1, None), 2)
    assert (act.note, act.flags) == ("see", ())
    said = {one.annotator_id: one for one in annotations_of(database, [made])}
    assert said[unit].scores == (1.0, 1.0, -1.0, None)
    # What machines said is of the old cut, and there it stays, as does what ann did.
    assert len(said) == 2
    assert len(annotations_of(database, [solution])) == 3
    assert [one.token for one in correction_log(database, solution)] == ["t1"]
    assert solution_ids(database, SolutionFilter(text="Two")) == [made]
    # Sent twice, it is done once; and what was cut is not cut again.
    assert recut(database, solution, steps, ann, "cut") == made
    with pytest.raises(DatabaseError, match=f"cut anew as solution {made}"):
        recut(database, solution, STEPS[:1], ann, "other")


def test_a_wrong_step_that_is_split_is_for_people_to_judge(
    database: Database, solution: int
) -> None:
    ann = ensure_reviewer(database, "ann")
    made = recut(database, solution, split_step(STEPS, 1, 4), ann, "cut")
    act = current_acts(database, [made], ann.id)[made]
    assert (act.labels, act.first_error) == ((1, None, None, None), None)


def test_merging_and_undo_and_undoing_again(database: Database, solution: int) -> None:
    ann = ensure_reviewer(database, "ann")
    made = recut(database, solution, merge_step(STEPS, 1), ann, "cut")
    act = current_acts(database, [made], ann.id)[made]
    assert (act.labels, act.first_error) == ((-1, None), 0)
    later = correction(made, ann.id, "t2", labels=(1, 1), first_error=-1)
    append_corrections(database, [later])
    assert undo_recut(database, made, ann, "back") == solution
    assert undo_recut(database, made, ann, "back") == solution
    assert standing(database) == [1, 2]
    assert current_acts(database, [1], ann.id)[1].token == "t1"
    with pytest.raises(DatabaseError, match="does not stand"):
        undo_recut(database, made, ann, "again")
    # The same cut once more is the same solution, with what was said of it since.
    assert recut(database, solution, merge_step(STEPS, 1), ann, "cut 2") == made
    assert standing(database) == [2, made]
    assert current_acts(database, [made], ann.id)[made].token == "t2"
    assert undo_recut(database, made, ann, "back 2") == solution
    with database.read() as session:
        assert session.scalar(select(func.count(Recut.id))) == 4


def test_a_new_cut_takes_the_old_ones_place_in_lists_and_ticks(
    database: Database, solution: int
) -> None:
    ann = ensure_reviewer(database, "ann")

    def keep(*ids: int) -> int:
        return keep_list(database, ids, words="mine", origin="browse").id

    def listed(kept: int) -> list[int]:
        held = SolutionFilter(listed=kept)
        found = solution_ids(database, held, sort=f"listed:{kept}")
        assert count_solutions(database, held) == len(found)
        return found

    before, ticked = keep(2, 1), SolutionFilter(ids=(1, 2))
    made = recut(database, solution, split_step(STEPS, 1, 4), ann, "cut")
    assert listed(before) == [2, made]
    assert solution_ids(database, ticked) == [2, made]
    assert count_cut_anew(database, before) == 1
    again = recut(database, made, merge_step(split_step(STEPS, 1, 4), 1), ann, "cut 2")
    assert listed(before) == [2, again]
    assert solution_ids(database, ticked) == [2, again]
    assert keep(2, 1) == before  # It is the list that was kept.
    after, late, both = keep(again, 2), keep(1), keep(made, 2, again)
    assert [listed(one) for one in (after, late, both)] == [[again, 2], [again], [2, again]]
    assert undo_recut(database, again, ann, "back") == made
    assert [listed(one) for one in (after, late, both)] == [[made, 2], [made], [made, 2]]
    assert undo_recut(database, made, ann, "back 2") == 1
    assert [listed(one) for one in (before, after, late)] == [[2, 1], [1, 2], [1]]
    assert [count_cut_anew(database, one) for one in (before, after)] == [0, 1]
    assert solution_ids(database, ticked) == [1, 2]


def test_what_is_said_of_a_cut_set_aside_goes_along(database: Database, solution: int) -> None:
    """From an old tab, or by whoever had it on screen: over every cut up to the one that stands."""
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    made = recut(database, solution, merge_step(STEPS, 1), ann, "cut")
    last = recut(database, made, split_step(get_solution(database, made).steps, 1, 2), ann, "cut 2")

    def counts(who: AnnotatorRecord, at: int) -> tuple[object, ...] | None:
        act = current_acts(database, [at], who.id).get(at)
        return None if act is None else act.labels

    def late(who: AnnotatorRecord, token: str, **said: Any) -> None:
        act = correction(solution, who.id, token, **said)
        append_corrections(database, [act])
        for _ in range(2):
            assert carry_late(database, [token]) == {token: last}

    late(bob, "b1", labels=(1, 1, -1), first_error=2)
    assert (counts(bob, solution), counts(bob, made)) == ((1, 1, -1), (1, -1))
    assert counts(bob, last) == (1, None, None)  # the wrong step is in two parts now
    late(ann, "t2", labels=(1, 1, 1), first_error=-1)  # her newest word, carried as the first was
    assert counts(ann, last) == (1, 1, 1)
    late(ann, "t3", action="undo", undoes="t2", labels=None, first_error=None)
    assert counts(ann, last) == (-1, None, None)
    # What she says of the new cut itself counts before what comes from an old one.
    append_corrections(
        database, [correction(last, ann.id, "own", labels=(1, 1, -1), first_error=2)]
    )
    late(ann, "t4", labels=(1, 1, 1), first_error=-1)
    assert (counts(ann, solution), counts(ann, last)) == ((1, 1, 1), (1, 1, -1))
    assert carry_late(database, ["own", "nothing"]) == {}


def test_a_cut_takes_the_place_on_the_screen_that_the_old_one_had(
    database: Database, solution: int
) -> None:
    bob = ensure_reviewer(database, "bob")
    queue = Queue(disagreements, per_item=None)
    machine(database, "mc", {1: 0, 2: 0})
    machine(database, "judge", {1: 2, 2: 1})
    assert next_items(database, queue, bob, 5) == [1, 2]
    made = recut(database, solution, merge_step(STEPS, 1), bob, "cut")
    # No machine has seen it, so the queue does not hold it: it is bob's to finish all the same.
    assert next_items(database, queue, bob, 1) == [made]
    assert next_items(database, queue, bob, 5) == [made, 2]
    assert next_items(database, queue, ensure_reviewer(database, "cem"), 5) == [2]
    append_corrections(database, [correction(made, bob.id, "b", labels=(1, 1), first_error=-1)])
    assert next_items(database, queue, bob, 5) == [2]


def test_a_late_cut_is_one_of_what_stands(database: Database, solution: int) -> None:
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    made = recut(database, solution, merge_step(STEPS, 1), ann, "cut")
    # The same idea twice is one cut, and either of them takes it back.
    assert recut(database, solution, merge_step(STEPS, 1), bob, "same", late=True) == made
    assert made_by(database, "same") == made
    other = recut(database, solution, merge_step(STEPS, 2), bob, "other", late=True)
    assert (standing(database), replacement(database, made)) == ([2, other], other)
    with pytest.raises(DatabaseError, match="does not stand"):
        undo_cut(database, "cut", ann, "back")
    assert undo_cut(database, "other", bob, "back") == made
    assert undo_cut(database, "same", bob, "back 2") == solution
    with pytest.raises(DatabaseError, match="is not there"):
        undo_cut(database, "never", bob, "back 3")


def test_what_is_no_cut_of_it_is_refused(database: Database, solution: int) -> None:
    ann = ensure_reviewer(database, "ann")
    for steps, wrong in (
        ((*STEPS[:2], "So 8."), "say something else"),
        ((*STEPS, " "), "a step is blank"),
        (STEPS[:2], "say something else"),
    ):
        with pytest.raises(ValueError, match=wrong):
            recut(database, solution, steps, ann, "t")
    with pytest.raises(DatabaseError, match="these are the steps"):
        recut(database, solution, STEPS, ann, "t")
    with pytest.raises(DatabaseError, match="no solution 99"):
        recut(database, 99, STEPS, ann, "t")
    with pytest.raises(ValueError, match="one side"):
        split_step(STEPS, 0, 0)
    with pytest.raises(ValueError, match="one before it"):
        merge_step(STEPS, 0)
    assert standing(database) == [1, 2]


@given(st.lists(st.sampled_from("ab c"), min_size=1, max_size=20), st.data())
def test_labels_of_any_cut(marks: list[str], data: st.DataObject) -> None:
    """Against the characters: who is wrong before is within who is wrong or unmarked after."""
    text = "x" + "".join(marks)

    def cuts() -> tuple[str, ...]:
        at = sorted(data.draw(st.sets(st.integers(1, len(text)), max_size=4)))
        pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
        return tuple(piece.strip() for piece in pieces if piece.strip())

    old, new = cuts(), cuts()
    labels = data.draw(st.lists(st.sampled_from([1, 0, -1]), min_size=len(old), max_size=len(old)))
    cut = cut_of(old, new)
    assert (cut_of(new, old).steps, cut.steps) == (old, new)
    before = [label for step, label in zip(old, labels, strict=True) for m in step if m != " "]
    carried = cut.labels(labels)
    after = [label for step, label in zip(new, carried, strict=True) for m in step if m != " "]
    for was, now in zip(before, after, strict=True):
        assert now is None or now <= was
    assert (-1 in carried) <= (-1 in labels)
    if old == new:
        assert list(carried) == labels


def test_the_command(database: Database, solution: int) -> None:
    def run(*arguments: str) -> str:
        told = CliRunner().invoke(main, ["--db", database.url, "resegment", *arguments])
        return (
            told.output
            if told.exit_code == 0
            else f"{told.exit_code}: {told.output}{told.exception}"
        )

    who = ("1", "--as", "ann")
    assert "does not say" in run(*who, "--split", "1", "Three")
    assert "no step 4" in run(*who, "--merge", "4")
    assert "say --split and --merge, or --undo" in run(*who)
    assert "Solution 3 stands in the place of 1" in run(*who, "--split", "1", "Is", "--merge", "3")
    assert get_solution(database, 3).steps == ("Two and two.", "Is 4.", "Then 5.\n\nSo 9.")
    assert "Solution 1 stands" in run("3", "--as", "ann", "--undo")
    assert standing(database) == [1, 2]
