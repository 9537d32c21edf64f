"""Training on PRM800K's rated steps: prefix trees against one solution at a time.

    python -m benchmarks.trees.training BASE [--problems 2] [--batch-size 64] [--threads 1]
        [--precision float32]

BASE is a language model, as benchmarks.trees.smollm2 makes one. In phase 1 each rated step that was
not chosen is a solution of its own, with the steps before it. Both ways make the same optimizer
steps on the same batches of some problems, from the same weights: forward, backward, AdamW. Tokens
are counted for the whole of phase 1 as well. Needs ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from labeling.sources import read_sources
from models.names import checkpoint_folder
from models.prm.reader import PRM
from training.config import PRECISIONS, TrainConfig
from training.data import MASKED, Example
from training.engine.batches import (
    Item,
    encode_examples,
    make_batches,
    portions,
    trainable,
    tree_saving,
)
from training.engine.start import start, with_separator
from training.engine.trainer import logits_of, step_loss, tensors

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "prm800k_phase1"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the optimizer steps of a way took, and the losses that they began from."""

    wall: float
    processor: float
    losses: tuple[float, ...]


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    config = TrainConfig(device="cpu", precision=options.precision, dropout=0.0, max_length=2048)
    tokenizer, separator = with_separator(checkpoint_folder(options.base), config.separator)
    every = [
        [one for one in items if trainable(one)]
        for items in (
            encode_examples(tokenizer, some, separator, config.max_length, "")
            for some in problems()
        )
    ]
    everything = [item for items in every for item in items]
    print(f"phase 1: {describe(everything)}")
    for size in (16, 64, 256):
        saved = tree_saving(everything, size)
        print(f"  in batches of {size}: {saved:.1f} times the tokens of their trees")
    chosen = random.Random(0).sample([some for some in every if some], options.problems)
    items = [item for some in chosen for item in some]
    saved = tree_saving(items, options.batch_size)
    print(f"measured: {describe(items)}, {saved:.1f} times the tokens of their trees")
    batches = make_batches(items, options.batch_size, 0.0, random.Random(0), trees=True)
    train(start(options.base, config), [[items[0]]], config, trees=False)  # the first is slow
    ways = {"one by one": False, "as trees": True}
    found = {
        name: train(start(options.base, config), batches, config, trees)
        for name, trees in ways.items()
    }
    rated = sum(target != MASKED for item in items for target in item.targets)
    for name, one in found.items():
        print(
            f"{name}: {rated / one.processor:.2f} rated steps a processor second "
            f"({one.processor:.0f} s, {one.wall:.0f} s by the clock), "
            f"losses {', '.join(f'{loss:.5f}' for loss in one.losses)}"
        )
    ratio = found["one by one"].processor / found["as trees"].processor
    print(f"trees: {ratio:.1f} times as many rated steps, {options.precision}, {instructions()}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("base")
    parser.add_argument("--problems", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=PRECISIONS[1:], default="float32")
    return parser.parse_args()


def train(prm: PRM, batches: Sequence[list[Item]], config: TrainConfig, trees: bool) -> Measured:
    """An optimizer step on every batch, a solution or a tree a pass."""
    optimizer = torch.optim.AdamW(prm.parameters(), lr=1e-5)
    weighting, losses = torch.ones(2), []
    began, worked = time.perf_counter(), time.process_time()
    for batch in batches:
        marked = sum(target != MASKED for item in batch for target in item.targets)
        total = 0.0
        for portion in portions(batch, 1, config.device_tokens if trees else 1, trees)[0]:
            made = tensors(portion, trees)
            low = config.precision == "bfloat16"
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                logits = logits_of(prm, made)
            loss = step_loss(logits, made["labels"], weighting) / marked
            loss.backward()
            total += loss.item()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total)
    return Measured(time.perf_counter() - began, time.process_time() - worked, tuple(losses))


def describe(items: Sequence[Item]) -> str:
    tokens = sum(len(item.encoded.ids) for item in items)
    rated = sum(target != MASKED for item in items for target in item.targets)
    return f"{len(items):,} solutions, {rated:,} rated steps, {tokens:,} tokens"


def problems() -> list[tuple[Example, ...]]:
    """What training learns from phase 1, by problem: trajectories, and alternatives to a step."""
    found: dict[str, list[Example]] = {}
    for one in read_sources([DATA / "train.jsonl.gz"], format="prm800k").examples:
        found.setdefault(one.problem, []).append(one)
    return [tuple(some) for some in found.values()]


def instructions() -> str:
    """What this processor has for such products."""
    known = Path("/proc/cpuinfo").read_text("utf-8").split()
    return ", ".join(one for one in ("avx2", "avx512f", "avx512_bf16", "amx_tile") if one in known)


if __name__ == "__main__":
    main()
