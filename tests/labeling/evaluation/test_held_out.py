"""A part of the problems that no export holds, and that a PRM trained on one is measured on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.annotators import find_annotator, rename_annotator, save_training_problems
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.records import SourceLabel
from db.schema import Annotator
from labeling.consensus.held_out import REASON, held_out, hold_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import default_rule, export_consensus, preview, run_consensus
from labeling.evaluation.processbench import evaluate_processbench
from labeling.evaluation.provenance import training_of
from labeling.evaluation.versions import compare_versions
from labeling.sources import read_sources
from tests.support.rows import machine, row
from training.data import HeldOut, fingerprint

PROBLEMS = 60
RULE = Rule(("mc:mc", "judge:judge"))


@pytest.fixture
def project(database: Database) -> Database:
    """Sixty problems with a reference; MC and the judge differ on every fifth."""
    label = SourceLabel("truth", (1.0, 1.0), -1)
    insert_rows(database, [row(n, labels=(label,)) for n in range(PROBLEMS)])
    ids = solution_ids(database, SolutionFilter())
    machine(database, "mc", dict.fromkeys(ids, -1))
    machine(database, "judge", {one: -1 if one % 5 else 0 for one in ids})
    return database


def problems_of(folder: Path) -> set[str]:
    return {example.problem for example in read_sources([folder]).examples}


def text_of(number: int) -> str:
    return row(number).problem


def trained_on(database: Database, name: str, problems: set[str], export: str | None) -> str:
    """A PRM of these training problems that calls every solution right."""
    ids = solution_ids(database, SolutionFilter())
    prm = machine(database, "prm", dict.fromkeys(ids, -1), dict.fromkeys(ids, (0.9, 0.9)))
    with database.write() as session:
        session.get_one(Annotator, prm.id).config = {"revision": name, "threshold": 0.5}
    save_training_problems(database, name, map(fingerprint, problems), len(problems), export)
    return prm.label


def test_no_export_holds_what_is_held_out(project: Database, tmp_path: Path) -> None:
    part = held_out(project)
    assert part.share == 0.2
    away = {text for text in map(text_of, range(PROBLEMS)) if text in part}
    assert away
    summary = run_consensus(project, RULE)
    assert summary.dropped[REASON] == summary.held_out_problems == len(away)
    assert summary.total == PROBLEMS
    for form in ("jsonl", "processbench"):
        manifest = export_consensus(project, tmp_path / form, form)
        assert not problems_of(tmp_path / form) & away
        told = {"share": 0.2, "seed": 0, "problems": len(away), "solutions": len(away)}
        assert manifest["held_out"] == told
        stored = json.loads((tmp_path / form / "manifest.json").read_text("utf-8"))
        assert HeldOut.of_manifest(stored) == part


def test_a_new_problem_falls_on_a_side_for_good(project: Database, tmp_path: Path) -> None:
    export_consensus(project, tmp_path / "before", "jsonl", RULE)
    insert_rows(project, [row(n) for n in range(1000, 1060)])
    ids = solution_ids(project, SolutionFilter())
    machine(project, "mc", dict.fromkeys(ids[PROBLEMS:], -1))
    machine(project, "judge", dict.fromkeys(ids[PROBLEMS:], -1))
    export_consensus(project, tmp_path / "after", "jsonl", RULE)
    before, after = problems_of(tmp_path / "before"), problems_of(tmp_path / "after")
    assert before < after
    assert not {problem for problem in after if problem in held_out(project)}


def test_what_is_held_out_may_be_chosen_until_something_is_exported(
    project: Database, tmp_path: Path
) -> None:
    hold_out(project, HeldOut(0.5, 3))
    hold_out(project, HeldOut(0.4, 3))
    export_consensus(project, tmp_path / "export", "jsonl", RULE)
    hold_out(project, HeldOut(0.4, 3))  # it is so already
    with pytest.raises(DatabaseError, match="--after-exports"):
        hold_out(project, HeldOut(0.1))
    assert held_out(project) == HeldOut(0.4, 3)
    hold_out(project, HeldOut(0.1), after_exports=True)
    assert held_out(project) == HeldOut(0.1)


def test_an_export_that_fails_settles_nothing(project: Database, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    with pytest.raises(FileExistsError):
        export_consensus(project, tmp_path / "taken", "jsonl", RULE)
    hold_out(project, HeldOut(0))
    assert preview(project, RULE).held_out_problems == 0


def test_a_prm_is_measured_on_the_part_that_its_export_left_out(
    project: Database, tmp_path: Path
) -> None:
    """Not on what the consensus dropped, though the PRM never saw that: it is the hardest."""
    manifest = export_consensus(project, tmp_path / "export", "jsonl", RULE)
    learnt = problems_of(tmp_path / "export")
    checksum = manifest["files"]["data.jsonl"]["sha256"]
    label = trained_on(project, "here", learnt, checksum)
    part = held_out(project)
    clean = [text_of(n) for n in range(PROBLEMS) if text_of(n) in part]
    result = evaluate_processbench(project, label, "human:truth")
    assert result["held_out"] is not None
    assert result["held_out"]["n_correct"] == len(clean)
    assert result["held_out_share"] == 0.2
    assert result["all"]["n_correct"] == PROBLEMS > len(clean) + len(learnt)
    # Raised later, the share changes nothing for a PRM that learnt before.
    hold_out(project, HeldOut(0.6), after_exports=True)
    again = evaluate_processbench(project, label, "human:truth")
    assert again["held_out"] == result["held_out"]
    both = compare_versions(project, label, "judge:judge", "human:truth")
    assert both["trained_on"] == PROBLEMS - len(clean)


def test_what_was_trained_on_is_never_held_out(project: Database, tmp_path: Path) -> None:
    """Whatever the part says: its base, say, has learnt a problem of it."""
    manifest = export_consensus(project, tmp_path / "export", "jsonl", RULE)
    part = held_out(project)
    clean = [text_of(n) for n in range(PROBLEMS) if text_of(n) in part]
    learnt = problems_of(tmp_path / "export") | {clean[0]}
    label = trained_on(project, "further", learnt, manifest["files"]["data.jsonl"]["sha256"])
    result = evaluate_processbench(project, label, "human:truth")
    assert result["held_out"] is not None
    assert result["held_out"]["n_correct"] == len(clean) - 1


def test_a_prm_that_learnt_elsewhere_is_measured_on_all_it_has_not_seen(
    project: Database, tmp_path: Path
) -> None:
    export_consensus(project, tmp_path / "export", "jsonl", RULE)
    label = trained_on(project, "elsewhere", {text_of(0), "another"}, "0" * 64)
    result = evaluate_processbench(project, label, "human:truth")
    assert result["held_out"] is not None
    assert (result["held_out"]["n_correct"], result["held_out_share"]) == (PROBLEMS - 1, None)


def test_of_unknown_training_nothing_is_held_out(project: Database) -> None:
    training = training_of(project, find_annotator(project, "judge:judge"))
    assert not training.held_out(text_of(0))
    assert not training.seen(text_of(0))


def test_a_rule_survives_the_renaming_of_who_it_names(project: Database, tmp_path: Path) -> None:
    kept = run_consensus(project, RULE).kept
    rename_annotator(project, "judge:judge", "reader")
    assert preview(project, RULE).kept == kept
    assert default_rule(project) == Rule(("mc:mc", "judge:reader"))
    assert export_consensus(project, tmp_path / "export", "jsonl")["counts"]["kept"] == kept
