"""How many threads torch computes with on a CPU: as many as help this model on this machine now.

Threads wait for each other at the end of every operation. Where something else holds a core, all
wait for the one thread on it, and a small model loses more by that than it gains (docs/
performance.md). Torch's own choice is the number of cores, busy or not.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from models.errors import MissingExtraError, ModelError

try:
    import torch
    from torch import nn
except ImportError as error:
    raise MissingExtraError("Computing with a model", error) from error

VARIABLE = "STEPLENS_THREADS"
SMALL = 10_000_000  # weights: fewer gain nothing by a second thread
WORTH = 1.1  # what more threads must gain to be taken
ROWS = 64  # of the product that is measured: a batch that decodes, a short solution
SECONDS = 0.03  # of one measurement; each number of threads is measured in three rounds
ROUNDS = 3
VALID = 120.0  # seconds after which a choice is made anew: other work comes and goes

_MOST = torch.get_num_threads()  # the cores this process may use, or OMP_NUM_THREADS
_chosen: WeakKeyDictionary[nn.Module, tuple[float, int]] = WeakKeyDictionary()


def set_threads(model: nn.Module) -> None:
    """Let torch compute `model` with as many threads as STEPLENS_THREADS says, or as help it.

    Nothing is changed for a model on another device than a CPU. Raises ModelError when
    STEPLENS_THREADS is no number of threads.
    """
    parameters = list(model.parameters())
    if not parameters or parameters[0].device.type != "cpu":
        return
    threads = _from_environment()
    if threads is None and sum(p.numel() for p in parameters) < SMALL:
        threads = 1
    torch.set_num_threads(threads or _measured(model))


def fewest(speed: Callable[[int], float], most: int) -> int:
    """The fewest threads, of 1, 2, 4 ... `most`, that nothing is faster than by `WORTH`.

    `speed(threads)` measures; it is asked in rounds, so that what comes and goes meets all alike.
    """
    numbers = [*(1 << k for k in range(most.bit_length()) if 1 << k < most), most]
    rounds = [[speed(n) for n in numbers] for _ in range(ROUNDS)]
    speeds = [statistics.median(one) for one in zip(*rounds, strict=True)]
    return next(n for n, own in zip(numbers, speeds, strict=True) if own * WORTH >= max(speeds))


def _measured(model: nn.Module) -> int:
    measured, threads = _chosen.get(model, (float("-inf"), 1))
    if time.monotonic() - measured > VALID:
        threads = fewest(lambda n: _speed(model, n), _MOST)
        _chosen[model] = (time.monotonic(), threads)
    return threads


@torch.inference_mode()
def _speed(model: nn.Module, threads: int) -> float:
    """Products per second of a matrix of the usual size in `model`, by this many threads."""
    matrices = [p for p in model.parameters() if p.dim() == 2]
    weight = sorted(matrices, key=torch.Tensor.numel)[len(matrices) // 2]
    rows = torch.ones((ROWS, weight.shape[1]), dtype=weight.dtype)
    torch.set_num_threads(threads)
    nn.functional.linear(rows, weight)  # wakes the threads
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS or not done:
        nn.functional.linear(rows, weight)
        done += 1
    return done / passed


def _from_environment() -> int | None:
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise ModelError(f"{VARIABLE} must be a number of threads, from 1 on, not {text!r}")
    return int(text)
