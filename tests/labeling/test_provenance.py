"""What a PRM was trained on is kept with its scores, and what is not known is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app.cli.main import main
from app.ui.formatting import which_problems
from db.annotations import save_wave
from db.annotators import (
    ensure_annotator,
    save_training_problems,
)
from db.annotators import (
    training_problems as stored_problems,
)
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow, SourceLabel
from db.results import list_evaluations
from db.schema import TrainingSet
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.processbench import evaluate_processbench
from labeling.evaluation.provenance import remember_training, training_problems
from labeling.evaluation.versions import compare_versions
from models.names import checkpoint_revision
from training.data import fingerprint

SEEN, NEW = "What is 1 + 1?", "What is 2 + 2?"


def checkpoint(folder: Path, weights: bytes, **told: object) -> Path:
    """As much of a checkpoint as says what it is and what it was trained on."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    if told:
        (folder / "steplens.json").write_text(json.dumps(told))
    return folder


def scored(database: Database, folder: Path) -> AnnotatorRecord:
    """Two responses to a problem that was trained on and two to a new one, all right."""
    insert_rows(
        database,
        [
            ImportRow(
                problem=problem,
                steps=(step,),
                generator="g",
                dataset="d",
                is_correct=True,
                final_answer="4",
                labels=(SourceLabel("people", (score,), -1 if score > 0 else 0),),
            )
            for problem in (SEEN, NEW)
            for step, score in (("a", 1.0), ("b", -1.0))
        ],
    )
    config = {"model": str(folder), "revision": checkpoint_revision(folder), "threshold": 0.5}
    prm = ensure_annotator(database, "prm", "p", config)
    verdicts = [(1, -1), (2, 0), (3, -1), (4, -1)]  # it fails only on the new problem
    save_wave(
        database,
        prm.id,
        None,
        [AnnotationRecord(one, prm.id, (0.9,), error, "ok", {}) for one, error in verdicts],
    )
    return prm


def test_what_was_trained_on_is_kept_when_the_checkpoint_is_gone(
    database: Database, tmp_path: Path
) -> None:
    folder = checkpoint(
        tmp_path / "prm",
        b"weights",
        training_problems=[fingerprint("elsewhere")],
        validation_problems=[fingerprint(SEEN)],
    )
    prm = scored(database, folder)
    remember_training(database, prm)
    shutil.rmtree(folder)
    found = evaluate_processbench(database, "prm:p", "human:people")
    assert (found["training_data"], found["trained_on_problems"]) == ("known", 2)
    assert found["all"]["error_accuracy"] == 0.5
    assert found["held_out"] is not None
    assert (found["held_out"]["error_accuracy"], found["held_out"]["n_error"]) == (0, 1)
    assert list_evaluations(database)[0].result["training_data"] == "known"
    best = evaluate_best_of_n(database, "prm:p", 2)
    assert (best["problems"], best["left_out"]) == (
        1,
        {"not held out of the annotator's training": 1},
    )


def test_an_evaluation_stores_what_the_unchanged_checkpoint_says(
    database: Database, tmp_path: Path
) -> None:
    folder = checkpoint(
        tmp_path / "prm", b"weights", training_problems=[fingerprint(SEEN)], validation_problems=[]
    )
    prm = scored(database, folder)
    evaluate_processbench(database, "prm:p", "human:people")
    shutil.rmtree(folder)
    assert training_problems(database, prm) == {fingerprint(SEEN)}


@pytest.mark.parametrize("there", ["nothing", "another", "public", "unknown base"])
def test_what_is_not_known_is_said_and_never_passes_for_untrained(
    database: Database, tmp_path: Path, there: str
) -> None:
    told: dict[str, object] = {"training_problems": [], "validation_problems": []}
    if there == "public":
        told = {}
    elif there == "unknown base":
        told["base_problems"] = None
    folder = checkpoint(tmp_path / "prm", b"weights", **told)
    scored(database, folder)
    if there in ("nothing", "another"):
        shutil.rmtree(folder)
    if there == "another":
        checkpoint(folder, b"others", training_problems=[], validation_problems=[])
    found = evaluate_processbench(database, "prm:p", "human:people")
    assert (found["training_data"], found["held_out"]) == ("unknown", None)
    stored = list_evaluations(database)[0].result
    assert which_problems(stored) == "all: not known what it was trained on"
    for command in (
        ["processbench", "--reference", "human:people"],
        ["best-of-n", "--n", "2"],
    ):
        shown = CliRunner().invoke(
            main, ["--db", database.url, "evaluate", *command, "--annotator", "prm:p"]
        )
        assert shown.exit_code == 0, shown.output
        assert "not known what prm:p was trained on" in shown.output


def test_people_are_not_trained(database: Database, tmp_path: Path) -> None:
    scored(database, checkpoint(tmp_path / "prm", b"weights"))
    found = evaluate_processbench(database, "human:people", "prm:p")
    assert found["training_data"] == "not trained"
    assert which_problems({**found}) == "all"


def test_the_training_set_of_a_large_run_stays_small_and_is_stored_once(
    database: Database,
) -> None:
    problems = [fingerprint(str(number)) for number in range(300_000)]
    for _ in range(2):
        save_training_problems(database, "abc", problems)
    with database.read() as session:
        sizes = session.execute(select(TrainingSet.n_problems, func.length(TrainingSet.problems)))
        assert sizes.all() == [(300_000, 2_400_000)]
    assert stored_problems(database, "abc") == set(problems)
    assert stored_problems(database, "other") is None
    with pytest.raises(ValueError, match="16 hex digits"):
        save_training_problems(database, "bad", ["abcd"])


def test_two_versions_are_compared_on_problems_that_neither_has_seen(
    database: Database, tmp_path: Path
) -> None:
    folder = checkpoint(
        tmp_path / "prm", b"weights", training_problems=[fingerprint(SEEN)], validation_problems=[]
    )
    scored(database, folder)
    judge = ensure_annotator(database, "judge", "j", {"model": "j"})
    verdicts = [(1, 0), (2, -1), (3, -1), (4, 0)]
    save_wave(
        database,
        judge.id,
        None,
        [AnnotationRecord(one, judge.id, (), error, "ok", {}) for one, error in verdicts],
    )
    found = compare_versions(database, "prm:p", "judge:j", "human:people")
    assert found["trained_on"] == 2
    assert found["without_one"] == {
        "both": 1, "only_first": 0, "only_second": 0, "neither": 0, "p_value": 1.0,
    }  # fmt: skip
    assert found["with_an_error"]["only_second"] == found["together"]["only_second"] == 1
    told = CliRunner().invoke(
        main,
        ["--db", database.url, "evaluate", "versions", "--first", "prm:p"]
        + ["--second", "judge:j", "--reference", "human:people"],
        env={"COLUMNS": "160"},
    )
    assert told.exit_code == 0, told.output
    assert "together 1 0 1 0 1" in [" ".join(line.split()) for line in told.output.splitlines()]
    assert "2 solutions left out" in told.output
    assert "not known what judge:j was trained on" in told.output
    ensure_annotator(database, "prm", "idle", {"model": "none"})
    with pytest.raises(ValueError, match="no solution in common"):
        compare_versions(database, "prm:p", "prm:idle", "human:people")
