"""Trains the playground's tiny language models: a plain loop, fast enough for two CPU cores.

The forward pass is written out over the weights of a Qwen2ForCausalLM (transformers' own takes
about twice as long at this size) and gives the same logits.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import MissingExtraError

try:
    import torch
    from torch import Tensor
    from torch.nn import functional as F
except ImportError as error:
    raise MissingExtraError("Training the playground's models", error) from error


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids, and how much each counts in the loss as a target (0: not at all)."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a run."""

    steps: int
    tokens: int  # padded tokens a batch, at most
    rate: float = 3e-3
    decay: float = 0.05
    warmup: int = 50


def hidden_states(model: Any, ids: Tensor) -> Tensor:
    """The last hidden states (rows, width, hidden) of a Qwen2 model; rows padded on the right."""
    config = model.config
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    size = config.hidden_size // heads
    rows, width = ids.shape
    cos, sin = rotations(config.rope_parameters["rope_theta"], size, width, ids.device)
    x = F.embedding(ids, model.model.embed_tokens.weight)
    for layer in model.model.layers:
        a = layer.self_attn
        y = rms_norm(x, layer.input_layernorm)
        q = F.linear(y, a.q_proj.weight, a.q_proj.bias).view(rows, width, heads, size)
        k = F.linear(y, a.k_proj.weight, a.k_proj.bias).view(rows, width, groups, size)
        v = F.linear(y, a.v_proj.weight, a.v_proj.bias).view(rows, width, groups, size)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        k = k.repeat_interleave(heads // groups, dim=1)
        v = v.repeat_interleave(heads // groups, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(y.transpose(1, 2).reshape(rows, width, -1), a.o_proj.weight)
        m = layer.mlp
        y = rms_norm(x, layer.post_attention_layernorm)
        y = F.silu(F.linear(y, m.gate_proj.weight)) * F.linear(y, m.up_proj.weight)
        x = x + F.linear(y, m.down_proj.weight)
    return rms_norm(x, model.model.norm)


def rms_norm(x: Tensor, layer: Any) -> Tensor:
    """`x` (..., hidden) normalised as a Qwen2RMSNorm layer does."""
    return F.rms_norm(x, (x.shape[-1],), layer.weight, layer.variance_epsilon)


def rotations(
    theta: float, size: int, width: int, device: torch.device | str
) -> tuple[Tensor, Tensor]:
    """Cosines and sines (width, size) of rotary position embeddings (RoFormer, Su et al., 2021)."""
    speed = theta ** (-torch.arange(0, size, 2, device=device).float() / size)
    angle = torch.arange(width, device=device).float()[:, None] * speed[None]
    angle = torch.cat([angle, angle], dim=-1)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Queries or keys `x` (..., width, size) turned by their positions; halves, not pairs."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def batches(source: Iterator[Example], tokens: int, seed: int) -> Iterator[list[Example]]:
    """Batches of examples of similar length, each at most `tokens` when padded."""
    rng = random.Random(seed)
    while True:
        pool = sorted((next(source) for _ in range(2048)), key=lambda e: len(e.ids))
        cut: list[list[Example]] = [[]]
        for example in pool:
            if (len(cut[-1]) + 1) * len(example.ids) > tokens:
                cut.append([])
            cut[-1].append(example)
        if len(cut) > 1 and len(cut[-1]) * 2 < len(cut[-2]):
            cut.pop()  # what is left over would make a small, noisy batch
        rng.shuffle(cut)
        yield from cut


def padded(batch: Sequence[Example], device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Token ids and weights (rows, width), padded with 0 on the right."""
    width = max(len(example.ids) for example in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    weights = torch.zeros((len(batch), width))
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        weights[row, : len(example.ids)] = torch.tensor(example.weights)
    return ids.to(device), weights.to(device)


def loss_of(model: Any, batch: Sequence[Example]) -> Tensor:
    """The weighted mean cross-entropy of the targets of a batch."""
    device = model.model.embed_tokens.weight.device
    ids, weights = padded(batch, device)
    at = weights[:, 1:].nonzero(as_tuple=True)  # logits are only needed where a target counts
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=_bf16_is_fast(device.type)):
        hidden = hidden_states(model, ids)[:, :-1][at]
        logits = F.linear(hidden, model.model.embed_tokens.weight)
    losses = F.cross_entropy(logits.float(), ids[:, 1:][at], reduction="none")
    weight = weights[:, 1:][at]
    return (losses * weight).sum() / weight.sum()


def _bf16_is_fast(device: str) -> bool:
    if device != "cpu":
        return True
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _optimizers(model: Any, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for the embedding and the vectors.

    Muon (Jordan et al., 2024) with the update scaled to AdamW's (Liu et al., arXiv 2502.16982),
    so that both take the same rate.
    """
    inner = [w for name, w in model.named_parameters() if w.ndim == 2 and "embed" not in name]
    known = {id(weight) for weight in inner}
    rest = [weight for weight in model.parameters() if id(weight) not in known]
    muon = torch.optim.Muon(
        inner, lr=recipe.rate, weight_decay=recipe.decay, adjust_lr_fn="match_rms_adamw"
    )
    adam = torch.optim.AdamW(
        rest, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay, fused=True
    )
    return [muon, adam]


def train(
    model: Any,
    source: Iterator[Example],
    recipe: Recipe,
    seed: int,
    log: Callable[[str], None],
    each: Callable[[int], None] | None = None,
    deadline: float | None = None,
    loss_of: Callable[[Any, Sequence[Example]], Tensor] = loss_of,
) -> int:
    """Train `model` in place; returns the number of steps made.

    The rate warms up and falls as a cosine to 2%. With a `deadline` (time.monotonic) it falls
    by the time gone instead where that is further on, so a run ends cooled down in time.
    `each` is called every 250 steps.
    """
    optimizers = _optimizers(model, recipe)
    feed = batches(source, recipe.tokens, seed)
    begin, mean = time.monotonic(), 0.0
    for step in range(recipe.steps):
        gone = step / recipe.steps
        if deadline is not None:
            gone = max(gone, (time.monotonic() - begin) / max(deadline - begin, 1e-9))
        if gone >= 1:
            return step
        loss = loss_of(model, next(feed))
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = min(1, (step + 1) / recipe.warmup) * (0.02 + 0.49 * (1 + math.cos(math.pi * gone)))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * factor
            optimizer.step()
        mean = loss.item() if step == 0 else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            log(f"step {step + 1} loss {mean:.4f} {time.monotonic() - begin:.0f} s")
        if each is not None and (step + 1) % 250 == 0:
            each(step + 1)
    return recipe.steps
