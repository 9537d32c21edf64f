"""Training speed of 1.5B and 7B PRMs on a GPU: tokens a second, and the share of its bf16 peak.

    python -m benchmarks.training.gpu [--shape 1.5B 7B] [--method lora full] [--length 1024]
        [--batch-size 64] [--device-tokens 16384] [--gradient-checkpointing] [--steps 10]
        [--peak TFLOPS]
    torchrun --nproc-per-node 8 -m benchmarks.training.gpu --shape 7B --method full --fsdp

Needs no data and no weights: models of Qwen2.5's shapes get random ones, made on the device, and
learn random solutions of half to all of --length tokens by the engine of `steplens train`. Prints a
line of JSON for each shape and method. What cannot fit is left out; where memory runs out, the same
is tried with half as many --device-tokens. The share counts what the model needs (a third less than
what is computed with --gradient-checkpointing), of --peak, of the maker's figure for the device, or
of what a large product reaches on one that is not in the table.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModel,
    Qwen2Config,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from models.memory import out_of_memory
from models.prm.encoding import Encoded
from models.prm.reader import PRM, new_head
from training.config import TrainConfig
from training.dry_run.memory import available
from training.dry_run.pace import Stopwatch
from training.engine.adapters import with_adapters
from training.engine.batches import Item
from training.engine.fit import new_trainer
from training.engine.keeper import Phase
from training.engine.memory import MOST, fixed_bytes
from training.engine.start import backbone_dtype, on_gpu, precision
from training.engine.trainer import PRMTrainer

# Hidden size, width between, layers, heads, key-value heads, vocabulary: config.json of
# Qwen/Qwen2.5-Math-1.5B and -7B; "tiny" tries the command out.
SHAPES = {
    "tiny": (64, 128, 2, 4, 2, 512),
    "1.5B": (1536, 8960, 28, 12, 2, 151_936),
    "7B": (3584, 18_944, 28, 28, 4, 152_064),
}
METHODS = ("lora", "full")
RANK = 16
STEP_TOKENS = 64  # of a step, its separator the last
# Dense bf16 TFLOP/s with float32 sums, of the makers' data sheets and architecture papers (NVIDIA's
# data sheets print twice as much, with sparsity). The first whose words are in the device's name.
PEAKS = (
    ("B200", 2250.0),
    ("H200", 989.0),
    ("H100 PCIe", 756.0),
    ("H100 NVL", 835.0),
    ("H100", 989.0),
    ("A100", 312.0),
    ("L40S", 362.0),
    ("L4", 121.0),
    ("A10", 125.0),
    ("RTX A6000", 155.0),
    ("RTX 4090", 165.0),
    ("RTX 3090", 71.0),
    ("MI300X", 1307.0),
)


@dataclass(frozen=True, slots=True)
class Peak:
    """FLOP/s of one device in the precision that is trained in, and where the figure is from."""

    flops: float
    source: str


class Watch(Stopwatch):
    """Measures `steps` optimizer steps after a first one, on a GPU to their very end."""

    def __init__(self, trainer: PRMTrainer, steps: int) -> None:
        super().__init__(trainer)
        self.steps = steps

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start when the first step is computed, which warms up."""
        _wait(args.device)
        super().on_step_begin(args, state, control)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Read it after each step."""
        _wait(args.device)
        self.seconds = time.monotonic() - self.began
        self.tokens = self.trainer.tokens - self.tokens_before
        self.batches = max(1, state.global_step - 1)
        control.should_training_stop = state.global_step > self.steps


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if torch.cuda.is_available() and options.device != "cpu":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    config = TrainConfig(
        epochs=1,
        batch_size=options.batch_size,
        learning_rate=1e-5,
        head_learning_rate=1e-4,
        wrong_share=0.0,
        device=options.device,
        device_tokens=options.device_tokens,
        gradient_checkpointing=options.gradient_checkpointing,
        trees="off",
        trainer={"fsdp": True} if options.fsdp else {},
    )
    for shape in options.shape:
        config = replace(
            config, precision=precision(replace(config, precision="auto"), _width(shape))
        )
        peak = _peak(config, options.peak)
        for method in options.method:
            chosen = replace(config, lora=RANK if method == "lora" else 0)
            line = _line(shape, method, chosen, options, peak)
            if int(os.environ.get("RANK", "0")) == 0:
                print(json.dumps(line), flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shape", nargs="+", choices=tuple(SHAPES), default=["1.5B", "7B"])
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--length", type=int, default=1024, help="tokens of the longest solution")
    parser.add_argument("--batch-size", type=int, default=64, help="solutions of a step")
    parser.add_argument("--device-tokens", type=int, default=16_384)
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--steps", type=int, default=10, help="measured, after a first one")
    parser.add_argument("--peak", type=float, help="TFLOP/s of one device, instead of the table's")
    parser.add_argument("--fsdp", action="store_true", help="share weights out, under torchrun")
    parser.add_argument("--device", choices=("cpu",), help="where there is a GPU too")
    return parser.parse_args(arguments)


def _line(
    shape: str, method: str, config: TrainConfig, options: argparse.Namespace, peak: Peak
) -> dict[str, Any]:
    """What one shape and method came to, or why it was not measured."""
    weights = sum(one.numel() for one in _outline(shape).parameters())
    device = "cuda" if on_gpu(config) else "cpu"
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    line: dict[str, Any] = {
        "shape": shape,
        "method": method,
        "weights": weights,
        "device": torch.cuda.get_device_name() if on_gpu(config) else platform.machine(),
        "devices": devices,
        "precision": config.precision,
        "gradient_checkpointing": config.gradient_checkpointing,
        "length": options.length,
    }
    needed, free = fixed_bytes(weights, config), available(device)
    if needed > MOST * free:
        return line | {
            "skipped": f"weights, gradients and optimizer take {needed / 1e9:.0f} GB on a device, "
            f"of which {free / 1e9:.0f} GB are free, and activations come on top"
        }
    for tokens in _halves(config.device_tokens, options.length):
        try:
            watch = _measured(shape, replace(config, device_tokens=tokens), options)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            watch = None  # and the traceback goes with the error, which holds the tensors
        _release(device)
        if watch is not None:
            rate = watch.tokens / watch.seconds
            work = rate * token_flops(_shape(shape), options.length, RANK if config.lora else 0)
            return line | {
                "device_tokens": tokens,
                "steps": watch.batches,
                "tokens_per_second": round(rate, 1),
                "tflops_per_device": round(work / devices / 1e12, 4),
                "peak_tflops": round(peak.flops / 1e12, 3),
                "peak_source": peak.source,
                "share_of_peak": round(work / devices / peak.flops, 4),
                "peak_memory_gb": _peak_memory(device),
            }
    return line | {"skipped": f"memory ran out, in passes of {tokens:,} tokens too"}


def _halves(tokens: int, least: int) -> Iterator[int]:
    yield tokens
    while tokens // 2 >= least:
        tokens //= 2
        yield tokens


def _measured(shape: str, config: TrainConfig, options: argparse.Namespace) -> Watch:
    """Train a random model for some steps by the engine, and time them."""
    if on_gpu(config):
        torch.cuda.reset_peak_memory_stats()
    with torch.random.fork_rng(), tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        trainer = new_trainer(
            _model(shape, config),
            _solutions(config.batch_size * (options.steps + 1), options.length, _shape(shape)),
            [],
            (1.0, 1.0),
            Phase("all", 1, 0, False, config),
            Path(folder),
        )
        watch = Watch(trainer, options.steps)
        trainer.add_callback(watch)
        trainer.train()
    del watch.trainer  # the model with it
    return watch


def _model(shape: str, config: TrainConfig) -> PRM:
    with torch.device("cuda" if on_gpu(config) else "cpu"):
        backbone = AutoModel.from_config(_shape(shape), dtype=backbone_dtype(config))
        model = PRM(backbone, new_head("mlp", _width(shape)))
    if config.lora:
        model.model = with_adapters(model.model, config)
    return model


def _outline(shape: str) -> nn.Module:
    with torch.device("meta"):
        return AutoModel.from_config(_shape(shape))


def _shape(name: str) -> Qwen2Config:
    hidden, between, layers, heads, key_heads, tokens = SHAPES[name]
    return Qwen2Config(
        vocab_size=tokens,
        hidden_size=hidden,
        intermediate_size=between,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=4096,
    )


def _width(name: str) -> int:
    return SHAPES[name][0]


def _solutions(n: int, length: int, shape: Qwen2Config) -> list[Item]:
    """Random solutions of half to all of `length` tokens, a step every STEP_TOKENS."""
    chance = random.Random(0)
    made = []
    for _ in range(n):
        size = chance.randint(max(2, length // 2), length)
        ids = tuple(chance.randrange(shape.vocab_size) for _ in range(size))
        ends = (*range(STEP_TOKENS - 1, size - 1, STEP_TOKENS), size - 1)
        right = tuple(float(chance.random() < 0.7) for _ in ends)
        first = right.index(0.0) if 0.0 in right else -1
        made.append(Item(Encoded(ids, ends, len(ends)), right, first, len(ends)))
    return made


def token_flops(shape: Qwen2Config, length: int, rank: int = 0) -> float:
    """FLOPs that training needs for a token of a solution, on average of half to all of `length`.

    Two for each weight of a product forwards, and backwards two for what reaches its input and two
    for its own gradient, which frozen weights beside adapters of `rank` do without (Kaplan et al.,
    arXiv 2001.08361, 2.1). Attention: scores and sums over the tokens before, half of all; the
    embedding is no product, and the head reads a few tokens only.
    """
    sizes = [
        (one.in_features, one.out_features) for one in _layers(shape) if isinstance(one, nn.Linear)
    ]
    weights = sum(rows * columns for rows, columns in sizes)
    adapters = sum(rank * (rows + columns) for rows, columns in sizes)
    lengths = range(max(2, length // 2), length + 1)
    before = sum(size * size for size in lengths) / sum(lengths) / 2  # of a token, on average
    width = shape.hidden_size  # of all heads together
    attention = 3 * 2 * 2 * before * width * shape.num_hidden_layers
    return (4 if rank else 6) * weights + 6 * adapters + attention


def _layers(shape: Qwen2Config) -> Iterator[nn.Module]:
    with torch.device("meta"):
        yield from AutoModel.from_config(shape).modules()


def _peak(config: TrainConfig, given: float | None) -> Peak:
    if given:
        return Peak(given * 1e12, "given")
    if on_gpu(config):
        known = known_peak(torch.cuda.get_device_name())
        if known and config.precision == "bfloat16":
            return Peak(known * 1e12, "maker")
    return Peak(_reached(config), "measured")


def known_peak(name: str) -> float | None:
    """The dense bf16 TFLOP/s of a GPU of this name, where the table has it."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    return next((peak for one, peak in PEAKS if set(one.lower().split()) <= words), None)


def _reached(config: TrainConfig) -> float:
    """FLOP/s of a large square product; the fastest of several."""
    device, size = ("cuda", 8192) if on_gpu(config) else ("cpu", 1024)
    one = torch.ones((size, size), dtype=getattr(torch, config.precision), device=device)
    taken = []
    for _ in range(5):
        _wait(one.device)
        began = time.perf_counter()
        one @ one
        _wait(one.device)
        taken.append(time.perf_counter() - began)
    return 2 * size**3 / min(taken)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _release(device: str) -> None:
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()


def _peak_memory(device: str) -> float | None:
    return round(torch.cuda.max_memory_allocated() / 1e9, 1) if device == "cuda" else None


if __name__ == "__main__":
    main()
