"""Forward passes by one thread and by two, in turns: `python -m benchmarks.threads [--seconds 12]`.

Random Qwen2-shaped models of four sizes; the mean time of a pass beside whatever else runs here.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

VOCABULARY = 2000
SHAPES = ((128, 5, 384), (256, 6, 1024), (384, 8, 1536), (512, 12, 2048))  # width, layers, inner
INPUTS = {"64 rows of one token": (64, 1), "8 rows of 128 tokens": (8, 128)}


def random_model(width: int, layers: int, inner: int) -> Qwen2ForCausalLM:
    """A model of this shape, in float32."""
    heads = width // 64
    config = Qwen2Config(
        hidden_size=width,
        num_hidden_layers=layers,
        intermediate_size=inner,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        vocab_size=VOCABULARY,
    )
    return Qwen2ForCausalLM(config).eval()


@torch.inference_mode()
def main() -> None:
    """Measure and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="for each model and input")
    options = parser.parse_args()
    for shape in SHAPES:
        model = random_model(*shape)
        weights = sum(p.numel() for p in model.parameters())
        for what, size in INPUTS.items():
            ids = torch.randint(0, VOCABULARY, size)
            taken: dict[int, list[float]] = {1: [], 2: []}
            end = time.monotonic() + options.seconds
            while time.monotonic() < end:
                for threads, times in taken.items():
                    torch.set_num_threads(threads)
                    began = time.perf_counter()
                    model(ids, use_cache=False)
                    times.append((time.perf_counter() - began) * 1000)
            one, two = (statistics.mean(times) for times in taken.values())
            print(
                f"{weights / 1e6:5.1f} M weights, {what}: {one:,.0f} ms by one thread, "
                f"{two:,.0f} ms by two; load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
