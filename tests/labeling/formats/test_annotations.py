"""The `annotations` of a jsonl row: several annotators at once, each with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from app.cli.main import main
from db.annotations import annotations_of, rollouts_of
from db.annotators import ensure_annotator, find_annotator, list_annotators
from db.engine import Database
from db.records import AnnotationRecord
from tests.labeling.formats.test_import_job import import_files, lines
from tests.support.rows import machine

ROW: dict[str, Any] = {"problem": "p", "steps": ["a", "b", "c"], "generator": "g"}
PRM = {"kind": "prm", "name": "theirs", "scores": [0.9, 0.4, 0.1]}
JUDGE = {"kind": "judge", "name": "critic", "first_error": 1, "critique": "No."}
MC = {
    "kind": "mc",
    "name": "rates",
    "scores": [1, 0.5, 0],
    "rollouts": [{"step": 2, "text": "so 4", "answer": "4", "correct": False}],
}
PERSON = {"kind": "human", "name": "class", "scores": [1, 0, -1]}


def said(database: Database) -> dict[str, AnnotationRecord]:
    """What each annotator says of the first solution, by kind:name."""
    names = {one.id: one.label for one in list_annotators(database)}
    return {names[one.annotator_id]: one for one in annotations_of(database, [1])}


def test_several_annotators_in_a_row(database: Database, tmp_path: Path) -> None:
    row = ROW | {"labels": [1, 1, 1], "annotations": [PRM, JUDGE, MC, PERSON]}
    result = import_files(database, "jsonl", lines(tmp_path / "all.jsonl", row))
    assert (result["annotations"], result["rejected"]) == (5, 0)
    found = said(database)
    verdicts = {name: one.first_error for name, one in found.items()}
    assert verdicts == {
        "mc:rates": 2,
        "judge:critic": 1,
        "prm:theirs": 1,
        "human:all": -1,
        "human:class": 2,
    }
    assert found["judge:critic"].evidence["critiques"] == [None, "No.", None]
    rates = find_annotator(database, "mc:rates")
    assert [one.outcome for one in rollouts_of(database, 1, rates.id)] == ["wrong"]
    assert find_annotator(database, "prm:theirs").from_file
    assert import_files(database, "jsonl", tmp_path / "all.jsonl", again=1)["annotations"] == 0


def test_a_bad_annotation_costs_itself_alone(database: Database, tmp_path: Path) -> None:
    bad = [
        {"kind": "prm", "name": "short", "scores": [0.5]},
        {"kind": "oracle", "name": "x", "first_error": 0},
        {"kind": "prm", "scores": [1, 1, 1]},
        {"kind": "judge", "name": "silent"},
        {"kind": "judge", "name": "typo", "frist_error": 0, "first_error": 0},
        PRM,
    ]
    file = lines(tmp_path / "all.jsonl", ROW | {"annotations": [PRM, *bad]})
    result = import_files(database, "jsonl", file)
    assert (result["solutions"], result["annotations"]) == (1, 1)
    reasons = " ".join(one["reason"] for one in result["rejections"])
    assert result["rejected"] == len(bad)
    for words in ("list of 3", "'oracle'", "who says this", "neither", "'frist_error'", "twice"):
        assert words in reasons


def test_a_file_adds_nothing_to_an_annotator_that_is_at_work(
    database: Database, tmp_path: Path
) -> None:
    """Its configuration says how its annotations are made, and these were not made so."""
    two = [ROW | {"problem": name} for name in ("p", "q")]
    import_files(database, "jsonl", lines(tmp_path / "bare.jsonl", *two))
    machine(database, "prm", {1: 0}, {1: (0.1, 0.2, 0.3)})
    same, other = {**PRM, "name": "prm", "scores": [0.1, 0.2, 0.3]}, {**PRM, "name": "prm"}
    rows = [two[0] | {"annotations": [same]}, two[1] | {"annotations": [other]}]
    result = import_files(database, "jsonl", lines(tmp_path / "all.jsonl", *rows))
    (note,) = result["notes"]
    assert (note["lines"], result["annotations"]) == ([2], 0)
    assert "prm:prm is at work in this project" in note["reason"]
    contradicting = lines(tmp_path / "other.jsonl", two[0] | {"annotations": [other]})
    (note,) = import_files(database, "jsonl", contradicting)["notes"]
    assert "differently" in note["reason"]
    assert [one.solution_id for one in annotations_of(database, [1, 2])] == [1]


def test_names_with_colons_are_printed_as_they_are(database: Database, tmp_path: Path) -> None:
    ensure_annotator(database, "prm", "x", {"model": "x"})
    file = lines(tmp_path / "all.jsonl", ROW | {"annotations": [{**PRM, "name": "x"}]})
    told = CliRunner().invoke(main, ["--db", database.url, "import", "--dry-run", str(file)])
    assert "says     prm:x: first error in step 2" in told.stdout
