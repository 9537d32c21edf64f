"""A project that is exported and imported into an empty database is the same project."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from db.annotations import save_wave
from db.annotators import (
    ensure_adjudicator,
    ensure_annotator,
    ensure_reviewer,
    rename_annotator,
    save_training_problems,
)
from db.corrections import append_corrections, set_own_error_types
from db.engine import Database, create_database, open_database
from db.imports.labels import Said, insert_labels
from db.ingest import insert_rows
from db.lists import choice
from db.lists.filters import Members, SolutionFilter
from db.lists.solution_lists import keep_list
from db.records import (
    AnnotationRecord,
    AnnotatorRecord,
    ImportRow,
    RolloutRecord,
    SourceLabel,
)
from db.results import Measured, StoredHeldOut, add_consensus, add_evaluation, save_held_out
from db.review.recuts import recut, undo_recut
from db.review.saved_queues import (
    Contents,
    change_queue,
    save_queue,
    undo_change,
    unnamed_queue,
)
from db.schema import Correction
from db.solutions import get_solutions, newest_solution_id
from labeling.consensus.rule import Rule
from labeling.demo.prepare import prepare_demo
from labeling.project import export_project
from tests.labeling.formats.test_import_job import import_files
from tests.labeling.project.contents import contents, processbench
from tests.support.rows import correction, row

# What a database stores: no NUL, no half of a surrogate pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
WORDS = TEXT.filter(str.strip)
SCORE = st.none() | st.floats(0, 1)
META = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-9, 9) | TEXT, max_size=2)


@st.composite
def projects(draw: st.DrawFn) -> dict[str, Any]:
    """Solutions with what a PRM, a judge, Monte Carlo, a data set and two people say of each."""
    solutions = []
    for number in range(draw(st.integers(1, 3))):
        n_steps = draw(st.integers(1, 3))
        verdict = st.none() | st.integers(-1, n_steps - 1)
        scores = st.lists(SCORE, min_size=n_steps, max_size=n_steps)
        marks = st.lists(st.sampled_from([1, 0, -1, None]), min_size=n_steps, max_size=n_steps)
        critiques = st.lists(st.none() | TEXT, min_size=n_steps, max_size=n_steps)
        acts = st.fixed_dictionaries(
            {
                "person": st.sampled_from(["Ada", "Ben"]),
                "action": st.sampled_from(["label", "skip", "undo"]),
                "labels": marks,
                "first_error": verdict,
                "note": st.none() | WORDS,
                "flags": st.sampled_from([(), ("bad_problem",)]),
                "error_type": st.none() | st.just("algebra"),
                "blind": st.booleans(),
                "seconds": st.none() | st.floats(0, 600),
            }
        )
        solutions.append(
            {
                "row": row(
                    number,
                    problem=f"{number}? {draw(TEXT)}",
                    steps=tuple(draw(st.lists(WORDS, min_size=n_steps, max_size=n_steps))),
                    generator=draw(WORDS),
                    gold_answer=draw(st.none() | WORDS),
                    final_answer=draw(st.none() | WORDS),
                    is_correct=draw(st.none() | st.booleans()),
                    external_id=draw(st.none() | WORDS),
                    samples=draw(st.integers(1, 3)),
                    meta=draw(META),
                ),
                "prm": draw(scores),
                "verdict": draw(verdict),
                "judge": draw(st.sampled_from(["ok", "unparsed", "failed", ""])),
                "critiques": draw(critiques),
                "margin": draw(st.none() | st.floats(0, 1)),
                "rollouts": draw(
                    st.lists(st.tuples(st.integers(0, n_steps - 1), TEXT), max_size=3)
                ),
                "begun": draw(st.lists(st.integers(0, n_steps - 1), unique=True, max_size=2)),
                "recut": draw(st.sampled_from(["", "", "cut", "undone", "again"])),
                "label": draw(st.none() | marks.map(tuple)),
                "acts": draw(st.lists(acts, max_size=4)),
            }
        )
    return {
        "solutions": solutions,
        "renamed": draw(st.booleans()),
        "hidden": draw(st.booleans()),
        "chosen": draw(st.booleans()),
        "types": draw(st.lists(st.sampled_from(["sign", "unit"]), unique=True)),
        "held out": draw(st.none() | st.tuples(st.floats(0, 0.9), st.integers(0, 9))),
        "queues": draw(st.lists(st.tuples(st.booleans(), filters()), max_size=3)),
        "lists": draw(st.lists(st.tuples(WORDS, st.permutations([1, 2])), max_size=2)),
        "learnt": draw(st.sets(st.integers(0, 1 << 64 - 1), max_size=4)),
        "evaluations": draw(
            st.lists(
                st.tuples(st.none() | st.just("unit"), st.none() | st.floats(0, 1)), max_size=2
            )
        ),
        "consensus": draw(st.none() | st.floats(0, 0.9)),
    }


def filters() -> st.SearchStrategy[SolutionFilter]:
    """Filters that name annotators, solutions and kept lists by their ids (see `make`)."""
    judge, prm, ada = 1, 2, 4
    return st.sampled_from(
        [
            SolutionFilter(),
            SolutionFilter(annotator=prm, verdict="error", text="a"),
            SolutionFilter(differ=(judge, prm), differ_after=1),
            SolutionFilter(outcome=("late", prm, judge)),
            SolutionFilter(cell=(0, -1, prm, judge), cell_onwards=(True, False)),
            SolutionFilter(did=("labelled", ada), did_since="2025-01-01T00:00:00+00:00"),
            SolutionFilter(ids=(2, 1)),
            SolutionFilter(among=Members((1,))),
            SolutionFilter(listed=1),
        ]
    )


def make(database: Database, project: dict[str, Any]) -> None:
    """The project, as imports, jobs and people make it."""
    judge = ensure_annotator(database, "judge", "critic", {"model": "m", "prompt": "p", "n": 1.5})
    prm = ensure_annotator(database, "prm", "new", {"model": "w", "threshold": 0.5})
    mc = ensure_annotator(database, "mc", "rates", {"samples": 8})
    people = {name: ensure_reviewer(database, name) for name in ("Ada", "Ben")}
    ensure_adjudicator(database, "Ada")
    for number, told in enumerate(project["solutions"], 1):
        insert_rows(database, [told["row"]])
        _annotate(database, number, told, judge.id, prm.id, mc.id)
        for place, act in enumerate(told["acts"]):
            values = {name: value for name, value in act.items() if name != "person"}
            values["labels"] = tuple(act["labels"]) if act["action"] == "label" else None
            if act["action"] != "label":
                values |= {"first_error": None, "error_type": None}
            undone = f"{number}-{place - 1}" if act["action"] == "undo" else None
            one = correction(
                number, people[act["person"]].id, f"{number}-{place}", undoes=undone, **values
            )
            append_corrections(database, [one])
    with database.write() as session:  # People's acts are of long ago.
        then = datetime(2025, 3, 1, 12, 30, 1, 5, tzinfo=UTC)
        session.execute(update(Correction).values(created_at=then + timedelta(days=1)))
    _work(database, project, prm.id, judge.id, people["Ada"])
    if project["renamed"]:
        rename_annotator(database, "prm:new", "newer")
    if project["hidden"]:
        choice.hide(database, "mc:rates")
    if project["chosen"]:
        choice.compare(database, prm_label(project))
    set_own_error_types(database, project["types"])
    if project["held out"]:
        save_held_out(database, StoredHeldOut(*project["held out"]))


def _work(
    database: Database, project: dict[str, Any], prm: int, judge: int, ada: AnnotatorRecord
) -> None:
    """What is kept of people's work and of what was found, beside annotations and acts."""
    there = get_solutions(database, [1, 2])
    for number, told in enumerate(project["solutions"], 1):
        if told["recut"]:
            _recut(database, row(90 + number, steps=("Two. Is 4.", "So 9.")), told["recut"], ada)
    for words, order in project["lists"]:
        listed = [one for one in order if one <= len(there)]
        keep_list(database, listed, words=words, origin="browse?by=prm%3Anew")
    for place, (named, wanted) in enumerate(project["queues"]):
        ids = tuple(one for one in wanted.ids if one <= len(there))
        if wanted.listed and not project["lists"]:
            wanted = SolutionFilter()
        contents = Contents("filter", replace(wanted, ids=ids), "oldest", judge if named else None)
        if not named:
            unnamed_queue(database, contents, "")
            continue
        saved = save_queue(database, contents, "Ada", name=f"q{place}", assigned=("Ben",))
        change_queue(database, saved.token, "Ben", per_item=None, instructions="\u2028 read")
        change_queue(database, saved.token, "Ada", assigned=(), archived=place == 1)
        undo_change(database, saved.token, "Ben")
    for dataset, threshold in project["evaluations"]:
        measured = Measured(dataset, threshold, n_solutions=1, solutions="a" * 32)
        figures = processbench(threshold)
        add_evaluation(database, "processbench", prm, judge if dataset else None, measured, figures)
    if project["learnt"]:
        problems = [f"{one:016x}" for one in project["learnt"]]
        save_training_problems(database, "rev", problems, export="e")
        save_training_problems(database, "nothing", [], 3)
    if project["consensus"] is not None:
        add_consensus(database, Rule(("mc:rates",)).to_json(), {"kept": 3, "dropped": {"x": 1}})
        rule = Rule(("mc:rates", "prm:new"), mc_threshold=project["consensus"])
        add_consensus(database, rule.to_json(), {"kept": 1, "dropped": {}})


def _recut(database: Database, told: ImportRow, how: str, ada: AnnotatorRecord) -> None:
    insert_rows(database, [told])
    old, name = newest_solution_id(database), told.problem
    append_corrections(database, [correction(old, ada.id, f"{name} 1")])
    made = recut(database, old, ["Two.", "Is 4.", "So 9."], ada, f"{name} 2")
    append_corrections(database, [correction(made, ada.id, f"{name} 3", labels=(1, 1, -1))])
    if how == "cut":
        recut(database, made, ["Two.", "Is 4. So 9."], ada, f"{name} 4")
        recut(database, old, ["Two.", "Is 4. So 9."], ada, f"{name} 5", late=True)
    else:
        undo_recut(database, made, ada, f"{name} 6")
    if how == "again":
        recut(database, old, ["Two. Is 4. So 9."], ada, f"{name} 7")


def prm_label(project: dict[str, Any]) -> str:
    return "prm:newer" if project["renamed"] else "prm:new"


def _annotate(
    database: Database, number: int, told: dict[str, Any], judge: int, prm: int, mc: int
) -> None:
    n_steps, verdict = len(told["row"].steps), told["verdict"]
    nothing = (None,) * n_steps
    scored = AnnotationRecord(
        number, prm, tuple(told["prm"]), verdict, "ok", {"threshold": 0.5}, told["margin"]
    )
    save_wave(database, prm, None, [scored])
    if told["judge"]:
        evidence = {"critiques": told["critiques"], "reply": "r\u2028", "prompt": [{"role": "u"}]}
        replied = AnnotationRecord(number, judge, nothing, verdict, told["judge"], evidence)
        save_wave(database, judge, None, [replied])
    if told["rollouts"]:
        counts = {"successes": [0] * n_steps, "trials": [1] * n_steps, "belief": 0.25}
        rollouts = [
            RolloutRecord(number, step, sample, text, text or None, "wrong", 7)
            for sample, (step, text) in enumerate(told["rollouts"])
        ]
        tried = AnnotationRecord(number, mc, nothing, verdict, "unfinished", counts)
        save_wave(database, mc, None, [tried], rollouts)
    elif told["begun"]:
        begun = [RolloutRecord(number, step, 3, "t", None, "correct", 1) for step in told["begun"]]
        save_wave(database, mc, None, [], begun)
    if told["label"] is not None:
        insert_labels(database, [Said(number, SourceLabel("class", told["label"], verdict))])


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """The file of an empty project, to be copied: making its tables takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        create_database(f"sqlite:///{file}").close()
        yield file


@settings(max_examples=12)
@given(project=projects())
def test_any_project_is_the_same_after_a_round_trip(empty: Path, project: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        both = []
        for file in (folder / "before.db", folder / "after.db"):
            shutil.copy(empty, file)
            both.append(open_database(f"sqlite:///{file}"))
        before, after = both
        make(before, project)
        was = contents(before)
        export_project(before, folder / "all.jsonl")
        result = import_files(after, "jsonl", folder / "all.jsonl")
        assert (result["rejected"], result["noted"]) == (0, 0), result
        assert contents(after) == contents(before)
        import_files(after, "jsonl", folder / "all.jsonl")
        export_project(after, folder / "again.jsonl")
        import_files(before, "jsonl", folder / "again.jsonl")
        assert contents(after) == contents(before) == was
        for one in both:
            one.close()


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Database]:
    """The prepared project: real evidence of every kind."""
    prepare_demo(tmp_path / "demo.db", lambda *_: None)
    opened = open_database(f"sqlite:///{tmp_path}/demo.db")
    yield opened
    opened.close()


def test_the_prepared_project_is_the_same_in_another_database(
    prepared: Database, database: Database, tmp_path: Path
) -> None:
    exported = export_project(prepared, tmp_path / "all.jsonl.gz")
    result = import_files(database, "jsonl", tmp_path / "all.jsonl.gz")
    assert (result["solutions"], result["corrections"]) == (exported.solutions, 30)
    assert (result["rejected"], result["noted"]) == (0, 0)
    assert contents(database) == contents(prepared)
