"""The formats of other projects: real rows of some, and every rule of docs/formats.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labeling.formats.benchmarks.prmbench import ERROR_TYPES
from labeling.review.error_types import PRMBENCH
from tests.labeling.formats.other_rows import (
    BIG_BENCH_ROW,
    MR_BEN_ROW,
    MR_GSM8K_ROW,
    PRMBENCH_ROW,
    ROWS,
)
from tests.labeling.formats.test_rows import read_all, write_rows
from tests.support.data import shared_data

TREE_ROW: dict[str, Any] = {
    "question": "p",
    "final_answer": "2",
    "question_id": "q1",
    "reasoning_steps": {
        "text": "p",
        "mc_value": 0.5,
        "children": [
            {
                "text": "a",
                "mc_value": 0.75,
                "children": [
                    {"text": r"\boxed{2}", "mc_value": 1.0, "children": []},
                    {"text": r"\boxed{3}", "mc_value": 0.0, "children": []},
                ],
            },
            {"text": "b", "mc_value": 0.0, "children": []},
        ],
    },
}


def said(format: str, tmp_path: Path, **changes: Any) -> tuple[str, Any, tuple[Any, ...]]:
    """Who says it, the first error and the scores of the one solution in a row."""
    rows, rejections = read_all(format, write_rows(tmp_path / "file.jsonl", ROWS[format] | changes))
    assert not rejections
    ((label,),) = [row.labels for row in rows]
    return f"{label.kind}:{label.annotator}", label.first_error, label.scores


def test_stepverify_as_it_is() -> None:
    path = shared_data("stepverify/dataset.json")
    source = json.loads(path.read_text("utf-8"))
    rows, rejections = read_all("stepverify", path)
    assert not rejections
    assert len(rows) == len(source) == 1002
    for row, wanted in zip(rows, source, strict=True):
        (label,) = row.labels
        assert row.steps == tuple(wanted["student_incorrect_solution"])
        assert label.first_error == wanted["incorrect_index"]
        assert label.first_error is not None
        assert row.steps[label.first_error] == wanted["incorrect_step"]
        assert row.is_correct is False  # the answers that stand in the file differ


@pytest.mark.parametrize("name", ["Base", "Pro"])
def test_scan_as_it_is(name: str) -> None:
    path = shared_data(f"formats/SCAN-{name}.train-100.jsonl")
    rows, rejections = read_all("scan", path)
    assert (len(rows), rejections) == (100, [])
    for row, line in zip(rows, path.read_text("utf-8").splitlines(), strict=True):
        scores = json.loads(line)["scores"]
        (label,) = row.labels
        assert (label.kind, list(label.scores)) == ("mc", scores)
        assert label.first_error == (scores.index(0) if 0 in scores else -1)
    assert sum(row.labels[0].first_error == -1 for row in rows) == 45


def test_omegaprm_trees_as_they_are() -> None:
    rows, rejections = read_all("omegaprm", shared_data("formats/samples_math-aps-tree.jsonl"))
    assert not rejections
    assert len({row.problem for row in rows}) == 3
    assert len({(row.problem, row.steps) for row in rows}) > 100
    shares: dict[tuple[str, ...], set[float | None]] = {}
    for row in rows:
        for at, score in enumerate(row.labels[0].scores):
            shares.setdefault((row.problem, *row.steps[: at + 1]), set()).add(score)
    assert len(shares) > 100


def test_every_class_of_prmbench_is_a_type_that_a_reviewer_is_offered() -> None:
    assert sorted(ERROR_TYPES.values()) == sorted(PRMBENCH)


def test_prmbench(tmp_path: Path) -> None:
    assert said("prmbench", tmp_path) == ("human:prmbench", 1, (1, -1, -1))
    assert said("prmbench", tmp_path, error_steps=["2"])[1:] == (1, (1, -1, 1))
    none = said("prmbench", tmp_path, error_steps=[], classification="multi_solutions")
    assert none[1:] == (-1, (1, 1, 1))
    ((row,), _) = read_all("prmbench", write_rows(tmp_path / "file.jsonl", PRMBENCH_ROW))
    assert row.meta["error_type"] == "confidence_invariance"
    assert (row.dataset, row.external_id) == ("prmbench", "prm_test_p1_0")


def test_mr_gsm8k(tmp_path: Path) -> None:
    assert said("mr-gsm8k", tmp_path) == ("human:mr-gsm8k", 1, (1, -1, None))
    fine = {
        "model_output_solution_correctness": "correct",
        "model_output_solution_first_error_step": "N/A",
    }
    assert said("mr-gsm8k", tmp_path, **fine)[1:] == (-1, (1, 1, 1))
    ((row,), _) = read_all("mr-gsm8k", write_rows(tmp_path / "file.jsonl", MR_GSM8K_ROW))
    assert (row.gold_answer, row.final_answer, row.is_correct) == ("17", "18", False)


def test_mr_ben(tmp_path: Path) -> None:
    assert said("mr-ben", tmp_path) == ("human:mr-ben", 1, (1, -1, None))
    ((row,), _) = read_all("mr-ben", write_rows(tmp_path / "file.jsonl", MR_BEN_ROW))
    assert row.problem == "What is 3 * 4 + 5?\n\nA: 17 \nB: 18"
    assert (row.generator, row.gold_answer, row.final_answer) == ("GPT3.5", "A", "B")
    assert row.is_correct is False
    program = {
        "Model_Solution_Steps": "def f(x):\n\n    y = x\n    return y + 2\n",
        "Model_Solution_First_Error_Step": "    return y + 2",
    }
    assert said("mr-ben", tmp_path, **program)[1:] == (2, (1, 1, -1))


def test_big_bench_mistake(tmp_path: Path) -> None:
    assert said("big-bench-mistake", tmp_path) == ("human:big-bench-mistake", 1, (1, -1))
    assert said("big-bench-mistake", tmp_path, mistake_index=None)[1:] == (-1, (1, 1))


def test_scan_omegaprm_and_trl(tmp_path: Path) -> None:
    assert said("scan", tmp_path) == ("mc:scan", 2, (1, 0.5, 0))
    assert said("scan", tmp_path, scores=[1, 0])[1:] == (1, (1, 0, None))
    rows, _ = read_all("omegaprm", write_rows(tmp_path / "file.jsonl", TREE_ROW))
    assert [(row.steps, row.labels[0].scores, row.labels[0].first_error) for row in rows] == [
        (("a", r"\boxed{2}"), (0.75, 1.0), -1),
        (("a", r"\boxed{3}"), (0.75, 0.0), 1),
        (("b",), (0.0,), 0),
    ]
    assert [row.is_correct for row in rows] == [True, False, None]
    assert said("trl", tmp_path) == ("human:file", 1, (1, -1))
    assert said("trl", tmp_path, labels=[True, True])[1:] == (-1, (1, 1))


@pytest.mark.parametrize(
    ("format", "changes", "reason"),
    [
        ("prmbench", {"error_steps": [2, 4]}, "error_steps[1] is 4, outside the solution of 3"),
        ("prmbench", {"error_steps": [0]}, "counted from 1"),
        ("prmbench", {"error_steps": None}, "must be a list of numbers"),
        ("prmbench", {"classification": "other"}, "classification is 'other'; known are"),
        ("mr-gsm8k", {"model_output_solution_first_error_step": 4}, "outside the solution of 3"),
        ("mr-gsm8k", {"model_output_solution_first_error_step": "N/A"}, "is 'wrong', but"),
        ("mr-gsm8k", {"model_output_answer_correctness": 1}, '"correct" or "wrong", not 1'),
        ("mr-gsm8k", {"model_output_solution_correctness": []}, '"correct" or "wrong", not'),
        ("mr-ben", {"Model_Solution_First_Error_Step": "Step x"}, "whole number, not text"),
        ("mr-ben", {"Model_Solution_Steps": "a\nb"}, "is '2', which no line of the program says"),
        ("big-bench-mistake", {"mistake_index": -1}, "outside the solution"),
        ("stepverify", {"incorrect_index": 3}, "outside the solution of 3 steps"),
        ("scan", {"scores": [1, 0.5]}, "3 steps have 2 scores, and none of them is 0"),
        ("scan", {"scores": [1, 2, 0]}, "scores[1] must be a number from 0 to 1"),
        ("omegaprm", {"reasoning_steps": []}, "is a list of prefixes; give the tree"),
        ("omegaprm", {"reasoning_steps": {"children": []}}, "the tree has no step"),
        ("omegaprm", {"reasoning_steps": {"children": [{"text": "a"}]}}, "mc_value is missing"),
        ("trl", {"labels": [True]}, "labels must be a list of 2"),
        ("trl", {"labels": [1, 0]}, "labels[0] must be true or false, not 1"),
    ],
)
def test_what_is_refused(tmp_path: Path, format: str, changes: dict[str, Any], reason: str) -> None:
    path = write_rows(tmp_path / "file.jsonl", ROWS[format], ROWS[format] | changes)
    _, (rejection,) = read_all(format, path)
    assert rejection.line == 2
    assert reason in rejection.reason


def test_a_missing_mistake_index_is_no_null(tmp_path: Path) -> None:
    row = {name: value for name, value in BIG_BENCH_ROW.items() if name != "mistake_index"}
    _, (rejection,) = read_all("big-bench-mistake", write_rows(tmp_path / "file.jsonl", row))
    assert "mistake_index is missing" in rejection.reason
