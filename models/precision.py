"""float32 or bfloat16: without instructions for bfloat16 a CPU is far slower in it."""

from __future__ import annotations

import time
from functools import cache

from models.errors import MissingExtraError

try:
    import torch
    from torch.nn import functional
except ImportError as error:
    raise MissingExtraError("Computing with a model", error) from error

ROWS, WIDTH = 64, 1024  # of the product that is measured: a few milliseconds, 15 without
TRIES = 5  # the fastest counts: other work only slows it down
SLOW = 1.5  # times as long as in float32
FAST = 0.75  # what is no faster than that is not worth the rounding


@cache
def bfloat16_slowdown(width: int = WIDTH) -> float:
    """How many times as long a product with a square matrix takes in bfloat16 as in float32.

    Measured once for each `width`: below some hundred even a CPU made for it gains nothing.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _seconds(torch.bfloat16, width) / _seconds(torch.float32, width)
    finally:
        torch.set_num_threads(before)


def faster(device: str, width: int) -> torch.dtype:
    """What a model of this hidden size is computed in faster on the device."""
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if bfloat16_slowdown(width) < FAST else torch.float32


def warning(device: str, dtype: torch.dtype, option: str = "--dtype") -> str:
    """What to say of a model that computes in `dtype` there; "" where there is nothing to say.

    `option` is the one that asked for it.
    """
    if device != "cpu" or dtype != torch.bfloat16 or bfloat16_slowdown() < SLOW:
        return ""
    return (
        f"bfloat16 takes {bfloat16_slowdown():.0f} times as long as float32 on this CPU, which has "
        f"no instructions for it: leave out {option}"
    )


@torch.inference_mode()
def _seconds(dtype: torch.dtype, width: int) -> float:
    rows, weight = torch.ones((ROWS, width), dtype=dtype), torch.ones((width, width), dtype=dtype)
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        functional.linear(rows, weight)
        taken.append(time.perf_counter() - began)
    return min(taken)
