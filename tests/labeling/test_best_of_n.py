"""Best-of-N over the database: which problems count, what is graded first, and real data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from db import jobs
from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow
from db.solutions import each_solution
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.results import picks
from labeling.jobs.runner import run_job
from models.steps import split_steps
from tests.support.data import shared_data


def response(problem: str, step: str, **changes: Any) -> ImportRow:
    values: dict[str, Any] = {
        "problem": problem,
        "steps": (step,),
        "generator": "g",
        "dataset": "d",
        "gold_answer": r"\frac{\pi}{2}",
        "final_answer": r"\frac{\pi}{2}",
        "is_correct": True,
    }
    return ImportRow(**{**values, **changes})


def score(database: Database, scores: dict[int, float]) -> AnnotatorRecord:
    prm = ensure_annotator(database, "prm", "p", {"model": "none"})
    save_wave(
        database,
        prm.id,
        None,
        [
            AnnotationRecord(solution, prm.id, (value,), -1, "ok", {})
            for solution, value in scores.items()
        ],
    )
    return prm


OPEN = {"is_correct": None}


def test_open_answers_are_graded_and_what_is_not_known_is_left_out_with_its_reason(
    database: Database,
) -> None:
    insert_rows(
        database,
        [
            response("graded here", "a", final_answer=r"\pi \cdot 0.5", **OPEN),
            response("graded here", "b", final_answer=r"\frac{\pi}{3}", **OPEN),
            response("no answer is wrong", "a", final_answer=None, **OPEN),
            response("no answer is wrong", "b"),
            response("no gold", "a", gold_answer=None, **OPEN),
            response("no gold", "b", gold_answer=None),
            response("not gradable", "a", final_answer="x" * 2000, **OPEN),
            response("not gradable", "b"),
            response("not scored", "a"),
            response("not scored", "b"),
            response("too few", "a"),
        ],
    )
    score(database, {number: 0.5 for number in range(1, 12) if number != 10})
    found = evaluate_best_of_n(database, "prm:p", 2)
    assert (found["problems"], found["responses"], found["graded"]) == (2, 4, 2)
    assert found["left_out"] == {
        "no gold answer, and a response without a grade": 1,
        "a response that could not be graded": 1,
        "a response without scores": 1,
        "fewer than 2 responses": 1,
    }
    assert picks(found["curves"])["random"]["accuracy"] == 0.5
    assert picks(found["curves"])["pass@N"]["accuracy"] == 1
    told = CliRunner().invoke(
        main, ["--db", database.url, "evaluate", "best-of-n", "--annotator", "prm:p", "--n", "2"]
    )
    assert "1 problems left out: a response that could not be graded" in told.output


def test_the_command_grades_what_an_import_left_open(database: Database) -> None:
    insert_rows(
        database,
        [
            response("p", "a", final_answer=r"\pi \cdot 0.5", **OPEN),
            response("p", "b", final_answer=r"\frac{\pi}{3}", **OPEN),
            response("p", "c", final_answer="x" * 2000, **OPEN),
            response("q", "a", dataset="other", **OPEN),
        ],
    )
    command = ["--db", database.url, "grade", "--dataset"]
    told = CliRunner().invoke(main, [*command, "d"])
    assert "1 right, 1 wrong, 1 could not be graded" in told.output
    (solutions,) = each_solution(database)
    assert [one.is_correct for one in solutions] == [True, False, None, None]
    refused = CliRunner().invoke(main, [*command, "e"])
    assert refused.exit_code == 1
    assert "There are: d, other" in refused.output


@pytest.mark.parametrize(("published", "picked_right"), [(True, 0.94), (False, 0.95)])
def test_real_samples_use_every_problem(
    database: Database, tmp_path: Path, published: bool, picked_right: float
) -> None:
    """Qwen2.5-Math's 8 samples to 100 MATH problems, of which 34 have identical ones.

    With the published grades its outcome reward model picks the right answer in 94 of 100; without
    the problems that have identical samples, which are easy ones, it would be 60 of 66. We find
    one more right: 10000 is 10{,}000.
    """
    rows = [
        json.loads(line)
        for line in shared_data("qwen_math100/math_cot_100.jsonl").read_text("utf-8").splitlines()
    ]
    file = tmp_path / "qwen.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            for text, right in zip(row["code"], row["score"], strict=True):
                line = {"problem": row["question"], "gold_answer": row["gt"], "solution": text}
                grade = {"is_correct": right} if published else {}
                stream.write(json.dumps({**line, **grade, "generator": "qwen"}) + "\n")
    params = {"format": "jsonl", "files": [str(file)]}
    told = run_job(database, jobs.create_job(database, "import", params).id)
    assert told["solutions"] + told["repeated"] == 800
    rewards = {
        (row["question"], tuple(split_steps(text))): reward
        for row in rows
        for text, (reward,) in zip(row["code"], row["pred_score"], strict=True)
    }
    scores = {
        one.id: 1 / (1 + math.exp(-rewards[one.problem, one.steps]))
        for part in each_solution(database)
        for one in part
    }
    score(database, scores)
    found = evaluate_best_of_n(database, "prm:p", 8)
    assert (found["problems"], found["responses"], found["left_out"]) == (100, 800, {})
    assert picks(found["curves"])["last"]["accuracy"] == pytest.approx(picked_right)
