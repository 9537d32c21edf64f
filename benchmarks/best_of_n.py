"""Best-of-N on two public sets of sampled responses, which need no model.

    python -m benchmarks.best_of_n QWEN_MATH_100 GSM8K

QWEN_MATH_100 is `math_cot_100.jsonl` of QwenLM/Qwen2.5-Math (8 samples to each of 100 MATH
problems, with the reward of its outcome reward model), GSM8K is `example_model_solutions.jsonl` of
openai/grade-school-math (4 solutions by GPT-3). Writes them as scored responses (docs/formats.md)
into a temporary folder, with the grades that were published with them, and measures both.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.cli.console import console
from app.cli.tables import best_of_n_curve, best_of_n_table, left_out, pick_lengths_tables
from labeling.evaluation.best_of_n import best_of_n_of_files

GPT3 = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def qwen_responses(source: Path, target: Path) -> None:
    """Qwen2.5-Math's samples with their rewards, by problem."""
    _write(
        target,
        [
            {
                "problem": row["question"],
                "gold_answer": row["gt"],
                "responses": [
                    {
                        "response": text,
                        "final_answer": answer,
                        "is_correct": right,
                        "reward": reward,
                    }
                    for text, answer, right, (reward,) in zip(
                        row["code"], row["pred"], row["score"], row["pred_score"], strict=True
                    )
                ],
            }
            for row in _rows(source)
        ],
    )


def gsm8k_responses(source: Path, target: Path) -> None:
    """GPT-3's solutions, by problem; they have no scores."""
    _write(
        target,
        [
            {
                "problem": row["question"],
                "responses": [
                    {"response": row[who]["solution"], "is_correct": row[who]["is_correct"]}
                    for who in GPT3
                ],
            }
            for row in _rows(source)
        ],
    )


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def main() -> None:
    """Measure both, and print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        for source, convert, n in zip(
            sys.argv[1:3], (qwen_responses, gsm8k_responses), (8, 4), strict=True
        ):
            file = Path(folder) / Path(source).name
            convert(Path(source), file)
            result = best_of_n_of_files([file], n)
            console.print(best_of_n_table(result, f"Best-of-{n} of {file.name}"))
            console.print(best_of_n_curve(result))
            for table in pick_lengths_tables(result):
                console.print(table)
            console.print(left_out(result))


if __name__ == "__main__":
    main()
