"""The script of docs/bring-your-own.md: three files become a relabelled, exported project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db.annotations import annotations_of
from db.annotators import ensure_reviewer, list_annotators
from db.corrections import append_corrections
from db.engine import Database, open_database
from db.solutions import each_solution
from tests.labeling.project.contents import contents
from tests.support.rows import correction
from tests.test_docs import FENCE, ROOT, commands

PAGE = ROOT / "docs" / "bring-your-own.md"


def relabel(database: Database) -> None:
    """What somebody does in Review: the second solution's last step is wrong after all."""
    first, second = (one.id for chunk in each_solution(database) for one in chunk)
    names = {one.id: one.label for one in list_annotators(database)}
    told = {
        (one.solution_id, names[one.annotator_id]): one.first_error
        for one in annotations_of(database, [first, second])
    }
    assert told == {
        (first, "human:class"): 1,
        (first, "prm:r-prm"): 1,
        (first, "judge:critic"): 1,
        (second, "human:class"): -1,
        (second, "prm:r-prm"): -1,
        (second, "judge:critic"): -1,
    }
    ada = ensure_reviewer(database, "Ada")
    append_corrections(database, [correction(second, ada.id, "token", labels=(1, -1))])


def test_three_files_end_side_by_side_evaluated_relabelled_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for info, block in FENCE.findall(PAGE.read_text("utf-8")):
        if info.startswith("json "):  # The name of the file follows.
            Path(info.removeprefix("json ")).write_text(block, "utf-8")
    url = f"sqlite:///{tmp_path}/eggs.db"

    def steplens(*arguments: str) -> str:
        told = CliRunner().invoke(main, ["--db", url, *arguments])
        assert told.exit_code == 0, (arguments, told.output)
        return told.output

    steplens("db", "upgrade")
    steplens("held-out", "--share", "0")  # Of two problems nothing is to be left out.
    said = ""
    for _, arguments in commands(PAGE):
        if arguments[0] == "app":
            with_labels = open_database(url)
            relabel(with_labels)
            with_labels.close()
        elif arguments[0] != "annotate":
            said += steplens(*arguments)
    assert said.count("2 of 2 rows matched a solution") == 2
    exported = Path("eggs-export/data.jsonl").read_text("utf-8").strip()
    rows = [json.loads(line) for line in exported.split("\n")]
    assert [one["labels"] for one in rows] == [[1, -1, None], [1, -1]]
    assert [one["meta"]["decided_by"] for one in rows] == ["agreement", "human"]
    here = open_database(url)
    url = f"sqlite:///{tmp_path}/again.db"
    steplens("import", "eggs.jsonl.gz")
    again = open_database(url)
    assert contents(again) == contents(here)
    here.close()
    again.close()
