"""Who is compared: by coverage or by choice, hidden, renamed, while others write."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from db.annotations import save_wave
from db.annotators import (
    ensure_annotator,
    ensure_reviewer,
    find_annotator,
    former_labels,
    list_annotators,
    rename_annotator,
)
from db.corrections import append_corrections, rebuild_projections
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.lists import choice, solution_index
from db.lists.browse import solution_ids
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.records import COMPARISONS, FAILED, AnnotationRecord, AnnotatorRecord, SourceLabel
from db.schema import Annotation, Annotator, SolutionIndex, SolutionIndexState
from tests.support.rows import correction, fill, row


def says(
    database: Database, label: str, solutions: dict[int, int | None], status: str = "ok"
) -> AnnotatorRecord:
    """An annotator of this label that gives these first errors."""
    kind, _, name = label.partition(":")
    annotator = ensure_annotator(database, kind, name, {"called": label})
    annotations = [
        AnnotationRecord(solution, 0, (1.0, 1.0), said, status, {})
        for solution, said in solutions.items()
    ]
    save_wave(database, annotator.id, None, annotations)
    return annotator


def compared(database: Database) -> list[str]:
    return [one.label for one in compared_annotators(database).members()]


def first_kinds(database: Database) -> Counter[str]:
    """Solutions by the most telling kind that they are of."""
    kinds = list(COMPARISONS)
    with database.read() as session:
        places = session.scalars(select(SolutionIndex.place))
        return Counter(kinds[place] for place in places if place < len(kinds))


def test_a_trial_run_takes_nothing_over(database: Database) -> None:
    ids = fill(database, 6)
    says(database, "mc:full", dict.fromkeys(ids, 0))
    says(database, "judge:full", dict.fromkeys(ids, -1))
    assert first_kinds(database) == {"mc_only": 6}
    says(database, "judge:trial", {ids[0]: 0})
    assert compared(database) == ["mc:full", "judge:full"]
    assert first_kinds(database) == {"mc_only": 6}


def test_of_equal_coverage_the_newest_is_compared(database: Database) -> None:
    ids = fill(database, 3)
    says(database, "prm:v1", dict.fromkeys(ids, 0))
    says(database, "prm:v2", dict.fromkeys(ids[:2], 0))
    assert compared(database) == ["prm:v1"]
    says(database, "prm:v2", {ids[2]: 0})
    assert compared(database) == ["prm:v2"]


def test_failures_cover_nothing(database: Database) -> None:
    ids = fill(database, 3)
    says(database, "judge:failing", dict.fromkeys(ids, None), FAILED)
    assert compared(database) == []
    says(database, "judge:one", {ids[0]: 0})
    assert compared(database) == ["judge:one"]
    says(database, "judge:failing", dict.fromkeys(ids, 0))  # what failed is done again
    assert compared(database) == ["judge:failing"]


def test_a_choice_stays_until_it_is_changed_or_hidden(database: Database) -> None:
    ids = fill(database, 4)
    says(database, "mc:small", {ids[0]: 0})
    says(database, "mc:large", dict.fromkeys(ids, 1))
    choice.compare(database, "mc:small")
    says(database, "mc:larger", dict.fromkeys(ids, 1))
    assert compared(database) == ["mc:small"]
    choice.hide(database, "mc:small")
    assert compared(database) == ["mc:larger"]
    choice.show(database, "mc:small")
    assert compared(database) == ["mc:larger"]
    choice.compare(database, "mc:small")
    choice.compare(database, "mc:large")
    assert compared(database) == ["mc:large"]
    choice.compare_by_coverage(database, ["judge"])
    assert compared(database) == ["mc:large"]
    choice.compare_by_coverage(database)
    assert compared(database) == ["mc:larger"]


def test_what_cannot_be_compared_is_refused(database: Database) -> None:
    ids = fill(database, 1)
    says(database, "mc:m", {ids[0]: 0})
    ensure_annotator(database, "mc", "idle", {})
    ensure_reviewer(database, "ann")
    choice.hide(database, "mc:m")
    for label, reason in (
        ("mc:m", "hidden"),
        ("mc:idle", "not annotated anything"),
        ("human:ann", "not annotated anything"),
        ("mc:nobody", "no annotator"),
    ):
        with pytest.raises(DatabaseError, match=reason):
            choice.compare(database, label)


def test_lists_follow_the_choice(database: Database) -> None:
    ids = fill(database, 3)
    says(database, "mc:m", dict.fromkeys(ids, 0))
    says(database, "judge:all", dict.fromkeys(ids, 0))
    says(database, "judge:other", {ids[0]: 1, ids[1]: 0})
    assert solution_ids(database, SolutionFilter(disagreement="location")) == []
    choice.compare(database, "judge:other")
    assert solution_ids(database, SolutionFilter(disagreement="location")) == [ids[0]]
    choice.hide(database, "judge:other")
    assert solution_ids(database, SolutionFilter(disagreement="location")) == []


# What may happen to the annotations of a project: (whose act, on which solution, which act).
ACTS = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 4), st.sampled_from(["ok", FAILED, "label", "skip"])
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_coverage_is_the_number_of_annotations(
    database: Database, acts: list[tuple[int, int, str]]
) -> None:
    """Whatever waves, failures, labels and skips come, in any order, and given twice."""
    label = SourceLabel("gold", (1.0, 1.0), -1)
    insert_rows(database, [row(n, labels=(label,) if n % 2 else ()) for n in range(5)])
    ids = solution_ids(database, SolutionFilter())
    for number, (who, place, act) in enumerate(acts):
        if act in ("ok", FAILED):
            says(database, f"judge:{who}", {ids[place]: 0}, act)
            continue
        person = ensure_reviewer(database, f"person {who}")
        flags = ("unclear",) if act == "skip" and number % 2 else ()
        labels = (1, -1) if act == "label" else None
        made = correction(
            ids[place], person.id, f"{time.time_ns()}", action=act, labels=labels, flags=flags
        )
        append_corrections(database, [made])
        rebuild_projections(database, person.id)
    query = (
        select(Annotator.n_annotations, func.count(Annotation.id))
        .outerjoin(
            Annotation,
            (Annotation.annotator_id == Annotator.id) & (Annotation.status != FAILED),
        )
        .group_by(Annotator.id)
    )
    with database.read() as session:
        for kept, counted in session.execute(query):
            assert kept == counted


def test_a_renamed_annotator_is_found_by_either_name(database: Database) -> None:
    ids = fill(database, 2)
    before = says(database, "prm:v1", dict.fromkeys(ids, 0))
    renamed = rename_annotator(database, "prm:v1", " baseline ")
    assert (renamed.id, renamed.label) == (before.id, "prm:baseline")
    assert find_annotator(database, "prm:baseline") == find_annotator(database, "prm:v1") == renamed
    assert former_labels(database) == {"prm:v1": "prm:baseline"}
    # The job that made it can be given again in the same words, and it goes on.
    assert ensure_annotator(database, "prm", "v1", {"called": "prm:v1"}).id == before.id
    assert ensure_annotator(database, "prm", "baseline", {"called": "prm:v1"}).id == before.id
    rename_annotator(database, "prm:v1", "second")
    assert find_annotator(database, "prm:baseline").label == "prm:second"
    assert rename_annotator(database, "prm:second", "v1").label == "prm:v1"  # its own comes back
    assert former_labels(database) == {"prm:baseline": "prm:v1", "prm:second": "prm:v1"}
    assert [one.label for one in list_annotators(database)] == ["prm:v1"]


def test_a_name_means_one_annotator_for_good(database: Database) -> None:
    fill(database, 1)
    for label in ("prm:a", "prm:b"):
        says(database, label, {1: 0})
    with pytest.raises(DatabaseError, match="there is a prm:b already"):
        rename_annotator(database, "prm:a", "b")
    rename_annotator(database, "prm:a", "c")
    with pytest.raises(DatabaseError, match="prm:c was called prm:a before"):
        rename_annotator(database, "prm:b", "a")
    with pytest.raises(DatabaseError, match="another configuration"):
        ensure_annotator(database, "prm", "a", {"new": 1})
    assert ensure_annotator(database, "prm", None, {"new": 1}, default_name="a").name != "a"
    says(database, "mc:a", {1: 0})  # of another kind it is another name
    for name in ("", "  ", "x" * 201, "a\nb"):
        with pytest.raises(DatabaseError, match="a name has"):
            rename_annotator(database, "prm:b", name)
    ensure_reviewer(database, "ann")
    with pytest.raises(DatabaseError, match="sign in"):
        rename_annotator(database, "human:ann", "bob")


@pytest.fixture
def in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of a few hundred solutions takes as many transactions as one of a million."""
    monkeypatch.setattr(solution_index, "CHUNK", 5)


def between_transactions(patched: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """`act` after every transaction that makes a part of the index, but for the last."""
    is_current = solution_index.is_current

    def asked(database: Database) -> bool:
        with database.read() as session:
            begun = session.get_one(SolutionIndexState, solution_index.STATE).renewed_to
        if begun is not None:
            act()
        return is_current(database)

    patched.setattr(solution_index, "is_current", asked)


def test_others_write_while_the_index_is_made_anew(
    database: Database, in_small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer between the transactions sees whole rows of either comparison, and loses nothing."""
    ids = fill(database, 600)
    says(database, "mc:m", dict.fromkeys(ids, 0))
    says(database, "judge:one", dict.fromkeys(ids, 0))
    says(database, "judge:two", dict.fromkeys(ids, 1))  # the newest of equals: compared
    solution_index.ensure(database)
    assert first_kinds(database) == {"location": 600}
    seen: list[tuple[int | None, Counter[str]]] = []

    def write(number: int) -> None:
        insert_rows(database, [row(1000 + number)])
        with database.read() as session:
            state = session.get_one(SolutionIndexState, solution_index.STATE)
            seen.append((state.renewed_to, first_kinds(database)))

    def between() -> None:
        if len(seen) < 20:
            writer.submit(write, len(seen)).result(60)

    with ThreadPoolExecutor(1) as writer, monkeypatch.context() as patched:
        between_transactions(patched, between)
        choice.compare(database, "judge:one")
    assert len(seen) == 20
    for renewed, counts in seen:
        assert renewed is not None
        assert set(counts) <= {"location", "right_answer_flagged"}
        assert sum(counts.values()) == 600
    assert first_kinds(database) == {"right_answer_flagged": 600}
    assert len(solution_ids(database, SolutionFilter())) == 620
    assert solution_index.is_current(database)


def test_an_index_that_was_broken_off_is_finished_by_the_next(
    database: Database, in_small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(database, 30)
    says(database, "prm:one", dict.fromkeys(ids, 0))
    says(database, "prm:two", dict.fromkeys(ids, -1))
    solution_index.ensure(database)

    def broken() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        between_transactions(patched, broken)
        with pytest.raises(KeyboardInterrupt):
            choice.compare(database, "prm:one")
    assert not solution_index.is_current(database)
    solution_index.ensure(database)
    assert first_kinds(database) == {"right_answer_flagged": 30}
