"""Memory runs out: the error names the setting that helps most, and the run goes on with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from models.prm.reader import PRM
from tests.support.tiny import save_tiny_policy
from tests.training.test_data import write_export
from tests.training.test_training import visible_rule
from training.config import TrainConfig
from training.engine import memory
from training.engine.memory import OutOfMemory
from training.engine.preparation import Prepared, prepare
from training.sources import of_export
from training.train import train

# What the allocators raise: of a GPU, of a CPU under Linux and elsewhere, and Python's own.
ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 8589934592 bytes. Error code 12 (Cannot allocate memory)"
    ),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8589934592 bytes."),
    MemoryError(),
]
CONFIG = TrainConfig(epochs=1, batch_size=8, max_length=128, device="cpu", save_minutes=0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("memory")
    save_tiny_policy(made / "base")
    write_export(made / "export", visible_rule(60, seed=1))
    return made


def run_out(error: BaseException, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes raise `error` from now on, once the first `after` of them are done."""
    forward, passes = PRM.forward, iter(range(after))

    def limited(self: PRM, *arguments: Any) -> torch.Tensor:
        if self.training and next(passes, None) is None:
            raise error
        return forward(self, *arguments)

    monkeypatch.setattr(PRM, "forward", limited)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {error}"[:60])
def test_a_run_out_of_memory_says_what_helps_and_goes_on_with_it(
    error: BaseException, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (folder / "export", str(folder / "base"), tmp_path / "prm")
    with monkeypatch.context() as patch:
        run_out(error, 3, patch)
        with pytest.raises(OutOfMemory, match="the most first: --device-tokens ") as caught:
            train(*run, CONFIG)
    assert caught.value.__cause__ is error
    seen: list[str] = []
    less = replace(CONFIG, device_tokens=200, gradient_checkpointing=True)
    train(*run, less, say=seen.append)
    assert "continues an earlier run after its step 3" in seen


def test_another_error_is_not_taken_for_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_out(RuntimeError("shape mismatch"), 0, monkeypatch)
    with pytest.raises(RuntimeError, match="^shape mismatch$"):
        train(folder / "export", str(folder / "base"), tmp_path / "prm", CONFIG)


def prepared(folder: Path, config: TrainConfig) -> Prepared:
    return prepare(of_export(folder / "export", "hard"), str(folder / "base"), config)


def test_where_the_weights_alone_fill_the_memory_no_smaller_batch_comes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = prepared(folder, TrainConfig(device="cpu"))
    large = replace(data, n_weights=7_000_000_000)
    monkeypatch.setattr(memory, "device_bytes", lambda config: 80 * memory.GIB)
    assert "take 104.31 GiB of the 80.0 GiB" in str(memory.shortage(large))
    assert "first: --lora 16" in str(memory.shortage(large))
    adapted = replace(large, config=replace(data.config, lora=16))
    assert "first: --device-tokens" in str(memory.shortage(adapted))
    monkeypatch.setenv("WORLD_SIZE", "4")
    sharded = replace(large, config=replace(data.config, trainer={"fsdp": True}))
    assert "take 26.08 GiB of the 80.0 GiB" in str(memory.shortage(sharded))


def test_a_single_solution_that_is_too_long_is_cut(folder: Path) -> None:
    data = prepared(folder, TrainConfig(device="cpu", batch_size=1))
    assert "first: --gradient-checkpointing" in str(memory.shortage(data))
    computed_twice = replace(data, config=replace(data.config, gradient_checkpointing=True))
    assert "first: --max-length" in str(memory.shortage(computed_twice))
