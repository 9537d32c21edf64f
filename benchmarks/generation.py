"""Tokens a second of the ordinary generator on the playground's policy, beside a bare loop.

    python -m benchmarks.generation [--problems 512] [--samples 2] [--threads 2]

Both sample the same number of solutions at the policy's temperature. The ordinary generator is
Transformers' own `generate` under models/generation/transformers.py: per-row seeds, stop handling,
rows dropped as they end. The bare loop is written over the weights: one key-value cache of fixed
width, a batch run until its last row ends, tokens behind a row's end not counted. It is what the
model costs without any of the machinery, and no goal in itself.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

from models.generation.base import CompletionRequest, Sampling
from models.generation.transformers import TransformersGenerator
from models.playground.world import sample_problems
from training.playground.training import rms_norm, rotate, rotations

MAX_TOKENS = 200
BATCH = 256


@torch.inference_mode()
def bare_loop(
    model: Any, prompts: Sequence[Sequence[int]], temperature: float, ends: set[int]
) -> int:
    """Sample a completion of every prompt; the number of tokens up to each row's end."""
    order = sorted(prompts, key=len)
    return sum(
        _bare_batch(model, order[start : start + BATCH], temperature, ends)
        for start in range(0, len(order), BATCH)
    )


def _bare_batch(
    model: Any, prompts: Sequence[Sequence[int]], temperature: float, ends: set[int]
) -> int:
    config = model.config
    rows, width = len(prompts), max(map(len, prompts))
    groups, size = config.num_key_value_heads, config.hidden_size // config.num_attention_heads
    total = width + MAX_TOKENS
    cache = torch.zeros(config.num_hidden_layers, 2, rows, groups, total, size)
    seen = torch.zeros(rows, total, dtype=torch.bool)
    ids = torch.zeros(rows, width, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        seen[row, width - len(prompt) : width] = True
    places = (seen[:, :width].cumsum(-1) - 1).clamp(min=0)
    ending = torch.tensor(sorted(ends))
    open_rows, count, begin = torch.ones(rows, dtype=torch.bool), 0, 0
    turns = rotations(config.rope_parameters["rope_theta"], size, total, "cpu")
    for _ in range(MAX_TOKENS):
        hidden = _forward(model, ids, places, cache, seen, begin, turns)
        logits = F.linear(hidden[:, -1], model.model.embed_tokens.weight) / temperature
        drawn = torch.multinomial(logits.softmax(-1), 1)
        begin += ids.shape[1]
        count += int(open_rows.sum())
        open_rows &= ~torch.isin(drawn[:, 0], ending)
        if not open_rows.any() or begin == total:
            break
        ids, places = drawn, places[:, -1:] + 1
        seen[:, begin] = True
    return count


def _forward(
    model: Any, ids: Any, places: Any, cache: Any, seen: Any, begin: int, turns: Any
) -> Any:
    config = model.config
    rows, width = ids.shape
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    size, end = config.hidden_size // heads, begin + width
    cos, sin = turns[0][places][:, None], turns[1][places][:, None]
    causal = torch.ones(width, end, dtype=torch.bool).tril(begin)
    mask = (seen[:, None, :end] & causal)[:, None] | torch.eye(width, end, dtype=torch.bool)
    x = F.embedding(ids, model.model.embed_tokens.weight)
    for number, layer in enumerate(model.model.layers):
        a, m = layer.self_attn, layer.mlp
        y = rms_norm(x, layer.input_layernorm)
        q, k, v = (
            F.linear(y, p.weight, p.bias).view(rows, width, n, size).transpose(1, 2)
            for p, n in ((a.q_proj, heads), (a.k_proj, groups), (a.v_proj, groups))
        )
        cache[number, 0, :, :, begin:end] = rotate(k, cos, sin)
        cache[number, 1, :, :, begin:end] = v
        y = F.scaled_dot_product_attention(
            rotate(q, cos, sin),
            cache[number, 0, :, :, :end],
            cache[number, 1, :, :, :end],
            attn_mask=mask,
            enable_gqa=True,
        )
        x = x + F.linear(y.transpose(1, 2).reshape(rows, width, -1), a.o_proj.weight)
        y = rms_norm(x, layer.post_attention_layernorm)
        y = F.silu(F.linear(y, m.gate_proj.weight)) * F.linear(y, m.up_proj.weight)
        x = x + F.linear(y, m.down_proj.weight)
    return rms_norm(x, model.model.norm)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=512)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    generator = TransformersGenerator("playground:policy", batch_size=BATCH)
    temperature = generator.default_temperature() or 1.0
    chats = [
        [{"role": "user", "content": problem.text}]
        for problem in sample_problems(options.problems, 31)
    ]
    prompts = [generator.prompt_ids(chat) for chat in chats for _ in range(options.samples)]
    requests = [CompletionRequest(prompt, seed) for seed, prompt in enumerate(prompts)]
    sampling = Sampling(temperature=temperature, max_tokens=MAX_TOKENS)
    generator.complete(requests[:BATCH], sampling)  # warm
    began = time.monotonic()
    made = generator.complete(requests, sampling)
    ours = sum(one.n_tokens for one in made) / (time.monotonic() - began)
    torch.manual_seed(0)
    began = time.monotonic()
    tokens = bare_loop(generator.model, prompts, temperature, {generator.tokenizer.eos_token_id})
    bare = tokens / (time.monotonic() - began)
    print(f"{len(prompts):,} completions, {options.threads} threads")
    print(f"ordinary generator: {ours:,.0f} tokens/s")
    print(f"bare loop: {bare:,.0f} tokens/s; ordinary over bare: {ours / bare:.2f}")


if __name__ == "__main__":
    main()
