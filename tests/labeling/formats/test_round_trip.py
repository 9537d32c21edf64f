"""What is exported can be imported again, and says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.annotations import annotations_of
from db.annotators import ensure_reviewer, list_annotators
from db.corrections import append_corrections
from db.engine import Database, create_database
from db.ingest import insert_rows
from db.records import SolutionRecord
from db.solutions import each_solution
from labeling.consensus.held_out import hold_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.formats.catalog import READERS, WRITERS
from tests.labeling.formats.test_import_job import import_files
from tests.support.rows import correction, machine, row
from training.data import HeldOut

STEPS = ("a", "b\u2028", "c", "so it is 7")
# What the consensus says of six solutions: five by agreement, the last by a person.
VERDICTS = (0, 1, 2, 3, -1, 2)
LABELS = (
    (-1, None, None, None),
    (1, -1, None, None),
    (1, 1, -1, None),
    (1, 1, 1, -1),
    (1, 1, 1, 1),
    (0, 1, -1, None),
)


def solutions(database: Database) -> list[SolutionRecord]:
    return [one for chunk in each_solution(database) for one in chunk]


def fill(database: Database) -> None:
    hold_out(database, HeldOut(0.0))  # Every solution is to be exported.
    insert_rows(
        database,
        [
            row(number, steps=STEPS, external_id=f"id-{number}", final_answer="9", is_correct=False)
            for number in range(len(VERDICTS))
        ],
    )
    ids = [one.id for one in solutions(database)]
    for kind in ("mc", "judge"):
        machine(database, kind, dict(zip(ids[:-1], VERDICTS[:-1], strict=True)))
    person = ensure_reviewer(database, "Ada")
    act = correction(ids[-1], person.id, "t", labels=LABELS[-1], first_error=VERDICTS[-1])
    append_corrections(database, [act])


@pytest.mark.parametrize("format", sorted(READERS.keys() & WRITERS.keys()))
def test_an_export_imports_as_the_same_annotations(
    format: str, database: Database, tmp_path: Path
) -> None:
    fill(database)
    export_consensus(database, tmp_path / "out", format, Rule(("mc:mc", "judge:judge")))
    again = create_database(f"sqlite:///{tmp_path}/again.db")
    result = import_files(again, format, tmp_path / "out" / "data.jsonl")
    assert (result["rejected"], result["solutions"], result["annotations"]) == (0, 6, 6)

    assert len(list_annotators(again)) == 1
    found = annotations_of(again, [one.id for one in solutions(again)])
    assert tuple(one.first_error for one in found) == VERDICTS
    neutral = 0 if format == "jsonl" else 1  # The others have no neutral label.
    before, after = solutions(database), solutions(again)
    # TRL has no "no label": its steps end with the first error. Nor does it name the generator.
    ends = [error + 1 or 4 if format == "trl" else 4 for error in VERDICTS]
    assert [one.scores for one in found] == [
        tuple(neutral if label == 0 else label for label in labels[:end])
        for labels, end in zip(LABELS, ends, strict=True)
    ]
    assert [(one.problem, one.steps) for one in after] == [
        (one.problem, one.steps[:end]) for one, end in zip(before, ends, strict=True)
    ]
    if format != "trl":
        assert [one.fingerprint for one in before] == [one.fingerprint for one in after]
    if format == "jsonl":
        ours = [replace(one, id=0, problem_id=0) for one in before]
        assert ours == [replace(one, id=0, problem_id=0) for one in after]
    again.close()


def test_an_export_imports_into_its_own_project_as_labels_only(
    database: Database, tmp_path: Path
) -> None:
    fill(database)
    export_consensus(database, tmp_path / "out", "jsonl", Rule(("mc:mc", "judge:judge")))
    result = import_files(database, "jsonl", tmp_path / "out")  # its data, not its manifest
    assert (result["solutions"], result["duplicates"], result["annotations"]) == (0, 6, 6)
    assert "human:consensus" in {one.label for one in list_annotators(database)}
