"""Types of errors: a project's own, and how often an annotator finds each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.cli.main import main
from db.annotators import ensure_reviewer
from db.corrections import append_corrections, own_error_types
from db.engine import Database
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.evaluation.error_types import error_type_hits
from labeling.formats.jsonl import rows as read
from labeling.review.error_types import MOST_OWN, PRMBENCH, error_types, offer
from tests.support.rows import correction, fill, machine
from training.metrics.error_types import hits_by_type


def test_hits_are_counted_by_type() -> None:
    found = hits_by_type(
        ["slip", "slip", "slip", "fact"], np.array([1, 0, -1, -2]), np.array([1, 1, 1, 0])
    )
    assert [(one.error_type, one.exact.count, one.flagged.count, one.exact.n) for one in found] == [
        ("slip", 1, 2, 3),
        ("fact", 0, 0, 1),
    ]
    assert hits_by_type([], np.array([], int), np.array([], int)) == []
    with pytest.raises(ValueError, match="only a first error"):
        hits_by_type(["slip"], np.array([-1]), np.array([-1]))


@pytest.fixture
def typed(database: Database) -> Database:
    """Three solutions with typed errors in step 2, and one whose typed label was taken back."""
    fill(database, 4)
    machine(database, "prm", {1: 1, 2: -1, 3: None, 4: 1})
    ann = ensure_reviewer(database, "ann")
    acts = [
        correction(1, ann.id, "token-1", error_type="step_consistency"),
        correction(2, ann.id, "token-2", error_type="step_consistency"),
        correction(3, ann.id, "token-3", error_type="unit slip"),
        correction(4, ann.id, "token-4", error_type="unit slip"),
        correction(4, ann.id, "token-5", action="undo", labels=None, undoes="token-4"),
    ]
    append_corrections(database, acts)
    return database


def test_what_people_typed_is_the_reference(typed: Database) -> None:
    found = {one.error_type: one for one in error_type_hits(typed, "prm:prm")}
    assert {name: (one.exact.count, one.exact.n) for name, one in found.items()} == {
        "step_consistency": (1, 2),
        "unit slip": (0, 1),
    }
    command = ["--db", typed.url, "evaluate", "error-types", "--annotator"]
    told = CliRunner().invoke(main, [*command, "prm:prm"])
    assert told.exit_code == 0
    assert "contradicts an earlier step" in told.output
    assert "50.0%" in told.output


def test_an_export_says_why_and_can_be_imported_again(typed: Database, tmp_path: Path) -> None:
    export_consensus(typed, tmp_path / "out", "jsonl", Rule(("prm:prm",)))
    lines = (tmp_path / "out" / "data.jsonl").read_text("utf-8").splitlines()
    by_solution = {row["meta"]["solution_id"]: row for row in map(json.loads, lines)}
    assert by_solution[1]["meta"]["error_types"] == ["step_consistency"]
    assert "error_types" not in by_solution[4]["meta"]
    (again,) = read(by_solution[1], "data", 1)
    assert again.meta["error_types"] == ["step_consistency"]  # type: ignore[union-attr]


def test_a_project_has_types_of_its_own(database: Database) -> None:
    offer(database, ["unit  slip", "copied wrongly"])
    assert own_error_types(database) == ["unit slip", "copied wrongly"]
    offer(database, ["copied wrongly", "sign"])
    assert own_error_types(database) == ["copied wrongly", "sign"]
    assert [one["name"] for one in error_types(database)] == [*PRMBENCH, "copied wrongly", "sign"]
    for bad in (["x" * 61], [" "], ["step_consistency"], [f"t{n}" for n in range(MOST_OWN + 1)]):
        with pytest.raises(ValueError):
            offer(database, bad)
    assert own_error_types(database) == ["copied wrongly", "sign"]
