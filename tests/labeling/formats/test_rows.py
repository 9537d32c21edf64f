"""The import formats: real data read exactly, and every rule of docs/formats.md."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from db.records import ImportRow
from labeling.formats.catalog import READERS
from labeling.formats.reading import Note, Rejection, read_rows
from tests.labeling.formats.other_rows import ROWS
from tests.support.data import shared_data

GOOD: dict[str, dict[str, Any]] = {
    "jsonl": {"problem": "1+1?", "steps": ["It is 2."], "labels": [1]},
    "processbench": {
        "id": "x-1",
        "generator": "g",
        "problem": "1+1?",
        "steps": ["One.", "Two."],
        "final_answer_correct": False,
        "label": 1,
    },
    "prm800k": {
        "question": {"problem": "1+1?", "ground_truth_answer": "2"},
        "label": {
            "steps": [
                {
                    "completions": [{"text": "It is 2.", "rating": 1}],
                    "human_completion": None,
                    "chosen_completion": 0,
                }
            ],
            "finish_reason": "solution",
        },
    },
    "math-shepherd": {"input": "1+1? Step 1: It is 2. ки", "label": "1+1? Step 1: It is 2. +"},
    **ROWS,
}


def read_all(format: str, path: Path) -> tuple[list[ImportRow], list[Rejection]]:
    rows = list(read_rows(format, path))
    return (
        [row for row in rows if isinstance(row, ImportRow)],
        [row for row in rows if isinstance(row, Rejection)],
    )


def write_rows(path: Path, *rows: Any) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def solutions_of(format: str, folder: Path) -> int:
    """How many solutions a good row has: a row of responses has several."""
    return len(read_all(format, write_rows(folder / "one.jsonl", GOOD[format]))[0])


def _one(format: str, tmp_path: Path, row: Any) -> ImportRow:
    rows, rejections = read_all(format, write_rows(tmp_path / "file.jsonl", row))
    assert not rejections
    return rows[0]


def _reason(format: str, tmp_path: Path, row: Any) -> str:
    rows, rejections = read_all(format, write_rows(tmp_path / "file.jsonl", GOOD[format], row))
    assert len(rows) == len(rejections) == 1
    assert rejections[0].line == 2
    return rejections[0].reason


# Real data


@pytest.mark.parametrize(("name", "count"), [("gsm8k", 400), ("math", 1000)])
def test_processbench_is_read_as_it_is(name: str, count: int) -> None:
    path = shared_data(f"processbench/{name}.json")
    rows, rejections = read_all("processbench", path)
    source = json.loads(path.read_text(encoding="utf-8"))
    assert not rejections
    assert len(rows) == len(source) == count
    for row, wanted in zip(rows, source, strict=True):
        assert row.labels[0].first_error == wanted["label"]
        assert row.labels[0].annotator == "processbench"
        assert row.steps == tuple(wanted["steps"])
        assert row.is_correct is wanted["final_answer_correct"]
        assert (row.external_id, row.dataset) == (wanted["id"], f"processbench-{name}")
        assert len(row.labels[0].scores) == len(row.steps)


def test_prm800k_trajectories_and_their_alternatives() -> None:
    rows, rejections = read_all("prm800k", shared_data("prm800k_phase1/train.jsonl.gz"))
    trajectories = [row for row in rows if row.meta["trajectory"]]
    verdicts = Counter(row.labels[0].first_error for row in trajectories)
    assert not rejections
    assert len(trajectories) == 942
    assert len({row.external_id for row in rows}) == len(rows)
    assert (verdicts[-1], verdicts[None]) == (807, 135)
    for row in rows:
        label = row.labels[0]
        assert len(label.scores) == len(row.steps)
        if not row.meta["trajectory"]:
            assert set(label.scores[:-1]) <= {None}
            assert (label.scores[-1] == -1) == (label.first_error == len(row.steps) - 1)


def test_prm800k_no_rating_is_told_twice() -> None:
    path = shared_data("prm800k_phase1/train.jsonl.gz")
    rows, _ = read_all("prm800k", path)
    told = sum(score is not None for row in rows for score in row.labels[0].scores)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        steps = [step for line in lines for step in json.loads(line)["label"]["steps"]]
    rated = [
        {item["text"] for item in step["completions"] if item["rating"] is not None}
        for step in steps
    ]
    torn = sum(map(len, rated)) - told
    assert 0 <= torn < 100  # Identical completions whose two ratings differ have no label.


def test_raw_prm800k_has_gold_answers_and_whole_phase_2_solutions() -> None:
    rows, rejections = read_all("prm800k", shared_data("formats/samples_prm800k.jsonl"))
    assert not rejections
    trajectories = [row for row in rows if row.meta["trajectory"]]
    assert [row.meta["finish_reason"] for row in trajectories] == (
        ["solution", "found_error", "solution", "solution", "give_up", "solution"]
    )
    assert [row.labels[0].first_error for row in trajectories] == [-1, 6, -1, -1, None, -1]
    wrong = trajectories[1]
    assert len(wrong.steps) == 13
    assert wrong.labels[0].scores == (1, 0, 1, 1, 1, 1, -1, *[None] * 6)
    assert (wrong.final_answer, wrong.gold_answer, wrong.is_correct) == ("7200", "28800", False)


def test_math_shepherd_samples() -> None:
    rows, rejections = read_all("math-shepherd", shared_data("formats/samples_math-shepherd.jsonl"))
    assert not rejections
    assert len(rows) == 7
    first = rows[0]
    assert first.problem.endswith("piano lessons than clarinet lessons in a year?")
    assert first.labels[0].scores == (1, 1, 1, 1, 0)
    assert (first.labels[0].first_error, first.labels[0].kind) == (4, "mc")
    assert first.final_answer == "13520"
    assert all("ки" not in step for row in rows for step in row.steps)
    assert first.steps[1].startswith("Step 2: She spends")


# Rules


def test_processbench_label_without_an_error_marks_every_step(tmp_path: Path) -> None:
    row = _one("processbench", tmp_path, GOOD["processbench"] | {"label": -1})
    assert row.labels[0].scores == (1.0, 1.0)
    row = _one("processbench", tmp_path, GOOD["processbench"] | {"label": 0})
    assert row.labels[0].scores == (-1.0, None)


def _prm800k(finish: str | None, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"question": {"problem": "p"}, "label": {"steps": steps, "finish_reason": finish}}


def _step(chosen: int | None, *texts: tuple[str, int | None], human: str | None = None) -> Any:
    return {
        "completions": [{"text": text, "rating": rating} for text, rating in texts],
        "human_completion": human and {"text": human, "rating": None},
        "chosen_completion": chosen,
    }


def _prm_rows(tmp_path: Path, row: Any) -> list[tuple[Any, ...]]:
    rows, rejections = read_all("prm800k", write_rows(tmp_path / "file.jsonl", row))
    assert not rejections
    return [(*row.steps, row.labels[0].scores, row.labels[0].first_error) for row in rows]


def test_prm800k_human_step_is_unmarked_but_accepted(tmp_path: Path) -> None:
    row = _prm800k("solution", _step(None, ("bad", -1), human="good"), _step(0, ("end", 1)))
    assert _prm_rows(tmp_path, row) == [
        ("good", "end", (None, 1.0), -1),
        ("bad", (-1.0,), 0),
    ]


@pytest.mark.parametrize(
    ("finish", "trajectory", "alternative"),
    [("solution", -1, 1), ("give_up", None, 1), (None, None, 1), ("bad_problem", None, None)],
)
def test_prm800k_finish_reasons(
    tmp_path: Path, finish: str, trajectory: int | None, alternative: int | None
) -> None:
    row = _prm800k(finish, _step(0, ("a", 1)), _step(1, ("x", -1), ("b", 0)))
    assert _prm_rows(tmp_path, row) == [
        ("a", "b", (1.0, 0.0), trajectory),
        ("a", "x", (None, -1.0), alternative),
    ]


def test_prm800k_found_error_ends_in_the_wrong_step(tmp_path: Path) -> None:
    row = _prm800k("found_error", _step(0, ("a", 1)), _step(None, ("fine", 1), ("wrong", -1)))
    assert _prm_rows(tmp_path, row) == [
        ("a", "wrong", (1.0, -1.0), 1),
        ("a", "fine", (None, 1.0), -1),
    ]


def test_prm800k_identical_completions_are_one(tmp_path: Path) -> None:
    offered = [("b", 1), ("x", 0), ("x", 0), ("y", 1), ("y", -1), ("b", 0), ("z", None)]
    row = _prm800k("solution", _step(0, *offered))
    assert _prm_rows(tmp_path, row) == [("b", (1.0,), -1), ("x", (0.0,), -1)]


def test_jsonl_labels_and_first_error(tmp_path: Path) -> None:
    base = {"problem": "p", "steps": ["a", "b", "c"]}

    def label(**fields: Any) -> tuple[Any, ...]:
        found = _one("jsonl", tmp_path, base | fields).labels[0]
        return found.scores, found.first_error, found.kind

    assert label(labels=[1, -1, None]) == ((1, -1, None), 1, "human")
    assert label(labels=[1, 0, 1]) == ((1, 0, 1), -1, "human")
    assert label(labels=[1, None, 1])[1] is None
    assert label(labels=[1, 1, 1], first_error=None)[1] is None
    assert label(first_error=1) == ((1, -1, None), 1, "human")
    assert label(first_error=1, kind="mc") == ((1, 0, None), 1, "mc")
    assert label(labels=[0.5, 0, None], kind="mc") == ((0.5, 0, None), 1, "mc")
    assert label(labels=[None, None, None], first_error=2)[1] == 2
    assert label(first_error=None) == ((None, None, None), None, "human")
    assert label(first_error=None, kind="mc") == ((None, None, None), None, "mc")
    assert not _one("jsonl", tmp_path, base).labels


def _noted(format: str, tmp_path: Path, row: Any) -> tuple[ImportRow, list[str]]:
    found = list(read_rows(format, write_rows(tmp_path / "file.jsonl", row)))
    (read,) = [one for one in found if isinstance(one, ImportRow)]
    notes = [one for one in found if isinstance(one, Note)]
    assert [one.line for one in notes] == [1] * len(notes) == [1] * (len(found) - 1)
    return read, [one.reason for one in notes]


def test_blank_steps_are_left_out_and_labels_move_along(tmp_path: Path) -> None:
    steps = ["", "a", "b", " \n", "c"]

    def jsonl(**fields: Any) -> tuple[Any, ...]:
        row = {"problem": "p", "steps": steps} | fields
        read, notes = _noted("jsonl", tmp_path, row)
        assert read.steps == ("a", "b", "c")
        assert [note[:17] for note in notes] == ["steps[0] is blank", "steps[3] is blank"]
        return read.labels[0].scores, read.labels[0].first_error

    assert jsonl(first_error=4) == ((1, 1, -1), 2)
    assert jsonl(first_error=-1) == ((1, 1, 1), -1)
    assert jsonl(first_error=None) == ((None, None, None), None)
    assert jsonl(labels=[None, 1, 1, None, 0]) == ((1, 1, 0), -1)
    assert jsonl(labels=[1, 1, 1, 0, -1]) == ((1, 1, -1), 2)
    assert jsonl(labels=[1, 0.5, 0, 0, 1], kind="mc") == ((0.5, 0, 1), 1)

    read, notes = _noted(
        "processbench", tmp_path, GOOD["processbench"] | {"steps": steps, "label": 2}
    )
    assert (read.steps, read.labels[0].first_error, len(notes)) == (("a", "b", "c"), 1, 2)
    text = "1+1? Step 1: One. {}\n{}\nStep 2: Three. {}"
    row = {"input": text.format(*["ки"] * 3), "label": text.format("+", "+", "-")}
    read, notes = _noted("math-shepherd", tmp_path, row)
    assert (read.labels[0].scores, read.labels[0].first_error, len(notes)) == ((1, 0), 1, 1)


def test_whole_numbers_as_pandas_writes_them(tmp_path: Path) -> None:
    base = {"problem": "p", "steps": ["a", "b", "c"]}
    assert _one("jsonl", tmp_path, base | {"first_error": 1.0}).labels[0].first_error == 1
    assert _one("jsonl", tmp_path, base | {"first_error": -1.0}).labels[0].first_error == -1
    row = _one("processbench", tmp_path, GOOD["processbench"] | {"label": 1.0})
    assert row.labels[0].first_error == 1


def test_jsonl_defaults_and_solution_text(tmp_path: Path) -> None:
    row = _one(
        "jsonl",
        tmp_path,
        {"problem": "p", "gold_answer": 2, "solution": "One.\n\n\n\nThe answer is 2.\n\n", "id": 7},
    )
    assert row.steps == ("One.", "The answer is 2.")
    assert (row.dataset, row.generator, row.external_id) == ("file", "unknown", "7")
    assert (row.gold_answer, row.final_answer, row.is_correct) == ("2", "2", True)


@pytest.mark.parametrize(
    ("format", "changes", "reason"),
    [
        ("jsonl", {"steps": []}, "steps is empty"),
        ("jsonl", {"steps": ["", " \n"], "labels": [1, 1]}, "steps has only blank entries"),
        ("jsonl", {"steps": ["a", " "], "labels": [1, -1]}, "first_error is 1, but that step is"),
        ("jsonl", {"steps": "a"}, "must be a list"),
        ("jsonl", {"steps": ["a", 3]}, "steps[1] must be text"),
        ("jsonl", {"steps": ["a\x00b"]}, "NUL"),
        ("jsonl", {"steps": ["a\ud800b"]}, "surrogate"),
        ("jsonl", {"problem": None}, "problem is missing"),
        ("jsonl", {"labels": [True]}, "labels[0] must be 1, 0, -1 or null"),
        ("jsonl", {"labels": [2]}, "labels[0]"),
        ("jsonl", {"labels": [1, 1]}, "list of 1"),
        ("jsonl", {"first_error": 5}, "outside the solution"),
        ("jsonl", {"first_error": True}, "whole number"),
        ("jsonl", {"first_error": 0}, "first_error is 0, but labels[0] is not wrong"),
        ("jsonl", {"first_error": -1, "labels": [-1]}, "first_error is -1, but labels[0]"),
        ("jsonl", {"kind": "judge"}, "kind must be"),
        ("jsonl", {"lables": [1]}, "unknown field 'lables'"),
        ("jsonl", {"generator": "g" * 201}, "201 characters"),
        ("jsonl", {"meta": {"a": "\x00"}}, "NUL"),
        ("jsonl", {"solution": "twice"}, "either"),
        ("processbench", {"label": 2}, "label is 2, outside the solution of 2 steps"),
        ("processbench", {"label": -2}, "outside the solution"),
        ("processbench", {"label": False}, "whole number, not true/false"),
        ("processbench", {"label": 10**4000}, "outside the solution"),
        ("processbench", {"label": None}, "whole number, not null"),
        ("processbench", {"label": 0.5}, "whole number, not 0.5"),
        ("processbench", {"label": 1e300}, "outside the solution"),
        ("processbench", {"steps": ["a", ""]}, "label is 1, but that step is blank"),
        ("processbench", {"final_answer_correct": 1}, "true or false"),
        ("prm800k", {"label": {"steps": [], "finish_reason": None}}, "at least one step"),
        ("prm800k", {"label": {"steps": [{}], "finish_reason": None}}, "no completion"),
        ("prm800k", _prm800k("done", _step(0, ("a", 1))), "finish_reason is 'done'"),
        ("prm800k", _prm800k(None, _step(3, ("a", 1))), "chosen_completion is 3"),
        ("prm800k", _prm800k(None, _step(0, ("a", True))), "rating must be"),
        ("math-shepherd", {"input": "1+1? Step 1: x"}, "no step tag"),
        ("math-shepherd", {"label": "1+1? Step 1: It is 2. ?"}, "no + or -"),
        ("math-shepherd", {"label": "1+1? Step 1: It is 3. +"}, "not the text of input"),
        ("math-shepherd", {"input": "1 ки", "label": "1 +"}, 'no "Step 1:"'),
    ],
)
def test_a_bad_row_is_rejected_with_its_line(
    tmp_path: Path, format: str, changes: dict[str, Any], reason: str
) -> None:
    assert reason in _reason(format, tmp_path, GOOD[format] | changes)


def test_prm800k_keeps_what_has_a_place(tmp_path: Path) -> None:
    row = _prm800k(None, _step(0, ("a", 1), ("", 1)), _step(None, ("b", -1)), _step(0, ("c", 1)))
    rows, rejections = read_all("prm800k", write_rows(tmp_path / "file.jsonl", row))
    assert [found.steps for found in rows] == [("a",), ("a", "b")]
    assert ["blank" in found.reason or "no place" in found.reason for found in rejections] == (
        [True, True]
    )


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        # An empty line that was accepted is no step: what comes after it goes on from before it.
        (
            [_step(0, ("a", 1)), _step(1, ("b", -1), (" ", 1)), _step(0, ("c", 1))],
            [("a", "c"), ("a", "b")],
        ),
        # One that was rated wrong ends the solution, but not the other completions.
        (
            [_step(0, ("a", 1)), _step(1, ("b", 1), ("", -1)), _step(0, ("c", 1))],
            [("a",), ("a", "b")],
        ),
        ([_step(0, ("", 1), ("b", -1), ("c", 1))], [("b",), ("c",)]),
    ],
)
def test_prm800k_a_blank_choice_costs_nothing_else(
    tmp_path: Path, steps: list[Any], kept: list[tuple[str, ...]]
) -> None:
    path = write_rows(tmp_path / "file.jsonl", _prm800k("solution", *steps))
    rows, rejections = read_all("prm800k", path)
    assert [found.steps for found in rows] == kept
    assert "blank" in rejections[0].reason
    for found in rows:
        (label,) = found.labels
        wrong = label.scores.index(-1.0) if -1.0 in label.scores else None
        assert label.first_error in (wrong, -1, None)
        if wrong is not None:
            assert label.first_error == wrong


def test_the_documented_examples_are_read_without_rejection(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")
    for format in READERS:
        section = next(
            part
            for part in sections
            if part.split(":")[0].strip() == format or part.startswith(f"{format}\n")
        )
        example = section.split("```json\n")[1].split("\n```")[0]
        path = tmp_path / "example.jsonl"
        path.write_text(example, encoding="utf-8")
        rows, rejections = read_all(format, path)
        assert not rejections
        assert rows[0].labels
