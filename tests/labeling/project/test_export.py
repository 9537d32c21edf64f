"""The file of a project: whole or not at all, and what it does not overrule elsewhere."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db.annotations import annotations_of
from db.annotators import (
    ensure_annotator,
    ensure_reviewer,
    find_annotator,
    save_training_problems,
    training_problems,
)
from db.corrections import append_corrections, correction_log
from db.engine import Database, DatabaseError, create_database
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import keep_list
from db.results import (
    Measured,
    StoredHeldOut,
    add_evaluation,
    save_held_out,
    stored_held_out,
)
from db.review.recuts import recut, replacement
from db.review.saved_queues import Contents, save_queue, saved_queues
from labeling import project
from labeling.consensus.held_out import hold_out, is_settled
from labeling.formats.files.compression import unpacked
from labeling.project import ProjectError, export_project
from tests.labeling.formats.test_import_job import import_files
from tests.labeling.project.contents import contents, processbench
from tests.support.rows import correction, fill, machine
from training.data import HeldOut

ROOT = Path(__file__).parents[3]
WRITING = """
import sys, time
from db.engine import open_database
from labeling.project import export_project

def written(*progress):
    print("written", flush=True)
    time.sleep(600)

export_project(open_database(sys.argv[1]), sys.argv[2], overwrite=True, report=written)
"""


@contextmanager
def writing(database: Database, file: Path) -> Iterator[None]:
    """Another process is in the midst of an export; at the end it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITING, database.url, str(file)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"written\n"
        yield
    finally:
        child.kill()
        assert child.wait() == -signal.SIGKILL
        child.stdout.close()


@pytest.fixture
def made(database: Database) -> Database:
    """Two solutions with a PRM's scores, and two acts of Ada's on the first."""
    ids = fill(database, 2)
    machine(database, "prm", dict.fromkeys(ids, 1), dict.fromkeys(ids, (0.9, 0.1)))
    ada = ensure_reviewer(database, "Ada")
    append_corrections(database, [correction(ids[0], ada.id, "first", labels=(1, 1))])
    append_corrections(database, [correction(ids[0], ada.id, "second")])
    return database


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    opened = create_database(f"sqlite:///{tmp_path}/other.db")
    yield opened
    opened.close()


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]


def test_the_command_writes_one_file_that_imports_again(
    made: Database, other: Database, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl.gz"
    told = CliRunner().invoke(main, ["--db", made.url, "export", "project", str(file)])
    assert told.exit_code == 0, told.output
    assert "2 solutions, 2 annotations and 2 corrections by 2 annotators in" in told.stdout
    again = CliRunner().invoke(main, ["--db", made.url, "export", "project", str(file)])
    assert again.exit_code == 1
    assert "--overwrite" in again.output
    told = CliRunner().invoke(main, ["--db", other.url, "import", str(file)])
    assert told.exit_code == 0, told.output
    assert contents(other) == contents(made)
    assert find_annotator(other, "prm:prm").from_file
    assert not find_annotator(made, "prm:prm").from_file


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_is_compressed_as_its_name_says(made: Database, tmp_path: Path, ending: str) -> None:
    export_project(made, tmp_path / "plain.jsonl")
    export_project(made, tmp_path / f"packed.jsonl{ending}")
    assert (tmp_path / f"packed.jsonl{ending}").read_bytes()[:1] != b"{"
    with (tmp_path / f"packed.jsonl{ending}").open("rb") as file:
        packed = b"".join(unpacked(file, None))
    lines = (tmp_path / "plain.jsonl").read_bytes().splitlines()
    assert packed.splitlines()[1:] == lines[1:]  # The first says when it was written.


def test_its_own_file_adds_nothing_to_a_project(made: Database, tmp_path: Path) -> None:
    before = contents(made)
    export_project(made, tmp_path / "mine.jsonl")
    result = import_files(made, "jsonl", tmp_path / "mine.jsonl")
    assert (result["annotations"], result["corrections"], result["noted"]) == (0, 0, 0)
    assert contents(made) == before


def test_a_failure_leaves_nothing_and_keeps_what_was_there(
    made: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out" / "mine.jsonl"
    export_project(made, file)
    kept = file.read_bytes()
    monkeypatch.setattr(project, "MAX_ROW", 100)
    with pytest.raises(ProjectError, match="Copy the database"):
        export_project(made, file, overwrite=True)
    assert [one.name for one in file.parent.iterdir()] == ["mine.jsonl"]
    assert file.read_bytes() == kept


def test_what_a_killed_export_left_is_cleared_by_the_next_and_a_living_one_is_not(
    made: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    export_project(made, folder / "mine.jsonl")
    kept = (folder / "mine.jsonl").read_bytes()
    with writing(made, folder / "mine.jsonl"):
        (left,) = {one.name for one in folder.iterdir()} - {"mine.jsonl"}
        export_project(made, folder / "other.jsonl")
        assert (folder / left).exists()  # Its process lives.
    assert (folder / "mine.jsonl").read_bytes() == kept
    (folder / ".others.1234abcd.jsonl").touch()
    export_project(made, folder / "third.jsonl.gz")
    names = {one.name for one in folder.iterdir()}
    assert names == {".others.1234abcd.jsonl", "mine.jsonl", "other.jsonl", "third.jsonl.gz"}


def test_what_a_person_did_since_is_not_overruled(
    made: Database, other: Database, tmp_path: Path
) -> None:
    export_project(made, tmp_path / "mine.jsonl")
    import_files(other, "jsonl", tmp_path / "mine.jsonl")
    ada = find_annotator(other, "human:Ada")
    append_corrections(other, [correction(1, ada.id, "third", labels=(-1, None), first_error=0)])
    maker = find_annotator(made, "human:Ada")
    append_corrections(made, [correction(1, maker.id, "fourth")])
    export_project(made, tmp_path / "later.jsonl")
    (note,) = import_files(other, "jsonl", tmp_path / "later.jsonl")["notes"]
    assert "has labelled this solution here since" in note["reason"]
    assert [one.token for one in correction_log(other, 1)] == ["first", "second", "third"]
    assert {one.first_error for one in annotations_of(other, [1])} == {0, 1}


def test_new_acts_come_in_with_their_own_times(
    made: Database, other: Database, tmp_path: Path
) -> None:
    export_project(made, tmp_path / "mine.jsonl")
    import_files(other, "jsonl", tmp_path / "mine.jsonl")
    ada = find_annotator(made, "human:Ada")
    append_corrections(made, [correction(1, ada.id, "third", action="undo", undoes="second")])
    export_project(made, tmp_path / "later.jsonl")
    assert import_files(other, "jsonl", tmp_path / "later.jsonl")["corrections"] == 1
    mine, theirs = correction_log(made, 1), correction_log(other, 1)
    assert [replace(one, annotator_id=0) for one in mine] == [
        replace(one, annotator_id=0) for one in theirs
    ]


def test_another_annotator_of_the_same_name_stops_the_import_before_it_begins(
    made: Database, other: Database, tmp_path: Path
) -> None:
    export_project(made, tmp_path / "mine.jsonl")
    ensure_annotator(other, "prm", "prm", {"model": "mine"})
    with pytest.raises(DatabaseError, match="steplens annotators rename prm:prm"):
        import_files(other, "jsonl", tmp_path / "mine.jsonl")
    assert contents(other)["solutions"] == {}


def test_a_person_cannot_be_made_up(made: Database, other: Database, tmp_path: Path) -> None:
    """Not by an annotator's row, nor where people sign in, nor by acts without one."""
    file = tmp_path / "mine.jsonl"
    export_project(made, file)
    told = rows(file)
    (ada,) = (one for one in told if one.get("annotator", {}).get("kind") == "human")
    ada["annotator"]["name"] = "Eve"
    file.write_text("".join(json.dumps(one) + "\n" for one in told), "utf-8")
    result = import_files(other, "jsonl", file)
    assert "the configuration of another person" in result["rejections"][0]["reason"]
    assert "nobody who labels here is called human:Ada" in result["notes"][0]["reason"]
    export_project(made, file, overwrite=True)
    (note,) = import_files(other, "jsonl", file, people=False)["notes"]
    assert "people sign in here" in note["reason"]
    assert correction_log(other, 1) == []


def test_a_newer_layout_and_hostile_heads_are_refused(other: Database, tmp_path: Path) -> None:
    heads = [
        {"project": {"version": 2}},
        {"annotator": {"kind": "oracle", "name": "x"}},
        {"annotator": {"kind": "prm", "name": "x", "config": {"threshold": "high"}}},
        {"annotator": {"kind": "prm", "name": "x", "config": [1]}},
        {"project": {"version": 1, "held_out": {"share": 1.0, "seed": 1}}},
    ]
    file = tmp_path / "heads.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in heads), "utf-8")
    result = import_files(other, "jsonl", file)
    assert result["rejected"] == len(heads)
    assert any("update StepLens" in one["reason"] for one in result["rejections"])


def test_what_stands_or_is_called_so_here_stays(
    made: Database, other: Database, tmp_path: Path
) -> None:
    export_project(made, tmp_path / "before.jsonl")
    import_files(other, "jsonl", tmp_path / "before.jsonl")
    for database in (made, other):
        save_queue(database, Contents("filter"), "Ada", name="mine")
    recut(made, 2, ["1 + 1 =", "2", "That is it."], find_annotator(made, "human:Ada"), "here")
    recut(other, 2, ["1 + 1 = 2 That is it."], find_annotator(other, "human:Ada"), "there")
    export_project(made, tmp_path / "mine.jsonl")
    stands, queue = import_files(other, "jsonl", tmp_path / "mine.jsonl")["notes"]
    assert "was cut anew here too: the cut that stands here stays" in stands["reason"]
    assert queue["reason"] == "there is another queue mine here; the file's is called mine 2"
    assert [replacement(other, one) for one in (2, 3, 4)] == [3, None, 3]
    assert import_files(other, "jsonl", tmp_path / "mine.jsonl")["noted"] == 1
    assert [one.name for one in saved_queues(other)] == ["mine", "mine 2"]
    export_project(other, tmp_path / "theirs.jsonl")
    assert import_files(made, "jsonl", tmp_path / "theirs.jsonl")["noted"] == 2
    assert [one.name for one in saved_queues(made)] == ["mine", "mine 2"]


def test_work_that_names_what_is_not_there_or_is_hostile_is_refused(
    made: Database, other: Database, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    keep_list(made, [1, 2], words="both", origin="browse")
    add_evaluation(made, "processbench", 1, None, Measured(), processbench())
    export_project(made, file)
    told = rows(file)
    (kept,) = (one["list"] for one in told if "list" in one)
    (found,) = (one["evaluation"] for one in told if "evaluation" in one)
    bad = [
        ({"list": {**kept, "origin": "javascript:alert(1)"}}, "must be the address of a page"),
        ({"list": {**kept, "solutions": ["0" * 32]}}, "1 of its solutions are not in this project"),
        ({"list": {**kept, "solutions": [7]}}, "told by 32 hex digits here, not 7"),
        ({"queue": {"holds": "secrets"}}, "queue.holds must be one of"),
        ({"evaluation": {**found, "annotator": "prm:gone"}}, "prm:gone is not in this project"),
        ({"evaluation": {**found, "measured": {"x": 1}}}, "unknown field 'x'"),
        ({"evaluation": {**found, "measured": {"threshold": 7}}}, "measured.threshold must be"),
        ({"evaluation": {**found, "measured": {"n_solutions": -1}}}, "must be 0 or more"),
        (
            {"evaluation": {**found, "kind": "secrets"}},
            "evaluation.kind must be one of processbench",
        ),
        ({"evaluation": {**found, "kind": "best_of_n"}}, "evaluation.result.n is missing"),
        ({"evaluation": {**found, "result": {}}}, "evaluation.result.annotator is missing"),
        (
            {"evaluation": {**found, "result": processbench("high")}},
            "error_accuracy must be a number",
        ),
        ({"recuts": {"acts": [{}]}}, "token is missing"),
        ({"training_set": {"revision": "r", "problems": "abc"}}, "16 hex digits a problem"),
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in [*told, *(row for row, _ in bad)]))
    result = import_files(other, "jsonl", file)
    assert result["rejected"] == len(bad)
    for reason, (_, words) in zip(result["rejections"], bad, strict=True):
        assert words in reason["reason"]
    assert contents(other) == contents(made)
    import_files(made, "jsonl", file)
    assert contents(other) == contents(made)


def test_where_people_sign_in_their_work_stays_out(
    made: Database, other: Database, tmp_path: Path
) -> None:
    save_queue(made, Contents("filter"), "Ada", name="mine")
    save_training_problems(made, "weights", ["0" * 16])
    export_project(made, tmp_path / "mine.jsonl")
    result = import_files(other, "jsonl", tmp_path / "mine.jsonl", people=False)
    assert "and what they found, is left out" in result["notes"][0]["reason"]
    assert saved_queues(other) == []
    assert training_problems(other, "weights") is None


@pytest.mark.parametrize("name", ["mine.parquet", "mine.arrow"])
def test_a_project_is_no_table(name: str, made: Database, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"name a file that ends in \.jsonl"):
        export_project(made, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_list_whose_solutions_were_cut_anew_travels_as_it_was_kept(
    made: Database, other: Database, tmp_path: Path
) -> None:
    keep_list(made, [2, 1], words="both", origin="browse")
    cut = recut(made, 2, ["1 + 1 =", "2", "That is it."], find_annotator(made, "human:Ada"), "t")
    export_project(made, tmp_path / "mine.jsonl")
    for database in (other, made):
        import_files(database, "jsonl", tmp_path / "mine.jsonl")
        assert solution_ids(database, SolutionFilter(listed=1), sort="listed:1") == [cut, 1]
    assert contents(other) == contents(made)


def test_a_list_too_long_for_a_row_takes_several(
    made: Database, other: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MOST_LISTED", 1)
    kept = keep_list(made, [2, 1], words="all", origin="browse")
    save_queue(made, Contents("filter", SolutionFilter(listed=kept.id)), "Ada", name="mine")
    file = tmp_path / "mine.jsonl"
    export_project(made, file)
    told = rows(file)
    first, last = (one for one in told if "list" in one)
    assert [len(one["list"]["solutions"]) for one in (first, last)] == [1, 1]
    for missing, reason in ((first, "begins at place 1"), (last, "the rest of this list")):
        left = [one for one in told if one is not missing]
        file.write_text("".join(json.dumps(one) + "\n" for one in left), "utf-8")
        reasons = [one["reason"] for one in import_files(other, "jsonl", file)["rejections"]]
        assert any(reason in one for one in reasons)
        assert any("list that the queue is narrowed to" in one for one in reasons)
        assert saved_queues(other) == []
    file.write_text("".join(json.dumps(one) + "\n" for one in told), "utf-8")
    for database in (other, made):
        assert import_files(database, "jsonl", file)["rejected"] == 0
        assert solution_ids(database, SolutionFilter(listed=1), sort="listed:1") == [2, 1]
    assert contents(other) == contents(made)


def test_what_is_held_out_here_stays(made: Database, other: Database, tmp_path: Path) -> None:
    save_held_out(made, StoredHeldOut(0.4, 7, exported=True))
    save_held_out(other, StoredHeldOut(0.1, 0))
    export_project(made, tmp_path / "mine.jsonl")
    import_files(other, "jsonl", tmp_path / "mine.jsonl")
    assert stored_held_out(other) == StoredHeldOut(0.1, 0)
    save_held_out(other, StoredHeldOut(0.4, 7))
    import_files(other, "jsonl", tmp_path / "mine.jsonl")
    assert stored_held_out(other) == StoredHeldOut(0.4, 7, exported=True)


@pytest.mark.parametrize(("told", "warned"), [(True, True), (None, True), (False, False)])
def test_what_was_exported_elsewhere_was_exported(
    told: bool | None, warned: bool, other: Database, tmp_path: Path
) -> None:
    """And where a file does not say, nobody can be sure that nothing was."""
    held_out: dict[str, Any] = {"share": 0.4, "seed": 7}
    if told is not None:
        held_out["exported"] = told
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"project": {"version": 1, "held_out": held_out}}) + "\n", "utf-8")
    import_files(other, "jsonl", file)
    assert is_settled(other) == warned
    if warned:
        with pytest.raises(DatabaseError, match="--after-exports"):
            hold_out(other, HeldOut(0.2))
    hold_out(other, HeldOut(0.2), after_exports=warned)
    assert stored_held_out(other) == StoredHeldOut(0.2, 0, exported=warned)
