"""`annotate prm` over solutions that begin alike: prefix trees against Qwen's model card.

    python -m benchmarks.trees.scoring [--problems 2] [--trajectories 1] [--rounds 1] [--threads 1]

Eight answers to each of some MATH problems (qwen_math100), and rated steps of PRM800K with their
alternatives, each with the steps before it, by the random PRM of `benchmarks.prm_scoring`. The
card's loop, trees, and the same batches without trees run in turns. Needs ../shared/data.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import tempfile
from pathlib import Path

import torch

from benchmarks.prm_scoring import Solution, card, checkpoints, compare, trained_tokenizer
from db.records import ImportRow
from labeling.formats.training_sets import prm800k
from models.prm.transformers import LoadedPRM, score_solutions
from models.steps import split_steps

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description="Prefix trees against the model card's loop")
    parser.add_argument("--problems", type=int, default=2)
    parser.add_argument("--trajectories", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    chance = random.Random(0)
    answers, trajectories = eight_answers(), alternatives()
    sets = {
        "eight answers a problem": chance.sample(answers, options.problems),
        "PRM800K alternatives": chance.sample(trajectories, options.trajectories),
    }
    tokenizer = trained_tokenizer([one for some in answers + trajectories[:100] for one in some])
    with tempfile.TemporaryDirectory() as folder:
        prm, _ = checkpoints(tokenizer, Path(folder))
        for title, chosen in sets.items():
            solutions = [one for some in chosen for one in some]
            measure(prm, title, solutions, options.rounds)


def measure(prm: LoadedPRM, title: str, solutions: list[Solution], rounds: int) -> None:
    lengths = sorted(len(prm.format.encode(*one).ids) for one in solutions)
    print(f"{title}: {len(solutions)} solutions of {lengths[0]} to {lengths[-1]} tokens")
    compare(
        "  the card's loop against trees",
        lambda some: [card(prm, *one) for one in some],
        lambda some: score_solutions(prm, some),
        solutions,
        rounds,
    )
    compare(
        "  batches without trees against trees",
        lambda some: score_solutions(prm, some, tree_tokens=0),
        lambda some: score_solutions(prm, some),
        solutions,
        rounds,
    )


def eight_answers() -> list[list[Solution]]:
    """The eight sampled answers to each problem."""
    lines = (DATA / "qwen_math100" / "math_cot_100.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        [(row["question"], list(split_steps(answer))) for answer in row["code"]] for row in rows
    ]


def alternatives() -> list[list[Solution]]:
    """Every trajectory of PRM800K's phase 1, and each alternative with the steps before it."""
    found = []
    with gzip.open(DATA / "prm800k_phase1" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            rows = prm800k.rows(json.loads(line), "train", number)
            found.append(
                [(row.problem, list(row.steps)) for row in rows if isinstance(row, ImportRow)]
            )
    return found


if __name__ == "__main__":
    main()
