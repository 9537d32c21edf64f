"""A checkpoint on ProcessBench, with 95% intervals, beside predictors that always say the same.

    python -m benchmarks.trees.processbench CHECKPOINT [--sets gsm8k math] [--limit N] [--threads 1]

`--limit` takes that many solutions of each set at random. The threshold is 0.5, untuned. Needs
../shared/data.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch

from models.prm.transformers import load_prm, score_solutions
from training.metrics.processbench.evaluation import (
    NO_ERROR,
    first_error_from_scores,
    processbench_metrics,
)

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "processbench"
WIDTH = 34  # of a name and of a figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("checkpoint")
    parser.add_argument("--sets", nargs="+", default=["gsm8k", "math"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    prm = load_prm(options.checkpoint, device="cpu")
    for name in options.sets:
        rows = json.loads((DATA / f"{name}.json").read_text("utf-8"))
        if options.limit:
            rows = random.Random(0).sample(rows, min(options.limit, len(rows)))
        truth = [row["label"] for row in rows]
        scores = score_solutions(prm, [(row["problem"], row["steps"]) for row in rows])
        print(f"{name}: {len(rows)} solutions, {sum(t != NO_ERROR for t in truth)} with an error")
        show(options.checkpoint, [first_error_from_scores(one) for one in scores], truth)
        show("always: no error", [NO_ERROR] * len(rows), truth)
        usual = Counter(t for t in truth if t != NO_ERROR).most_common(1)[0][0]
        show(f"always: step {usual + 1}", [usual] * len(rows), truth)


def show(name: str, said: Sequence[int | None], truth: Sequence[int]) -> None:
    """A line of figures in percent; the F1 of whoever always says the same is 0 by its kind."""
    found = processbench_metrics(said, truth)
    figures = [
        f"{what} {100 * value:.1f} ({100 * between.low:.1f} to {100 * between.high:.1f})"
        for what, value, between in (
            ("erroneous", found.error_accuracy, found.intervals["error_accuracy"]),
            ("correct", found.correct_accuracy, found.intervals["correct_accuracy"]),
            ("F1", found.f1, found.intervals["f1"]),
        )
    ]
    print(f"  {name[-WIDTH:]:<{WIDTH}}" + "".join(f"{one:<{WIDTH}}" for one in figures))


if __name__ == "__main__":
    main()
