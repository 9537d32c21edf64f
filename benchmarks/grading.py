"""Grading final answers: agreement with published grades, and speed against math-verify alone.

    python -m benchmarks.grading GSM8K.jsonl [--math MATH.jsonl]

GSM8K.jsonl is `example_model_solutions.jsonl` of openai/grade-school-math: four models' solutions
to each test problem, with `is_correct`. MATH.jsonl has rows with `gt`, and lists `code` (solutions)
and `score` (correct or not), as the evaluation scripts of Qwen2.5-Math write them. Every
disagreement is listed. The speed is that of one core, extraction and grading, from text to verdict.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

from labeling.answers.extract import extract_answer
from labeling.answers.grade import grade, quick_grade

BASELINE = 300  # answers that math-verify alone is timed on
Graded = tuple[str, str, bool]  # solution, gold answer, the published grade


def read_gsm8k(file: Path) -> Iterator[Graded]:
    """Every solution of the file, with its problem's gold answer."""
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        gold = extract_answer(row["ground_truth"]) or ""
        for solution in row.values():
            if isinstance(solution, dict):
                yield solution["solution"], gold, solution["is_correct"]


def read_math(file: Path) -> Iterator[Graded]:
    """Every sample of the file, with its problem's gold answer."""
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        for solution, correct in zip(row["code"], row["score"], strict=True):
            yield solution, row["gt"], bool(correct)


def agreement(name: str, graded: list[Graded]) -> None:
    """Print how many grades agree, and every one that does not."""
    same = undecided = 0
    others = []
    for solution, gold, published in graded:
        answer = extract_answer(solution)
        undecided += answer is not None and quick_grade(answer, gold) is None
        verdict = grade(answer, gold) if answer else "wrong"
        if (verdict == "correct") == published:
            same += 1
        else:
            others.append(f"  answer {answer!r}, gold {gold!r}: {verdict}, published {published}")
    print(f"{name}: {same:,} of {len(graded):,} grades agree ({same / len(graded):.2%});")
    print(f"  {undecided:,} went to math-verify")
    print("\n".join(others) or "  no disagreement")


def speed(graded: list[Graded]) -> None:
    """Print answers/s of our comparison and of math-verify alone, in one process."""
    from math_verify import parse, verify

    began = time.process_time()
    for solution, gold, _ in graded:
        answer = extract_answer(solution)
        if answer:
            quick_grade(answer, gold)
    ours = len(graded) / (time.process_time() - began)
    part = graded[:: max(len(graded) // BASELINE, 1)]
    began = time.process_time()
    for solution, gold, _ in part:
        verify(parse(gold), parse(extract_answer(solution) or ""))
    theirs = len(part) / (time.process_time() - began)
    print(f"speed: {ours:,.0f} answers/s; math-verify alone {theirs:,.0f}; {ours / theirs:.0f} x")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gsm8k", type=Path)
    parser.add_argument("--math", type=Path)
    options = parser.parse_args()
    graded = list(read_gsm8k(options.gsm8k))
    agreement("GSM8K", graded)
    if options.math:
        agreement("MATH", list(read_math(options.math)))
    speed(graded)


if __name__ == "__main__":
    main()
