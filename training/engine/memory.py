"""Memory that runs out in training: said in words, with the setting that helps most."""

from __future__ import annotations

import os
import resource

import torch

from models.prm.trees import TREE_TOKENS
from training.config import TrainConfig
from training.engine.batches import TrainingError
from training.engine.preparation import Prepared
from training.engine.start import backbone_dtype, on_gpu

GIB = 2**30
# Bytes of a weight that is trained: itself, its gradient, and AdamW's two moments, all float32.
TRAINED = 16
MOST = 0.8  # of the memory: above, what does not depend on the batch leaves no room for it
RANK = 16  # of adapters, where they are recommended


class OutOfMemory(TrainingError):
    """A run did not fit into memory; another setting makes it fit, and continues it."""


def shortage(data: Prepared) -> OutOfMemory:
    """What to say when memory ran out: the settings that help, the most first."""
    config = data.config
    fixed, room = fixed_bytes(data.n_weights, config), device_bytes(config)
    where = "the GPU" if on_gpu(config) else "this machine"
    return OutOfMemory(
        f"Memory ran out: weights, gradients and optimizer take {fixed / GIB:.2f} GiB of the "
        f"{room / GIB:.1f} GiB of {where}, activations come on top. What helps, the most first: "
        f"{'; '.join(remedies(data, fixed, room))}"
    )


def remedies(data: Prepared, fixed: int, room: int) -> list[str]:
    """The settings that make a run fit, the one that helps most first.

    `fixed` bytes are taken whatever a batch holds, of the `room` that there is: where they fill
    it, no smaller batch helps.
    """
    helps = _smaller_batches(data)
    if fixed > MOST * room or not helps:
        helps = _smaller_state(data.config) + helps
    return helps


def fixed_bytes(n_weights: int, config: TrainConfig) -> int:
    """What weights, gradients and optimizer of a backbone take on one device; adapters not."""
    each = backbone_dtype(config).itemsize if config.lora else TRAINED
    return n_weights * each // (_devices() if config.trainer.get("fsdp") else 1)


def device_bytes(config: TrainConfig) -> int:
    """The memory that this process may have, on the GPU or the machine it computes on."""
    if on_gpu(config):
        return torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    return total if allowed == resource.RLIM_INFINITY else min(total, allowed)


def _smaller_batches(data: Prepared) -> list[str]:
    """What makes activations smaller; a pass holds at least the longest solution."""
    config, helps = data.config, []
    longest = max(len(item.encoded.ids) for item in data.training)
    widest = min(config.device_tokens, longest * config.batch_size)
    if config.trees == "on":
        widest = min(widest, TREE_TOKENS)
    if widest >= 2 * longest:
        helps.append(f"--device-tokens {widest // 2} (the result is the same)")
    if not config.gradient_checkpointing:
        helps.append("--gradient-checkpointing (a third more time)")
    if widest < 2 * longest:
        helps.append(f"--max-length {longest // 2} (steps beyond it are left out)")
    return helps


def _smaller_state(config: TrainConfig) -> list[str]:
    helps = [] if config.lora else [f"--lora {RANK} (the weights get no gradient, no moments)"]
    return [*helps, "more devices, with fsdp = true under [trainer] (docs/training.md)"]


def _devices() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
