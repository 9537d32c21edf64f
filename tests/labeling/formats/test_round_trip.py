"""What is exported can be imported again, and says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.annotations import annotations_of
from db.annotators import ensure_reviewer, list_annotators
from db.corrections import append_corrections
from db.engine import Database, create_database
from db.ingest import insert_rows
from db.records import ImportRow, SolutionRecord
from db.solutions import each_solution
from labeling.consensus.held_out import hold_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.formats.base import ExportRow
from labeling.formats.catalog import READERS, WRITERS
from tests.labeling.formats.test_import_job import import_files
from tests.support.rows import correction, machine, row
from training.data import HeldOut
from training.data_files import DATA_FILES

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


BOTH = sorted(READERS.keys() & WRITERS.keys())
CUT = ("trl", "math-shepherd")  # at the first error: they have no "no label"
NEUTRAL = ("jsonl", "prm800k")  # The others make it correct.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
WORDS = TEXT.filter(str.strip)


@st.composite
def kept_solutions(draw: st.DrawFn) -> ExportRow:
    """What a consensus may keep: labels up to the first error, some of them missing."""
    steps = tuple(draw(st.lists(WORDS, min_size=1, max_size=4)))
    error = draw(st.integers(-1, len(steps) - 1))
    end = len(steps) if error < 0 else error
    before = draw(st.lists(st.sampled_from([1, 1, 1, 0, None]), min_size=end, max_size=end))
    rest = (-1, *(None,) * (len(steps) - error - 1)) if error >= 0 else ()
    return ExportRow(
        draw(WORDS).strip(), steps, (*before, *rest), error, "g", "d", 1, 2, "agreement"
    )


@pytest.mark.parametrize("format", BOTH)
@given(kept=kept_solutions())
def test_whatever_a_format_writes_it_reads_as_the_same(format: str, kept: ExportRow) -> None:
    written = WRITERS[format](kept)
    if written is None:  # A step that nobody judged, or, of Math-Shepherd, its own marks in a text.
        assert not kept.is_judged_throughout or format == "math-shepherd"
        return
    (found,) = READERS[format](json.loads(json.dumps(written)), "data", 1)
    assert isinstance(found, ImportRow)
    (label,) = found.labels
    end = kept.first_error + 1 or len(kept.steps) if format in CUT else len(kept.steps)
    assert label.first_error == kept.first_error
    assert label.scores == scores(format, kept.labels[:end])
    texts = kept.steps[:end]
    if format == "math-shepherd":  # Which numbers its steps, and has no blanks around them.
        texts = tuple(
            text if text.startswith(f"Step {at}:") else f"Step {at}: {text}"
            for at, text in enumerate(map(str.strip, texts), 1)
        )
    assert (found.problem, found.steps) == (kept.problem, texts)


def scores(format: str, labels: tuple[int | None, ...]) -> tuple[float | None, ...]:
    """The labels as this format's annotator says them."""
    neutral = 0 if format in NEUTRAL else 1
    if format == "processbench" and -1 not in labels:
        return (1.0,) * len(labels)
    wrong = 0 if format == "math-shepherd" else -1
    said = {0: neutral, 1: 1, -1: wrong}
    return tuple(None if one is None else said[one] for one in labels)


@pytest.mark.parametrize("format", BOTH)
def test_an_export_imports_as_the_same_annotations(
    format: str, database: Database, tmp_path: Path
) -> None:
    fill(database)
    rule = Rule(("mc:mc", "judge:judge"))
    again = create_database(f"sqlite:///{tmp_path}/again.db")
    for file in DATA_FILES:  # All hold the same, so the first adds all that there is.
        export_consensus(database, tmp_path / file, format, rule, file=file)
        result = import_files(again, format, tmp_path / file)
        new = 6 if file == "jsonl" else 0
        assert (result["rejected"], result["solutions"], result["annotations"]) == (0, new, new)

    assert len(list_annotators(again)) == 1
    found = annotations_of(again, [one.id for one in solutions(again)])
    assert tuple(one.first_error for one in found) == VERDICTS
    before, after = solutions(database), solutions(again)
    ends = [error + 1 or 4 if format in CUT else 4 for error in VERDICTS]
    assert [one.scores for one in found] == [
        scores(format, labels[:end]) for labels, end in zip(LABELS, ends, strict=True)
    ]
    assert [one.problem for one in after] == [one.problem for one in before]
    if format in ("jsonl", "processbench"):  # The others do not name the generator.
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
