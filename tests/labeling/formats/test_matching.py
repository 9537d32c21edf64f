"""Which solutions of the project the rows of an import are about, and what it says of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from app.cli.main import main
from db.annotations import annotations_of
from db.engine import Database
from db.ingest import insert_rows
from labeling.formats.preview import preview
from tests.labeling.formats.test_import_job import import_files, lines
from tests.labeling.project.contents import contents
from tests.support.rows import row

PRM = [{"kind": "prm", "name": "theirs", "scores": [0.9, 0.2]}]


def text_of(number: int, **more: Any) -> dict[str, Any]:
    """A jsonl row with the text of `row(number)`, and nothing on who wrote it."""
    told = row(number)
    return {"problem": told.problem, "steps": list(told.steps), **more}


def fill(database: Database, count: int = 3) -> None:
    insert_rows(database, [row(number, external_id=f"u{number}") for number in range(count)])


def annotated(database: Database) -> list[int]:
    return [one.solution_id for one in annotations_of(database, range(1, 20))]


def test_a_missing_generator_makes_no_new_solutions(database: Database, tmp_path: Path) -> None:
    fill(database, 50)
    told = [text_of(number, first_error=1, annotator="class") for number in range(50)]
    result = import_files(database, "jsonl", lines(tmp_path / "labels.jsonl", *told))
    assert (result["matched"], result["solutions"], result["annotations"]) == (50, 0, 50)
    trl = [
        {"prompt": one["problem"], "completions": one["steps"], "labels": [True, False]}
        for one in told
    ]
    result = import_files(database, "trl", lines(tmp_path / "trl.jsonl", *trl))
    assert (result["matched"], result["solutions"], result["annotations"]) == (50, 0, 50)


def test_what_is_said_of_a_text_is_said_of_all_who_wrote_it_or_of_the_one_of_this_id(
    database: Database, tmp_path: Path
) -> None:
    twins = [row(0, generator=who, external_id=who) for who in ("a", "b")]
    insert_rows(database, twins)
    file = lines(tmp_path / "one.jsonl", text_of(0, dataset="unit", id="b", annotations=PRM))
    assert import_files(database, "jsonl", file)["solutions"] == 0
    assert annotated(database) == [2]
    judge = [{"kind": "judge", "name": "critic", "first_error": 0}]
    both = lines(tmp_path / "both.jsonl", text_of(0, annotations=judge))
    assert import_files(database, "jsonl", both)["annotations"] == 2


def test_a_new_text_is_one_solution_however_often_it_comes(
    database: Database, tmp_path: Path
) -> None:
    told = [
        text_of(7, first_error=1, annotator="class"),
        text_of(7, annotations=PRM),
        text_of(7, generator="gen", first_error=0, annotator="others"),
        text_of(8, generator="gen"),
    ]
    result = import_files(database, "jsonl", lines(tmp_path / "new.jsonl", *told))
    assert result["solutions"] == 2  # The first two are about the third's.
    again = import_files(database, "jsonl", tmp_path / "new.jsonl", again=1)
    assert (again["solutions"], again["annotations"], again["matched"]) == (0, 0, 4)


def test_a_row_names_its_solution_in_place_of_its_text(database: Database, tmp_path: Path) -> None:
    fill(database)
    file = lines(
        tmp_path / "said.jsonl",
        {"solution_id": 1, "annotations": PRM},
        {"dataset": "unit", "id": "u1", "annotations": PRM},
        text_of(2, solution_id=3, annotations=PRM),
        text_of(2, solution_id=1, annotations=PRM),
        {"solution_id": 99, "annotations": PRM},
        {"id": "u2", "annotations": PRM},
        {"solution_id": 2, "first_error": 0},
        {"annotations": PRM},
        {"solution_id": 2, "annotations": [{**PRM[0], "scores": [0.5]}]},
    )
    result = import_files(database, "jsonl", file)
    assert (result["matched"], result["solutions"], result["annotations"]) == (4, 0, 3)
    assert annotated(database) == [1, 2, 3]
    said = {one["lines"][0]: one["reason"] for one in result["rejections"]}
    assert "another problem or other steps" in said[4]
    assert "there is no solution 99" in said[5]
    assert "no solution of the data set said has the id u2" in said[6]
    assert 'goes under "annotations", and first_error has no place' in said[7]
    assert "problem is missing" in said[8]
    assert "scores must be a list of 2" in said[9]
    found = preview([file])
    assert (found.format, found.named, found.solutions) == ("jsonl", 7, 0)


def test_how_many_matched_is_said_first(database: Database, tmp_path: Path) -> None:
    fill(database)
    file = lines(tmp_path / "some.jsonl", text_of(1), text_of(2), text_of(9))
    told = CliRunner().invoke(main, ["--db", database.url, "import", "jsonl", str(file)])
    said = [line for line in told.stdout.splitlines() if "import" not in line]
    assert said[0] == "2 of 3 solutions in the files matched one that was there"
    assert said[1].startswith("Added 1 solution")


def test_an_unknown_writer_in_a_project_s_file_is_one_of_its_own(
    database: Database, tmp_path: Path
) -> None:
    from labeling.project import export_project

    insert_rows(database, [row(0, generator="unknown")])
    insert_rows(database, [row(0)])
    before = contents(database)
    assert len(before["solutions"]) == 2
    export_project(database, tmp_path / "all.jsonl")
    result = import_files(database, "jsonl", tmp_path / "all.jsonl")
    assert (result["matched"], contents(database)) == (2, before)
