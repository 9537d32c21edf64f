"""Stored evaluations: what they say of themselves, and which may stand side by side."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from app.cli.main import main
from db import jobs
from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database, create_database, upgrade
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow, SourceLabel
from db.results import list_evaluations
from db.schema import Job
from db.solutions import each_solution, fingerprints
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.processbench import evaluate_processbench
from labeling.evaluation.shapes import check_result
from labeling.evaluation.stored import Basis, solutions_hash, warning, warnings
from labeling.jobs.runner import run_job
from models.names import checkpoint_revision
from tests.labeling.test_provenance import NEW, SEEN, checkpoint
from training.data import fingerprint


def fill(database: Database, problems: Iterable[str] = (SEEN, NEW)) -> None:
    """Two responses to each problem, the first right, the second wrong."""
    rows = [
        ImportRow(
            problem=problem,
            steps=(step,),
            generator="g",
            dataset="d",
            final_answer="4" if right else "5",
            is_correct=right,
            labels=(SourceLabel("people", (1.0 if right else -1.0,), -1 if right else 0),),
        )
        for problem in problems
        for step, right in (("a", True), ("b", False))
    ]
    insert_rows(database, rows)


def scored(database: Database, name: str, ids: Iterable[int], **config: object) -> AnnotatorRecord:
    prm = ensure_annotator(database, "prm", name, {"threshold": 0.5, "model": name, **config})
    records = [AnnotationRecord(one, prm.id, (0.9,), -1, "ok", {}) for one in ids]
    save_wave(database, prm.id, None, records)
    return prm


def test_an_evaluation_says_what_it_was_measured_on(database: Database, tmp_path: Path) -> None:
    fill(database)
    folder = checkpoint(
        tmp_path / "prm",
        b"weights",
        training_problems=[fingerprint(SEEN)],
        validation_problems=[],
        report={"n_training": 1234},
        export_checksum="ab" * 32,
    )
    revision = checkpoint_revision(folder)
    scored(database, "p", range(1, 5), model=str(folder), revision=revision)
    result = evaluate_processbench(database, "prm:p", "human:people", "d")
    shutil.rmtree(folder)
    evaluate_best_of_n(database, "prm:p", 2)
    best, bench = list_evaluations(database)
    assert (bench.kind, bench.measured.dataset, bench.measured.threshold) == (
        "processbench", "d", 0.5,
    )  # fmt: skip
    unseen = [one.fingerprint for part in each_solution(database) for one in part][2:]
    for stored in (bench, best):
        check_result(stored.kind, stored.result)
        assert stored.measured.held_out
        assert stored.measured.n_solutions == 2
        assert stored.measured.solutions == solutions_hash(unseen)
        assert stored.measured.n_training == 1234
        assert stored.measured.training_export == "ab" * 32
    assert (best.kind, best.reference_id) == ("best_of_n", None)
    assert best.result["curves"]["product"][0]["accuracy"] == 0.5
    assert result["held_out"] is not None
    assert result["held_out"]["solutions"] == solutions_hash(unseen)
    assert result["all"]["solutions"] != result["held_out"]["solutions"]


def test_the_hash_is_of_the_solutions_and_not_of_a_projects_numbers(tmp_path: Path) -> None:
    hashes = []
    for order in ((SEEN, NEW), (NEW, SEEN)):
        database = create_database(f"sqlite:///{tmp_path}/{order[0][-3]}.db", must_be_current=False)
        upgrade(database)
        fill(database, order)
        hashes.append(solutions_hash(fingerprints(database, [1, 2, 3, 4])))
        database.close()
    assert hashes[0] == hashes[1]


def test_results_on_different_solutions_do_not_stand_side_by_side_without_a_warning(
    database: Database,
) -> None:
    fill(database)
    scored(database, "v1", range(1, 4))
    scored(database, "v2", range(1, 5))
    scored(database, "v3", range(1, 5))
    labels = {}
    for name in ("v2", "v3"):
        evaluate_processbench(database, f"prm:{name}", "human:people")
    found = list_evaluations(database)
    labels = {one.annotator_id: one.result["annotator"] for one in found}
    assert warnings(found, labels) == []
    evaluate_processbench(database, "prm:v1", "human:people")
    found = list_evaluations(database)
    labels = {one.annotator_id: one.result["annotator"] for one in found}
    (doubt,) = warnings(found, labels)
    assert "different solutions" in doubt
    assert "prm:v1 on 3, prm:v3 on 4, prm:v2 on 4" in doubt
    told = CliRunner().invoke(main, ["--db", database.url, "evaluate", "list"])
    assert doubt in told.output
    one = CliRunner().invoke(
        main, ["--db", database.url, "evaluate", "list", "--annotator", "prm:v1"]
    )
    assert "different" not in one.output
    shown = CliRunner().invoke(main, ["--db", database.url, "evaluate", "show", "1"])
    assert "prm:v2 against human:people" in shown.output
    missing = CliRunner().invoke(main, ["--db", database.url, "evaluate", "show", "9"])
    assert "there is no evaluation 9" in missing.output


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Basis("a", 4, "x"), None),
        (Basis("a", 4, "y"), "different solutions"),
        (Basis("b", 4, "x"), "different references"),
        (Basis("a", 4, None), "was not recorded which solutions two was measured on"),
    ],
)
def test_why_two_cannot_be_compared(other: Basis, words: str | None) -> None:
    told = warning({"one": Basis("a", 4, "x"), "two": other})
    assert told is None if words is None else words in str(told)


@pytest.mark.parametrize("kind", ["evaluate", "best_of_n"])
def test_a_job_that_another_process_took_over_stores_nothing_and_a_resumed_one_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    fill(database)
    scored(database, "p", range(1, 5))
    params = {"annotator": "prm:p", "reference": "human:people", "n": 2}
    job = jobs.create_job(database, kind, params)
    finish = jobs.finish_job

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "finish_job", die)  # killed after it stored, before its end
    with pytest.raises(KeyboardInterrupt):
        run_job(database, job.id)
    assert len(list_evaluations(database)) == 1
    monkeypatch.setattr(jobs, "finish_job", finish)
    run_job(database, job.id)
    (stored,) = list_evaluations(database)
    assert stored.job_id == job.id

    late = jobs.create_job(database, kind, params)
    claim = jobs.claim_job

    def taken_over(*given: object) -> object:
        mine = claim(database, late.id)
        with database.write() as session:
            session.execute(update(Job).where(Job.id == late.id).values(claim="another"))
        return mine

    monkeypatch.setattr(jobs, "claim_job", taken_over)
    with pytest.raises(jobs.LostJobError):
        run_job(database, late.id)
    assert len(list_evaluations(database)) == 1
