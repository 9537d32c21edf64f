"""Training as a job: how it goes stands in its row, and a cancelled one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from app.ui import charts
from db.annotations import save_wave
from db.annotators import ensure_annotator, rename_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.jobs import claim_job, create_job, finish_job, get_job, request_cancel, set_state
from db.records import AnnotationRecord, ImportRow, SourceLabel
from db.solutions import each_solution
from labeling.consensus.held_out import PART, evaluation_sets, hold_out
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.jobs import context
from labeling.jobs.runner import run_job
from models.prm.transformers import load_prm, score_solutions
from tests.support.pages import open_page
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import LOSSES, TrainConfig
from training.data import HeldOut
from training.data_files import ExportError
from training.engine import trainer
from training.train import train


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, Any]:
    save_tiny_policy(tmp_path / "base")
    export = write_export(tmp_path / "export", visible_rule(60, seed=1))
    return {
        "export": str(export),
        "base": str(tmp_path / "base"),
        "out": str(tmp_path / "prm"),
        "epochs": 3,
        "device_tokens": 2_000,
    }


def test_a_cancelled_training_goes_on_and_its_course_is_kept(
    database: Database, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "REPORT_SECONDS", 0.0)
    job = create_job(database, "train", asked)
    seen: list[dict[str, Any]] = []

    def cancel_in_the_second_epoch(done: int, total: int, message: str) -> None:
        state = get_job(database, job.id).state
        seen.append(state)
        if len(state.get("history", [])) == 1:
            request_cancel(database, job.id)

    with pytest.raises(context.JobCancelled):
        run_job(database, job.id, cancel_in_the_second_epoch)
    stopped = get_job(database, job.id)
    assert stopped.status == "cancelled"
    assert [one["epoch"] for one in stopped.state["history"]] == [1]
    assert len(seen[-1]["losses"]) > 1
    messages: list[str] = []
    lines: list[str] = []
    result = run_job(
        database, job.id, lambda done, total, message: messages.append(message), lines.append
    )
    assert any("continues an earlier run" in line for line in lines)
    assert any("tokens/s" in message for message in messages)
    assert [one["epoch"] for one in result["history"]] == [1, 2, 3]
    state = get_job(database, job.id).state
    epochs = [point[0] for point in state["losses"]]
    assert epochs == sorted(epochs)
    assert epochs[-1] == 3


def test_the_curve_is_drawn_while_it_runs(
    database: Database, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, int, list[tuple[int, str]]]] = []
    draw = charts.training_course

    def watched(losses: Any, history: Any, marks: Any) -> Any:
        drawn.append((len(losses), len(history), marks))
        return draw(losses, history, marks)

    monkeypatch.setattr(charts, "training_course", watched)
    job = claim_job(database, create_job(database, "train", asked).id)
    assert not open_page(database, monkeypatch, "jobs").exception
    assert not drawn  # nothing is known yet
    set_state(database, job, {"losses": [[0.5, 0.7]], "history": []})
    assert not open_page(database, monkeypatch, "jobs").exception
    figures = {"error_accuracy": 0.5, "correct_accuracy": 0.5, "seconds": 1.0}
    history = [
        {"epoch": epoch, "train_loss": 0.6, "validation_loss": 0.6, "f1": f1, **figures}
        for epoch, f1 in ((1, 0.4), (2, 0.5), (3, None))
    ]
    planned = {"losses": [[1.0, 0.7], [2.0, 0.6]], "epochs": 8, "patience": 4}
    set_state(database, job, {**planned, "history": history})
    assert not open_page(database, monkeypatch, "jobs").exception
    base = {"epoch": 0, "train_loss": None, "validation_loss": 0.6, "f1": 0.7, **figures}
    set_state(database, job, {**planned, "history": [base, *history, {**history[0], "epoch": 4}]})
    finish_job(database, job, "done", "", None)
    assert not open_page(database, monkeypatch, "jobs").exception
    best = (2, "best: epoch 2, F1 0.500")
    assert drawn == [
        (1, 0, []),
        (2, 3, [best, (6, "stops here unless better")]),
        (2, 5, [(0, "best: the base, F1 0.700"), (4, "stopped early")]),
    ]


def test_what_is_to_evaluate_on_in_the_project_is_not_learnt_in_another_spelling(
    database: Database, asked: dict[str, Any]
) -> None:
    learnt = Path(asked["export"], "data.jsonl").read_text("utf-8")
    problem = next(p for p in (f"Tom 1 {n}" for n in range(100)) if f"${p}$." in HeldOut(0.2))
    assert f'"{problem}"' in learnt
    other = next(p for p in (f"Tom 1 {n}" for n in range(100)) if p != problem)
    assert f'"{other}"' in learnt
    marked = (SourceLabel("processbench", (1.0,), -1),)
    insert_rows(
        database,
        [
            ImportRow(f"${problem}$.", ("a step",), "g", "d"),
            ImportRow(f"{other.upper()}?", ("a step",), "g", "processbench-a", labels=marked),
        ],
    )
    hold_out(database, HeldOut(0.2))
    job = create_job(database, "train", {**asked, "epochs": 1})
    log = subprocess.run(
        [sys.executable, "-m", "labeling.jobs.runner", str(job.id)],
        env={**os.environ, "STEPLENS_DB": database.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
    result = get_job(database, job.id).result
    assert result, log
    assert result["leaks"] == {"what this project holds out": 1, "human:processbench": 1}
    said = [line.partition("  ")[2] for line in log.splitlines()]
    assert said[0].startswith(f"{asked['export']} (jsonl): 60 solutions, ")
    assert f"training: {result['n_training']} solutions" in log
    assert "left out: 1 problem of what this project holds out, to evaluate on" in said
    assert "left out: 1 problem of human:processbench, to evaluate on" in said
    assert any(line.startswith("epoch 1: loss ") for line in said)


def test_whoever_exports_nothing_but_a_benchmark_trains_on_it(database: Database) -> None:
    """What is held out of it remains to evaluate on; beside other problems it is left out."""
    hold_out(database, HeldOut(0.0))
    for problem, who in (("One.", "mr-ben"), ("Two.", "us")):
        labels = (SourceLabel(who, (1.0,), -1),)
        insert_rows(database, [ImportRow(problem, ("a",), "g", "d", labels=labels)])
    assert evaluation_sets(database, ["one"]) == {PART: []}
    assert evaluation_sets(database, ["one", "two"]) == {PART: [], "human:mr-ben": ["One."]}
    rename_annotator(database, "human:mr-ben", "exams")
    assert evaluation_sets(database, ["two"]) == {PART: [], "human:exams": ["One."]}


@pytest.mark.parametrize("loss", LOSSES)
def test_success_rates_reach_the_weights_from_the_database(
    database: Database, asked: dict[str, Any], loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """7 of 8 completions came out right after every first step: its score ends at 0.875, not 1."""
    rows = [ImportRow(f"Tom {n}", ("So 3 + 4", "xx bad xx"), "g", "d") for n in range(60)]
    insert_rows(database, rows)
    solutions = [one.id for chunk in each_solution(database) for one in chunk]
    mc = ensure_annotator(database, "mc", "mc", {"samples": 8, "strategy": "exhaustive"})
    said = [AnnotationRecord(one, 0, (0.875, 0.0), 1, "ok", {}, None) for one in solutions]
    save_wave(database, mc.id, None, said)
    hold_out(database, HeldOut(0.0))
    export_consensus(database, asked["export"], "jsonl", Rule(("mc:mc",)), overwrite=True)
    seen: set[float] = set()
    counted = trainer.step_loss

    def watched(logits: Tensor, labels: Tensor, *others: Any) -> Tensor:
        seen.update(labels.tolist())
        return counted(logits, labels, *others)

    monkeypatch.setattr(trainer, "step_loss", watched)
    config = TrainConfig(
        labels="soft", loss=loss, epochs=15, patience=15, learning_rate=3e-3, class_balance=0
    )
    train(asked["export"], asked["base"], asked["out"], config)
    assert seen == {0.875, 0.0}
    scored = score_solutions(load_prm(asked["out"]), [(rows[0].problem, rows[0].steps)])
    assert scored[0] == pytest.approx([0.875, 0.0], abs=0.05)


def test_a_job_may_ask_for_soft_labels(database: Database, asked: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match="no success rates"):
        run_job(database, create_job(database, "train", {**asked, "labels": "soft"}).id)
