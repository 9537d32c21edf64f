"""Whether this CPU computes in bfloat16: without instructions for it, that is far slower."""

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


@cache
def bfloat16_slowdown() -> float:
    """How many times as long a matrix product takes in bfloat16 as in float32, measured once."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _seconds(torch.bfloat16) / _seconds(torch.float32)
    finally:
        torch.set_num_threads(before)


def warning(device: str, dtype: torch.dtype) -> str:
    """What to say of a model that computes in `dtype` there; "" where there is nothing to say."""
    if device != "cpu" or dtype != torch.bfloat16 or bfloat16_slowdown() < SLOW:
        return ""
    return (
        f"bfloat16 takes {bfloat16_slowdown():.0f} times as long as float32 on this CPU, which has "
        "no instructions for it: leave out --dtype"
    )


@torch.inference_mode()
def _seconds(dtype: torch.dtype) -> float:
    rows, weight = torch.ones((ROWS, WIDTH), dtype=dtype), torch.ones((WIDTH, WIDTH), dtype=dtype)
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        functional.linear(rows, weight)
        taken.append(time.perf_counter() - began)
    return min(taken)
