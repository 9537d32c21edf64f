"""Identical solutions of one file are samples of one solution; `meta` is the user's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.engine import Database
from db.solutions import each_solution, get_solution
from labeling.consensus.rule import Rule
from labeling.consensus.run import run_consensus
from labeling.jobs.runner import run_job
from labeling.selection import as_json

ROW = {"problem": "p", "steps": ["a"], "generator": "g", "gold_answer": "7"}


def import_rows(database: Database, file: Path, *rows: dict[str, Any]) -> dict[str, Any]:
    file.write_text("".join(json.dumps(ROW | row) + "\n" for row in rows))
    params = {"format": "jsonl", "files": [str(file)]}
    return run_job(database, jobs.create_job(database, "import", params).id)


def samples(database: Database) -> dict[str, int]:
    return {one.steps[0]: one.samples for part in each_solution(database) for one in part}


def test_identical_rows_of_a_file_are_counted_and_an_import_twice_adds_nothing(
    database: Database, tmp_path: Path
) -> None:
    rows = [{}, {"steps": ["b"]}, {}, {}]
    told = import_rows(database, tmp_path / "one.jsonl", *rows)
    assert (told["solutions"], told["repeated"], told["duplicates"]) == (2, 2, 0)
    assert samples(database) == {"a": 3, "b": 1}
    for file in ("one.jsonl", "copy.jsonl"):
        again = import_rows(database, tmp_path / file, *rows)
        assert (again["solutions"], again["duplicates"]) == (0, 2)
        assert samples(database) == {"a": 3, "b": 1}
    import_rows(database, tmp_path / "one.jsonl", *rows, {"steps": ["b"]})
    assert samples(database) == {"a": 3, "b": 2}


def test_a_count_of_its_own_adds_to_the_repetitions(database: Database, tmp_path: Path) -> None:
    import_rows(database, tmp_path / "one.jsonl", {"samples": 3}, {}, {"samples": 2})
    assert samples(database) == {"a": 6}
    (row,) = as_json(database, [1])
    assert row["samples"] == 6
    refused = import_rows(database, tmp_path / "bad.jsonl", {"samples": 0}, {"samples": True})
    assert refused["rejected"] == 2


def test_the_labels_of_two_annotators_are_about_one_sample(
    database: Database, tmp_path: Path
) -> None:
    both = [{"labels": [1], "annotator": "ann"}, {"labels": [-1], "annotator": "bob"}]
    told = import_rows(database, tmp_path / "one.jsonl", *both)
    assert (told["repeated"], told["annotations"]) == (0, 2)
    assert samples(database) == {"a": 1}


@pytest.mark.parametrize("mine", [None, "many", [3], 5])
def test_what_meta_holds_is_the_users_own(database: Database, tmp_path: Path, mine: object) -> None:
    import_rows(
        database,
        tmp_path / "one.jsonl",
        {"meta": {"multiplicity": mine}, "labels": [1], "annotator": "ann"},
    )
    assert get_solution(database, 1).samples == 1
    assert run_consensus(database, Rule(("human:ann",))).kept == 1
