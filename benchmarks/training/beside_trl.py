"""Training beside TRL's PRMTrainer, on solutions that share nothing.

    python -m benchmarks.training.beside_trl PYTHON BASE ROWS [--solutions 64] [--rounds 2]

PYTHON is that of an environment with `trl==1.13.0`, the last release that has the trainer, and
what it needs. BASE is a language model, as benchmarks.trees.smollm2 makes one; ROWS a file in
ProcessBench's format, of which each problem gives one solution. Both train BASE with a linear head
for an epoch on the same solutions: with the same batch size and precision and nothing recomputed,
and as each does of itself. What counts is the processor time of the epoch alone, in a process of
its own, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SAME: dict[str, Any] = {"batch": 4, "precision": "float32"}
MAX_LENGTH = 1024  # TRL's default


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("python", help="of an environment with trl==1.13.0")
    parser.add_argument("base", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--solutions", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rows = one_to_a_problem(json.loads(options.rows.read_text("utf-8")), options.solutions)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "rows.json")
        file.write_text(json.dumps(rows), "utf-8")
        tools = {"StepLens": sys.executable, "TRL": options.python}
        for words, settings in (("the same settings", SAME), ("each as it does of itself", {})):
            took: dict[str, list[float]] = {tool: [] for tool in tools}
            for _ in range(options.rounds):
                for tool, runs_in in tools.items():
                    told = (tool, str(options.base.resolve()), str(file), json.dumps(settings))
                    took[tool].append(apart(runs_in, told, options.threads))
            ours, theirs = (min(took[tool]) for tool in tools)
            print(
                f"{words}: {len(rows) / ours:.2f} and {len(rows) / theirs:.2f} solutions a second, "
                f"{theirs / ours:.2f} times; all runs {took}",
                flush=True,
            )


def one_to_a_problem(rows: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """`n` of them at random, with the labels up to the first error, as TRL's stepwise rows."""
    first = {row["problem"]: row for row in reversed(rows)}
    chosen = random.Random(0).sample(sorted(first), n)
    made = []
    for problem in chosen:
        steps, label = first[problem]["steps"], first[problem]["label"]
        kept = len(steps) if label < 0 else label + 1
        labels = [at != label for at in range(kept)]
        made.append({"prompt": problem, "completions": steps[:kept], "labels": labels})
    return made


def apart(python: str, told: tuple[str, ...], threads: int) -> float:
    """Processor seconds of an epoch, in a process of its own."""
    done = subprocess.run(
        [python, __file__, *told],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "STEPLENS_THREADS": str(threads)},
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return float(done.stdout.split()[-1])


def by_steplens(base: str, rows: list[dict[str, Any]], settings: dict[str, Any]) -> float:
    from dataclasses import replace

    from training.config import TrainConfig, resolved
    from training.data import Example
    from training.engine.batches import class_weights, encode_examples
    from training.engine.fit import new_trainer
    from training.engine.keeper import Phase
    from training.engine.start import precision, start, with_separator

    told: dict[str, Any] = {}
    if settings:
        told = {"batch_size": settings["batch"], "precision": settings["precision"]}
    config = TrainConfig(epochs=1, head="linear", device="cpu", max_length=MAX_LENGTH, **told)
    config = resolved(config, 135_000_000, False)
    config = replace(config, precision=precision(config, 576))
    examples = []
    for row in rows:
        first = row["labels"].index(False) if False in row["labels"] else -1
        targets = tuple(map(float, row["labels"]))
        examples.append(Example(row["prompt"], tuple(row["completions"]), targets, first))
    tokenizer, separator = with_separator(Path(base), config.separator)
    items = encode_examples(tokenizer, examples, separator, MAX_LENGTH, "")
    weights, _ = class_weights(items, config.class_balance)
    phase = Phase("all", 1, 0, False, config)
    with tempfile.TemporaryDirectory() as folder:
        model = start(base, config)
        return timed(new_trainer(model, items, items[:1], weights, phase, Path(folder)))


def by_trl(base: str, rows: list[dict[str, Any]], settings: dict[str, Any]) -> float:
    """It imports nothing of ours: its environment has none of it."""
    from datasets import Dataset
    from transformers import AutoModelForTokenClassification, AutoTokenizer
    from trl.experimental.prm import PRMConfig, PRMTrainer

    told: dict[str, Any] = {}
    if settings:
        told = {"bf16": False, "gradient_checkpointing": False}
        told["per_device_train_batch_size"] = settings["batch"]
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForTokenClassification.from_pretrained(base, num_labels=2)
    model.config.pad_token_id = tokenizer.pad_token_id
    with tempfile.TemporaryDirectory() as folder:
        args = PRMConfig(
            output_dir=folder,
            num_train_epochs=1,
            max_length=MAX_LENGTH,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            **told,
        )
        trainer = PRMTrainer(
            model=model,
            args=args,
            processing_class=tokenizer,
            train_dataset=Dataset.from_list(rows),
        )
        return timed(trainer)


def timed(trainer: Any) -> float:
    """Processor seconds that its training takes."""
    began = time.process_time()
    trainer.train()
    return time.process_time() - began


def one_tool(tool: str, base: str, file: str, settings: str) -> None:
    rows = json.loads(Path(file).read_text("utf-8"))
    run = {"StepLens": by_steplens, "TRL": by_trl}[tool]
    print(run(base, rows, json.loads(settings)))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("StepLens", "TRL"):
        sys.path[0] = str(Path.cwd())  # not this folder, in which names are ours
        one_tool(*sys.argv[1:])
    else:
        main()
