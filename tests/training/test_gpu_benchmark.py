"""The benchmark of training on a GPU, tried out on this processor with a tiny shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.training import gpu as benchmark
from training.config import TrainConfig

TRY = ["--device", "cpu", "--steps", "2", "--length", "64", "--batch-size", "4"]


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    benchmark.main([*TRY, *arguments])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_shape_and_method_is_a_line_and_what_cannot_fit_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "available", lambda device: 10**9)
    lora, full, large = lines(capsys, "--shape", "tiny", "--peak", "0.02")[:2] + lines(
        capsys, "--shape", "7B", "--method", "full"
    )
    assert [one["method"] for one in (lora, full)] == ["lora", "full"]
    for one in (lora, full):
        assert one["steps"] == 2
        assert one["share_of_peak"] == pytest.approx(one["tflops_per_device"] / 0.02, rel=0.05)
        assert one["peak_source"] == "given"
        rank = benchmark.RANK if one["method"] == "lora" else 0
        flops = benchmark.token_flops(benchmark._shape("tiny"), 64, rank)
        work = one["tokens_per_second"] * flops
        assert one["tflops_per_device"] == pytest.approx(work / 1e12, abs=1e-4)
    assert large["skipped"].startswith("weights, gradients and optimizer take 113 GB on a device")


def test_where_memory_runs_out_passes_are_halved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    measured = benchmark._measured

    def short(shape: str, config: TrainConfig, options: Any) -> Any:
        tried.append(config.device_tokens)
        if config.device_tokens > least:
            raise torch.OutOfMemoryError
        return measured(shape, config, options)

    monkeypatch.setattr(benchmark, "_measured", short)
    arguments = ("--shape", "tiny", "--method", "full", "--device-tokens", "300", "--peak", "1")
    least = 150
    (one,) = lines(capsys, *arguments)
    assert (one["device_tokens"], tried) == (150, [300, 150])
    least = 10
    (one,) = lines(capsys, *arguments)
    assert "skipped" in one
    assert tried[2:] == [300, 150, 75]


@pytest.mark.parametrize("rank", [0, benchmark.RANK])
def test_what_a_token_needs_is_what_torch_counts(rank: int) -> None:
    """For a solution of one length: torch counts a pass of a whole, uncausal attention."""
    shape, length = benchmark._shape("tiny"), 2
    config = TrainConfig(lora=rank, device="cpu", precision="float32")
    backbone = benchmark._model("tiny", config).model
    backbone.enable_input_require_grads()  # one layer of two would need less beside adapters
    ids = torch.randint(shape.vocab_size, (1, 64))
    with FlopCounterMode(display=False) as counted:
        backbone(ids).last_hidden_state.sum().backward()
    # Of so short a solution attention is next to nothing; that of 64 tokens is taken off.
    products = benchmark.token_flops(shape, length, rank) * 64
    attention = sum(
        count
        for name, count in counted.get_flop_counts()["Global"].items()
        if "attention" in str(name)
    )
    assert counted.get_total_flops() - attention == pytest.approx(products, rel=0.03)


def test_a_peak_is_found_by_the_name_that_a_driver_gives() -> None:
    names = {
        "NVIDIA H100 80GB HBM3": 989,
        "NVIDIA H100 PCIe": 756,
        "NVIDIA A100-SXM4-80GB": 312,
        "NVIDIA L40S": 362,
        "NVIDIA L4": 121,
        "NVIDIA GeForce RTX 4090": 165,
        "AMD Instinct MI300X": 1307,
        "NVIDIA A10G": None,
        "Tesla V100-SXM2-16GB": None,
    }
    assert {name: benchmark.known_peak(name) for name in names} == names


def test_without_a_peak_it_is_measured() -> None:
    peak = benchmark._peak(TrainConfig(device="cpu", precision="float32"), None)
    assert peak.source == "measured"
    assert 1e8 < peak.flops < 1e14
