"""Scored responses in files: what a row may hold, and Best-of-N without a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from benchmarks.best_of_n import gsm8k_responses, qwen_responses
from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.lists.comparison import compared_annotators
from db.results import list_evaluations
from db.solutions import get_solutions
from labeling.evaluation.best_of_n import (
    best_of_n_of_files,
    evaluate_best_of_n,
    read_responses,
)
from labeling.evaluation.results import picks
from labeling.evaluation.stored import headline
from labeling.formats.guess import guess_format
from tests.labeling.formats.test_import_job import import_files
from tests.support.data import shared_data

EGGS = {"problem": "A box holds 6 eggs. How many are in 4 boxes?", "gold_answer": "24"}


def write(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_a_row_is_a_response_or_a_problem_with_all_of_its_own(tmp_path: Path) -> None:
    right = {"response": "6 a box.\n\nThe answer is \\boxed{24}.", "scores": [0.9, 0.8]}
    wrong = {"final_answer": "10", "scores": [0.4, None], "samples": 2}
    one = write(tmp_path / "one.jsonl", {**EGGS, **right}, {**EGGS, **wrong})
    together = write(tmp_path / "one.json", {**EGGS, "responses": [right, wrong]})
    assert list(read_responses(one)) == list(read_responses(together))
    first, second = read_responses(one)
    assert (first.answer, first.scores, first.dataset) == ("24", (0.9, 0.8), "one")
    assert (second.answer, second.scores, second.samples) == ("10", (0.4, None), 2)
    found = best_of_n_of_files([one], 3)
    assert (found["problems"], found["responses"]) == (1, 3)
    assert picks(found["curves"])["product"]["accuracy"] == 1
    assert picks(found["curves"])["maj@N"]["accuracy"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": [0.5]}, "unknown field 'score'"),
        ({"scores": [1.5]}, r"scores\[0\] must be a number from 0 to 1"),
        ({"scores": [0.5], "reward": 2}, "scores .one a step. or reward .one., not both"),
        ({"reward": "high"}, "reward must be a number, not 'high'"),
        ({"gold_answer": None}, "no gold_answer to grade it by"),
        ({"responses": [{"final_answer": "1"}, {"scores": [1]}]}, "unknown field 'final_answer'"),
    ],
)
def test_a_row_that_says_too_little_or_too_much_ends_the_evaluation_with_its_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    file = write(
        tmp_path / "r.jsonl", {**EGGS, "final_answer": "1"}, {**EGGS, "final_answer": "2", **change}
    )
    with pytest.raises(ValueError, match=rf"r\.jsonl, line 2: .*{message}"):
        best_of_n_of_files([file], 2)


def test_a_response_without_an_answer_must_say_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"give responses\[1\]\.final_answer"):
        best_of_n_of_files(
            [write(tmp_path / "r.jsonl", {**EGGS, "responses": [{"final_answer": None}, {}]})], 2
        )
    told = best_of_n_of_files(
        [write(tmp_path / "r.jsonl", {**EGGS, "responses": [{"final_answer": None}] * 2})], 2
    )
    assert picks(told["curves"])["pass@N"]["accuracy"] == 0


def test_scores_and_rewards_are_not_mixed_and_a_missing_score_leaves_the_problem_out(
    tmp_path: Path,
) -> None:
    responses = [{"final_answer": "24", "scores": [0.5]}, {"final_answer": "7", "reward": 3}]
    with pytest.raises(ValueError, match="cannot be compared"):
        best_of_n_of_files([write(tmp_path / "r.jsonl", {**EGGS, "responses": responses})], 2)
    responses[1] = {"final_answer": "7"}
    other = {"problem": "2 + 2", "gold_answer": "4", "responses": [responses[0], responses[0]]}
    file = write(tmp_path / "r.jsonl", {**EGGS, "responses": responses}, other)
    assert best_of_n_of_files([file], 2)["left_out"] == {"a response without scores": 1}


def test_answers_without_a_grade_are_graded(tmp_path: Path) -> None:
    row = {
        "problem": "Half of pi?",
        "gold_answer": r"\frac{\pi}{2}",
        "responses": [{"final_answer": r"\pi \cdot 0.5"}, {"final_answer": r"\frac{\pi}{3}"}],
    }
    told = best_of_n_of_files([write(tmp_path / "r.jsonl", row)], 2)
    assert picks(told["curves"])["random"]["accuracy"] == 0.5


def test_the_command_prints_each_n_each_data_set_and_their_mean_without_a_project(
    tmp_path: Path,
) -> None:
    responses = [{"final_answer": "24", "reward": 1.5}, {"final_answer": "7", "reward": -1}]
    easy = write(tmp_path / "easy.jsonl", {**EGGS, "responses": responses})
    hard = write(tmp_path / "hard.jsonl", {**EGGS, "responses": [responses[1]] * 2})
    command = ["--db", f"sqlite:///{tmp_path}/none.db", "evaluate", "best-of-n", str(easy)]
    told = CliRunner().invoke(main, [*command, str(hard), "--n", "2"], env={"COLUMNS": "140"})
    assert told.exit_code == 0, told.output
    lines = [line.split() for line in told.output.splitlines()]
    assert ["reward", "1.000", "0.000", "0.500"] in lines
    assert ["reward", ".250", ".500"] in lines
    assert not (tmp_path / "none.db").exists()
    few = CliRunner().invoke(main, [*command, "--n", "4"])
    assert "The most that any has is 2: try --n 2" in few.output
    both = CliRunner().invoke(main, [*command, "--annotator", "prm:p"])
    assert both.exit_code == 2


def test_public_responses_give_what_the_documentation_says(tmp_path: Path) -> None:
    qwen, gsm8k = tmp_path / "qwen.jsonl", tmp_path / "gsm8k.jsonl"
    qwen_responses(shared_data("qwen_math100/math_cot_100.jsonl"), qwen)
    gsm8k_responses(shared_data("gsm8k_solutions/example_model_solutions.jsonl"), gsm8k)
    told = best_of_n_of_files([qwen], 8)
    assert (told["problems"], told["responses"], told["left_out"]) == (100, 800, {})
    page = Path("docs/evaluation.md").read_text("utf-8")
    for data, n in ((qwen, 8), (gsm8k, 4)):
        for way, curve in best_of_n_of_files([data], n)["curves"].items():
            figures = " | ".join(f"{pick['accuracy']:.3f}" for pick in curve)
            assert f"| {way} | {figures}" in page, way


def test_responses_in_a_project_give_the_figures_of_their_file(
    database: Database, tmp_path: Path
) -> None:
    """Real samples with an outcome reward model's number each, which is no probability."""
    qwen = tmp_path / "qwen.jsonl"
    qwen_responses(shared_data("qwen_math100/math_cot_100.jsonl"), qwen)
    result = import_files(database, "responses", qwen)
    assert result["solutions"] + result["repeated"] == 800
    assert (result["rejected"], result["annotations"]) == (0, result["solutions"])
    of_file, found = best_of_n_of_files([qwen], 8), evaluate_best_of_n(database, "prm:qwen", 8)
    assert found["problems"] == 100
    for way, curve in of_file["curves"].items():
        expected = [pick["accuracy"] for pick in curve]
        assert [pick["accuracy"] for pick in found["curves"][way]] == pytest.approx(expected), way
    assert found["curves"].keys() == of_file["curves"].keys()
    (evaluation,) = list_evaluations(database)
    assert headline(evaluation)[0] == "reward, best of 8"
    assert compared_annotators(database).prm is None  # It has nothing to say of first errors.


def test_each_response_is_a_solution_and_its_scores_a_prm_s(
    database: Database, tmp_path: Path
) -> None:
    responses = [
        {"response": "6 a box.\n\nIt is \\boxed{24}.", "scores": [0.9, 0.8], "generator": "g"},
        {"steps": ["4 + 6 = 10."], "final_answer": "10", "scores": [0.1], "id": "r2"},
        {"response": "One.\n\nTwo.\n\nIt is 24.", "final_answer": None, "scores": [0.9]},
        {"response": "No score.", "is_correct": False},
    ]
    bad: dict[str, Any] = {**EGGS, "final_answer": "24", "is_correct": True}
    rows: list[dict[str, Any]] = [
        {**EGGS, "annotator": "orm", "dataset": "eggs", "responses": responses},
        bad,
    ]
    file = write(tmp_path / "r.jsonl", *rows)
    assert guess_format([file]) == "responses"
    result = import_files(database, "responses", file)
    assert (result["solutions"], result["annotations"], result["rejected"]) == (4, 2, 2)
    said = {one["lines"][0]: one["reason"] for one in result["rejections"]}
    assert "scores must be a list of 3" in said[1]
    assert "evaluate best-of-n" in said[2]
    made = get_solutions(database, [1, 2, 3, 4])
    assert [(one.final_answer, one.is_correct) for one in made] == [
        ("24", True),
        ("10", False),
        (None, None),
        (None, False),
    ]
    assert [one.first_error for one in annotations_of(database, [1, 2])] == [-1, 0]
    assert find_annotator(database, "prm:orm").from_file
