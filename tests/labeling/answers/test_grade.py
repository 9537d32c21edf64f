"""Grading final answers."""

from __future__ import annotations

import json
import threading
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.answers.extract import extract_answer
from labeling.answers.grade import grade, number, quick_grade
from labeling.montecarlo.outcomes import outcome
from tests.support.data import shared_data


@pytest.mark.parametrize(
    ("answer", "gold", "verdict"),
    [
        ("12", "2", "wrong"),
        ("2", "12", "wrong"),
        ("3.0", "3", "correct"),
        ("1,234", "1234", "correct"),
        ("10000", "10{,}000", "correct"),
        (r"\$37.50", "37.5", "correct"),
        ("1/2", r"\dfrac{1}{2}", "correct"),
        (r"-\frac12", "-0.5", "correct"),
        (r"12\frac{3}{5}", "12.6", "correct"),
        ("1 1/2", r"\frac{3}{2}", "correct"),
        ("11/2", "1 1/2", "wrong"),
        ("1 2", "12", None),
        (r"10\,000", "10000", "correct"),
        (r"\text{(B)}", "B", "correct"),
        ("A", "B", "wrong"),
        ("yes", "Yes", "correct"),
        ("yes", "no", "wrong"),
        ("18 apples", "18", "correct"),
        ("50%", "50", "correct"),
        (r"90^\circ", "90", "correct"),
        ("3 dozen", "3", None),
        ("3 or more", "3", None),
        ("4t", "4", None),
        ("0.3333333", "1/3", None),
        ("", "3", None),
        ("1/0", "3", None),
    ],
)
def test_quick_grade(answer: str, gold: str, verdict: str | None) -> None:
    assert quick_grade(answer, gold) == verdict


@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_numbers_are_equal_exactly_if_their_values_are(a: Fraction, b: Fraction) -> None:
    assert number(str(a)) == a
    assert quick_grade(str(a), str(a)) == "correct"
    if abs(a - b) > 1:
        assert quick_grade(str(a), str(b)) in ("wrong", None)


@given(st.text(max_size=30), st.text(max_size=30))
def test_quick_grade_never_raises(answer: str, gold: str) -> None:
    assert quick_grade(answer, gold) in ("correct", "wrong", None)


@pytest.mark.parametrize(
    ("answer", "gold", "verdict"),
    [
        (r"2\sqrt{3}+1", r"1+2\sqrt{3}", "correct"),
        (r"\{2, 1\}", r"\{1, 2\}", "correct"),
        ("x^2+2x+1", "(x+1)^2", "correct"),
        (r"\sqrt{34}", "28", "wrong"),
        ("x" * 2000, "28", "unknown"),
    ],
)
def test_what_strings_do_not_settle_goes_to_math_verify(
    answer: str, gold: str, verdict: str
) -> None:
    assert grade(answer, gold) == verdict


def test_agreement_with_the_released_gsm8k_grades() -> None:
    path = shared_data("gsm8k_solutions/example_model_solutions.jsonl")
    models = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    same = total = 0
    for line in path.read_text(encoding="utf-8").splitlines()[::2]:
        row = json.loads(line)
        gold = extract_answer(row["ground_truth"])
        for model in models:
            verdict = outcome(row[model]["solution"], gold, "stop")
            same += (verdict == "correct") == row[model]["is_correct"]
            total += 1
    print(f"GSM8K: {same} of {total} grades agree")
    assert total == 2640
    assert same / total >= 0.99


def test_agreement_with_the_released_math_grades() -> None:
    path = shared_data("qwen_math100/math_cot_100.jsonl")
    same = total = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for text, score in zip(row["code"], row["score"], strict=True):
            verdict = outcome(text, row["gt"], "stop")
            same += (verdict == "correct") == score
            total += 1
    print(f"MATH: {same} of {total} grades agree")
    assert total == 800
    assert same / total >= 0.99


def test_the_main_thread_is_not_needed() -> None:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(grade("y+x+1", "x+1+y")))
    thread.start()
    thread.join()
    assert seen == ["correct"]
