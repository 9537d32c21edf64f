"""What is to be evaluated on is not trained on, however it is written."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.problems import UnreadProblems, problems_by_set
from tests.support.data import shared_data
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.data import Example
from training.engine.leaks import LeakError, find_leaks, without_leaks
from training.spelling import same_text
from training.train import train

ONE = TrainConfig(epochs=1, max_length=128)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is $3 + 4$?", "what is 3+4"),
        (r"Find $\dfrac{1}{2}\,x$.", r"Find \frac{1}{2} x"),
        (r"$\left(1, 2\right)$", "(1,2)"),
        ("Compute\n\n  it:", "Compute it"),
    ],
)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert same_text(one) == same_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2 + 3", "2 - 3"), ("x > 1", "x < 1"), (r"\leftarrow", "arrow"), ("1.5 km", "15 km")],
)
def test_what_makes_another_problem_does(one: str, other: str) -> None:
    assert same_text(one) != same_text(other)


@given(words=st.lists(st.text("abc123+-=(){}", min_size=1), min_size=1), blank=st.text(" \t\n$"))
def test_blanks_between_words_do_not_hide_a_problem(words: list[str], blank: str) -> None:
    assert find_leaks([blank.join(words)], {"set": [" ".join(words)]}).by_set == {"set": 1}


def example(problem: str) -> Example:
    return Example(problem, ("a step",), (1.0,), -1)


def test_every_spelling_of_a_problem_is_left_out_and_counted_once() -> None:
    examples = [example("What is 1 + 1?"), example("what is 1+1"), example("What is 2 + 2?")]
    kept, leaks = without_leaks(examples, {"a": ["What is 1+1?"], "b": ["other"]})
    assert kept == (examples[2],)
    assert leaks.by_set == {"a": 1}


def test_leaks_are_refused_on_demand_and_where_nothing_else_is_left() -> None:
    with pytest.raises(LeakError, match=r"1 problems? of a,.*nothing else is left"):
        without_leaks([example("one")], {"a": ["One."]})
    both = [example("one"), example("two")]
    with pytest.raises(LeakError, match="which are to evaluate on"):
        without_leaks(both, {"a": ["One."]}, refuse=True)
    assert without_leaks(both, {"a": ["three"]}, refuse=True)[0] == tuple(both)


def test_training_leaves_out_what_leaks_and_says_so(tmp_path: Path) -> None:
    policy = save_tiny_policy(tmp_path / "policy")
    rows = visible_rule(80, seed=1)
    export = write_export(tmp_path / "export", rows)
    leaked = str(rows[0]["problem"])
    sets = {"bench": [f" {leaked.upper()} "]}
    report = train(export, str(policy), tmp_path / "prm", ONE, evaluation_sets=sets)
    assert report.leaks == {"bench": 1}
    before = train(export, str(policy), tmp_path / "all", ONE)
    own = sum(row["problem"] == leaked for row in rows)
    learnt = [one.n_training + one.n_validation + one.n_left_out for one in (report, before)]
    assert learnt[1] - learnt[0] == own > 0
    with pytest.raises(LeakError):
        train(
            export,
            str(policy),
            tmp_path / "no",
            replace(ONE, seed=1),
            evaluation_sets=sets,
            refuse_leaks=True,
        )
    assert not (tmp_path / "no").exists()


def test_a_bad_row_of_a_file_to_evaluate_on_is_no_silence(tmp_path: Path) -> None:
    file = tmp_path / "bench.jsonl"
    good = {"id": "1", "generator": "g", "problem": "one", "steps": ["a"], "label": -1}
    good["final_answer_correct"] = True
    file.write_text(json.dumps(good) + "\n" + json.dumps(good | {"label": 7}), "utf-8")
    with pytest.raises(UnreadProblems, match="line 2"):
        problems_by_set([file])


def test_processbench_and_prm800k_share_the_problems_that_are_known() -> None:
    """28 of PRM800K's 101 test problems are in ProcessBench's MATH part, none of those to train."""
    bench = problems_by_set(
        [shared_data(f"processbench/{name}.json") for name in ("gsm8k", "math")]
    )
    found = {}
    for part in ("train", "test"):
        with gzip.open(shared_data(f"prm800k_phase1/{part}.jsonl.gz"), "rt") as file:
            problems = {json.loads(line)["question"]["problem"] for line in file}
        found[part] = {Path(name).stem: n for name, n in find_leaks(problems, bench).by_set.items()}
    assert found == {"train": {}, "test": {"math": 28}}
