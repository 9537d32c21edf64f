"""Memory that runs out: told apart from other errors, and said in words."""

from __future__ import annotations

from models.errors import MissingExtraError, ModelError

try:
    import torch
    from torch import nn
except ImportError as error:
    raise MissingExtraError("Computing with a model", error) from error

ADVICE = (
    "End what else runs there, or take a smaller model, or vllm:, which spreads one over several "
    "GPUs (docs/generators.md). Start the job again then: what is stored is kept"
)

# What torch's allocators for CPUs say, by system.
OF_A_CPU = ("can't allocate memory", "not enough memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that torch, or Python itself, found no memory for something."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in OF_A_CPU)
    )


def place(
    model: nn.Module, name: str, device: torch.device | str, dtype: torch.dtype | None = None
) -> None:
    """Move `model` to `device`, ready to compute. Raises ModelError where it does not fit."""
    try:
        model.to(device=device, dtype=dtype).eval()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ModelError(f"{name} does not fit into the memory of {device}. {ADVICE}") from error


def forget(device: torch.device | str) -> None:
    """Give back what torch keeps of memory that nothing uses any more."""
    if torch.device(device).type == "cuda":
        torch.cuda.empty_cache()
